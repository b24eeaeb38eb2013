"""The emitter writes code that runs on every supported CPython."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import CodeType, FunctionType
from typing import Any

import pytest

from rtfsc.backend.emitter import Emitter, Mark, Region


def emitter(*params: str) -> Emitter:
    e = Emitter("f", "plan.rtfs", 1)
    e.params = list(params)
    return e


def function(code: CodeType, **names: object) -> Callable[..., Any]:
    return FunctionType(code, {"__builtins__": {}, **names})


def test_counts_down_with_a_backward_conditional_jump() -> None:
    e = emitter("n")
    top = Mark()
    e.mark(top)
    e.load("n")
    e.const(1)
    e.binary("-")
    e.store("n")
    e.load("n")
    e.const(0)
    e.compare("==")
    e.jump_if_false(top)
    e.load("n")
    e.ret()
    assert function(e.code())(1000) == 0


def test_loop_over_items_collects() -> None:
    e = emitter("xs")
    top, end = Mark(), Mark()
    e.build_list()
    e.load("xs")
    e.get_iter()
    e.mark(top)
    e.for_iter(end)
    e.const(1)
    e.binary("+")
    e.list_append(2)
    e.jump(top)
    e.end_for(end)
    e.list_to_tuple()
    e.ret()
    assert function(e.code())((1, 2, 3)) == (2, 3, 4)


def test_handler_cuts_the_stack_to_its_depth() -> None:
    e = emitter("m", "k")
    done = Mark()
    e.const(1)
    e.const(2)
    region = Region(Mark(), e.depth)
    e.load("m")
    e.region = region
    e.load("k")
    e.subscript()
    e.region = None
    e.mark(done)
    e.build_tuple(3)
    e.ret()
    e.handler(region)
    e.push_exc_info()
    e.pop()
    e.pop_except()
    e.const(None)
    e.jump(done)
    f = function(e.code())
    assert f({7: 8}, 7) == (1, 2, 8)
    assert f({}, 7) == (1, 2, None)
    assert sys.exc_info() == (None, None, None)


def test_code_after_a_return_is_not_written() -> None:
    e = emitter("x")
    e.load("x")
    e.ret()
    before = len(e._ops)
    e.const(5)
    e.ret()
    assert len(e._ops) == before


def test_jumps_to_one_mark_must_agree_about_the_depth() -> None:
    e = emitter("x")
    mark = Mark()
    e.load("x")
    e.jump_if_none(mark)
    e.load("x")
    with pytest.raises(AssertionError):
        e.mark(mark)


def test_many_locals_and_constants_need_wide_arguments() -> None:
    e = emitter("x")
    for i in range(400):
        e.const(i)
        e.store(f"v{i}")
    for i in range(400):
        e.load(f"v{i}")
    e.build_tuple(400)
    e.ret()
    assert function(e.code())(0) == tuple(range(400))


def test_closures_share_a_cell() -> None:
    from types import CellType

    inner = Emitter("inner", "plan.rtfs", 1)
    inner.freevars = ["k"]
    inner.deref("k")
    inner.ret()
    e = emitter("k")
    e.callee_global("#cell")
    e.load("k")
    e.call(1)
    e.build_tuple(1)
    e.make_function(inner.code(), closure=True)
    e.ret()
    f = function(e.code(), **{"#cell": CellType})
    assert f(5)() == 5


@pytest.mark.parametrize("column", [100, 127, 128, 200, 255, 256, 300])
def test_lines_are_found_whatever_their_columns(column: int) -> None:
    e = emitter()
    for line in (1, 2, 4, 5):
        e.at((line, line, column, column + 20))
        e.const(line)
        e.pop()
    e.const(None)
    e.ret()
    code = e.code()
    assert {line for _, _, line in code.co_lines()} == {1, 2, 4, 5}
    assert (4, 4, column, column + 20) in set(code.co_positions())


def test_what_a_called_function_raises_is_handled_by_the_range_of_the_call() -> None:
    # the call follows a range of another call, and is the first instruction of its own
    e = emitter("safe", "fails")
    inner, outer = Region(Mark(), 0), Region(Mark(), 1)
    e.const("kept")
    e.callee_global("fails")
    e.callee_global("safe")
    e.region = inner
    e.call(0)
    e.region = outer
    e.call(1)
    e.ret()
    e.region = None
    e.handler(inner)
    e.pop()
    e.const("wrong")
    e.ret()
    e.handler(outer)
    e.pop()
    e.ret()

    def fails(value: object) -> object:
        raise ValueError(value)

    assert function(e.code(), safe=lambda: 1, fails=fails)(None, None) == "kept"
