"""IR prints as text that reads back, at every stage; the checker accepts what the compiler makes, no more."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from rtfsc.driver import compile_text
from rtfsc.ir.nodes import Do, Jump, Local, Module, Var
from rtfsc.ir.printer import print_module
from rtfsc.ir.reader import read_module
from rtfsc.ir.verify import verify
from rtfsc.source import Span

PLANS = sorted((Path(__file__).parents[2] / "golden").rglob("*.rtfs"))
NOWHERE = Span(0, 0)


def module(text: str) -> Module:
    return compile_text(text).module


@pytest.mark.parametrize("path", PLANS, ids=lambda path: path.parent.name)
def test_text_reads_back(path: Path) -> None:
    text = print_module(module(path.read_text()))
    assert print_module(read_module(text)) == text


def test_what_is_compiled_is_well_formed() -> None:
    for path in PLANS:
        verify(module(path.read_text()), "test")


def test_a_free_variable_is_found() -> None:
    broken = replace(module("1"), body=(Local(Var("x", 99), span=NOWHERE),))
    with pytest.raises(AssertionError, match="nothing binds"):
        verify(broken, "test")


def test_a_jump_out_of_nowhere_is_found() -> None:
    broken = replace(module("1"), body=(Jump(7, (), span=NOWHERE),))
    with pytest.raises(AssertionError, match="no block around"):
        verify(broken, "test")


def test_an_empty_sequence_is_found() -> None:
    with pytest.raises(AssertionError, match="empty sequence"):
        verify(replace(module("1"), body=(Do((), span=NOWHERE),)), "test")
