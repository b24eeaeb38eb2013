"""Printing reads back as the same forms, or as the very same text."""

from __future__ import annotations

import pytest
from form_shapes import forms, read_one, shape
from hypothesis import given, settings

from rtfsc.source import SourceFile
from rtfsc.syntax.forms import Form
from rtfsc.syntax.parser import parse
from rtfsc.syntax.printer import print_form, print_lossless

DEPTH = 100_000


@given(forms)
def test_print_then_parse_is_identity(form: Form) -> None:
    assert shape(read_one(print_form(form))) == shape(form)


@pytest.mark.parametrize(
    "text", ["(f [x :a] {:k 1.0} 'q)", "~ @x", "~@x", "#(+ % 1)", '^:delegation :remote "r" f']
)
def test_text_is_kept(text: str) -> None:
    expected = text.replace("'q", "(quote q)")
    assert print_form(read_one(text)) == expected


@pytest.mark.parametrize(("left", "right"), [("(", ")"), ("[", "]"), ("{:a ", "}"), ("`~[", "]"), ("'", "")])
def test_deep_forms(left: str, right: str) -> None:
    depth = DEPTH // 3
    text = left * depth + "x" + right * depth
    assert print_form(read_one(text)) == text.replace("'", "(quote ") + (")" * depth if left == "'" else "")


LOSSLESS = """;;; a plan
(defn f\t^{:doc "adds"} ^:delegation :remote ; who
  "m" [x, y]   #| why |#
  (let [a 007 b 1e5 s "\\/" t 0x1F] `(a ~b ~@c ~ @d ''q ^ {:m 1} z)))

  ; the end
#(+ % 1) @:plan {} () []\r
"""


def test_lossless() -> None:
    assert print_lossless(parse(SourceFile("t", LOSSLESS), keep_comments=True)) == LOSSLESS


@settings(max_examples=50)
@given(forms)
def test_lossless_on_any_form(form: Form) -> None:
    text = f"; one\n{print_form(form)}\n\n#| two |#"
    assert print_lossless(parse(SourceFile("t", text), keep_comments=True)) == text
