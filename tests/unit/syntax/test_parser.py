"""Structure: brackets, marks, metadata, comments, offsets."""

from __future__ import annotations

import pytest
from form_shapes import read, read_one, shape

from rtfsc.source import CompileError, SourceFile
from rtfsc.syntax.forms import AnonFnForm, Form, HintMark, ListForm, MapForm, MetaForm, SymbolForm, VectorForm
from rtfsc.syntax.parser import parse

SAME = [
    ("'x", "(quote x)"),
    ("''x", "(quote (quote x))"),
    ("' x", "(quote x)"),
    ("~ @x", "~ ; apart\n @x"),
    ("^{:a 1} x", "^ {:a 1}x"),
    ("^:delegation :local x", "^:delegation #| here |# :local ; there\n x"),
    ('^:delegation :remote "r" [x]', '^:delegation :remote,"r"[x]'),
    ("[1 2]", "[1,,2,]"),
    ("(a b)", "(a #| b ) |# b)"),
    ("(a b)", "(a;)\nb)"),
    ("(a\tb)", "\ufeff(a\r\nb)\r"),
]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_reads_the_same(one: str, other: str) -> None:
    assert shape(read_one(one)) == shape(read_one(other))


@pytest.mark.parametrize("text", ["", " \n,\r\n", "; only\n;; comments", "#| x |#"])
def test_empty_program(text: str) -> None:
    assert read(text) == []


def test_offsets() -> None:
    text = "(f [1 :b] {:k `(~x ~@y)} 'q #(+ % 1) ^{:m 1} z)"
    form = read_one(text)
    assert isinstance(form, ListForm)
    shown = [text[item.start : item.end] for item in form.items]
    assert shown == ["f", "[1 :b]", "{:k `(~x ~@y)}", "'q", "#(+ % 1)", "^{:m 1} z"]
    assert (form.start, form.end) == (0, len(text))


def test_kinds_of_brackets() -> None:
    assert [type(form) for form in read("() [] {} #(x)")] == [ListForm, VectorForm, MapForm, AnonFnForm]


def test_map_keeps_its_items_as_written() -> None:
    form = read_one("{:a 1 :a}")
    assert isinstance(form, MapForm)
    assert len(form.items) == 3


def test_stacked_marks_apply_inside_out() -> None:
    assert shape(read_one("`'~x")) == [
        "QuasiForm",
        "ListForm",
        "SymbolForm",
        "quote",
        "UnquoteForm",
        "SymbolForm",
        "x",
        "end",
    ]
    form = read_one('^{:doc "x"} ^:delegation :local-model "m" f')
    assert isinstance(form, MetaForm)
    assert isinstance(form.meta, MapForm)
    assert isinstance(form.form, MetaForm)
    assert isinstance(form.form.form, SymbolForm)


@pytest.mark.parametrize(
    ("text", "target", "model_id"),
    [
        ("^:delegation :local x", "local", None),
        ('^:delegation :local-model "a/b" x', "local-model", "a/b"),
        ('^:delegation :remote "r\\u00e9" x', "remote", "ré"),
        ('(fn ^:delegation :remote "r" "doc" [x] x)', "remote", "r"),
    ],
)
def test_delegation_mark(text: str, target: str, model_id: str | None) -> None:
    form: Form = read_one(text)
    form = form.items[1] if isinstance(form, ListForm) else form
    assert isinstance(form, MetaForm)
    assert isinstance(form.meta, HintMark)
    assert (form.meta.target, form.meta.model_id) == (target, model_id)


@pytest.mark.parametrize(
    ("text", "code", "offending"),
    [
        ("(fn ^:delegation :local-model [x] x)", "E012", ":local-model"),
        ('(fn ^:delegation :remote "" [x] x)', "E012", ":remote"),
        ("(fn ^:delegation :somewhere [x] x)", "E011", ":somewhere"),
        ("(fn ^:delegation [x] x)", "E011", "^:delegation"),
        ('(fn ^:delegation :remote "r" :timeout [x] x)', "E012", ":timeout"),
        ('(fn ^:delegation :remote "r"s [x] x)', "E012", "s"),
        ('(fn ^:delegation :remote "\\q" [x] x)', "E007", '"\\q"'),
        ('(fn ^:delegation :local ^:delegation :remote "r" [x] x)', "E013", '^:delegation :remote "r"'),
        ("^:delegation :local ^{:a 1} ^:delegation :local x", "E013", "^:delegation :local"),
        ("^:invalid-metadata x", "E010", "^:invalid-metadata"),
        ("^private x", "E010", "^"),
        ("^[a] x", "E010", "^"),
        ('^{:doc "x"}', "E015", '^{:doc "x"}'),
        ('(fn [x] x ^{:doc "x"})', "E015", '^{:doc "x"}'),
        ("(a ^:delegation :local)", "E015", "^:delegation :local"),
        ("(a ')", "E015", "'"),
        ("`", "E015", "`"),
        ("[~@]", "E015", "~@"),
        ("{:a ~}", "E015", "~"),
        ("#(map #(+ % 1) %)", "E014", "#("),
        ("#(map [{:a '#(+ % 1)}] %)", "E014", "#("),
    ],
)
def test_wrong_marks(text: str, code: str, offending: str) -> None:
    with pytest.raises(CompileError) as caught:
        read(text)
    first = caught.value.diagnostics[0]
    assert (first.code, text[first.span.start : first.span.end]) == (code, offending)


def test_functions_side_by_side_are_not_nested() -> None:
    assert len(read("#(a) #(b) [#(c) #(d)]")) == 3


def test_several_problems_in_source_order() -> None:
    with pytest.raises(CompileError) as caught:
        read('(a 1x)\n(b "\\q")\n(c :d:)\n(e [)')
    assert [one.code for one in caught.value.diagnostics] == ["E002", "E007", "E004", "E021"]


def test_at_most_twenty_problems() -> None:
    with pytest.raises(CompileError) as caught:
        read("1x " * 100)
    assert len(caught.value.diagnostics) == 20


def test_equal_atoms_are_forms_of_their_own() -> None:
    first, second = read("x x")
    assert first is not second
    assert (first.start, second.start) == (0, 2)


def test_comments_are_kept_on_request() -> None:
    source = SourceFile("t", ';; one\n\n\n(a #| two |# ";") ; three')
    comments = parse(source, keep_comments=True).comments
    assert [one.text for one in comments if not one.is_blank] == [";; one", "#| two |#", "; three"]
    assert next(one.blank_lines for one in comments if one.is_blank) == 2
    assert parse(source).comments == []


def test_a_hint_on_a_template_is_not_on_the_form_inside() -> None:
    (form,) = parse(SourceFile("t", "^:delegation :local `^:delegation :local x")).forms
    assert isinstance(form, MetaForm)
