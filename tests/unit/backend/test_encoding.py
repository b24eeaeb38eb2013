"""Code objects as CPython and the library read them: depths of the stack, jumps, handlers, positions.

Depths are followed through each code object with CPython's own `dis.stack_effect`. The library, whose
computation of depths the emitter goes without, is asked too; it cannot follow some of the code (handlers
within loops), and then its depth is no evidence.
"""

from __future__ import annotations

import dis
from functools import cache
from pathlib import Path
from types import CodeType

import pytest
from bytecode import Bytecode, ConcreteBytecode, ControlFlowGraph
from bytecode.concrete import ExceptionTableEntry

from rtfs_runtime.errors import RtfsError
from rtfs_runtime.session import Session
from rtfsc.backend.assembly import VERSION
from rtfsc.driver import compile_text
from rtfsc.options import Options
from rtfsc.source import CompileError
from tests.conformance.cases import folder, read_cases

_PROGRAMS = Path(__file__).parents[3] / "benchmarks" / "pairs"
# for larger code the library takes time by the square of the size
_LARGE_BYTES = 1 << 14
_FINAL = frozenset({"RETURN_VALUE", "RERAISE", "RAISE_VARARGS", "JUMP_FORWARD", "JUMP_BACKWARD"})


def _sources() -> list[str]:
    cases = folder()
    own = [path.read_text(encoding="utf-8") for path in sorted(_PROGRAMS.glob("*.rtfs"))]
    return own + [case.source for case in (read_cases(cases) if cases else []) if "parses" not in case.wanted]


@cache
def _codes(level: int, step: int = 1) -> list[CodeType]:
    """Give every code object of each program that compiles, or of each `step`-th."""
    found = []
    for source in _sources()[::step]:
        try:
            todo = [compile_text(source, Options(level=level)).artifact.code("<test>")]
        except (CompileError, RtfsError):
            continue
        while todo:
            code = todo.pop()
            found.append(code)
            todo += [item for item in code.co_consts if isinstance(item, CodeType)]
    return found


def deepest(code: CodeType) -> int:
    """Follow all paths; give the greatest depth. Each place has one depth, whichever way it is reached."""
    instructions = list(dis.get_instructions(code))
    index_at = {instruction.offset: index for index, instruction in enumerate(instructions)}
    entries = ConcreteBytecode.from_code(code).exception_table
    depths: dict[int, int] = {}
    todo = [(0, 0)]
    greatest = 0
    while todo:
        index, depth = todo.pop()
        if index in depths:
            assert depths[index] == depth, (code.co_name, instructions[index], depths[index], depth)
            continue
        depths[index] = depth
        at = instructions[index]
        unit = at.offset // 2
        for entry in entries:
            if entry.start_offset <= unit <= entry.stop_offset:
                assert entry.stack_depth <= depth, (code.co_name, at)
                todo.append((index_at[2 * entry.target], entry.stack_depth + entry.push_lasti + 1))
        ways = []
        if at.opcode in dis.hasjrel:
            ways.append((index_at[at.argval], dis.stack_effect(at.opcode, at.arg, jump=True)))
        if at.opname not in _FINAL:
            ways.append((index + 1, dis.stack_effect(at.opcode, at.arg, jump=False)))
        for following, effect in ways:
            assert depth + effect >= 0, (code.co_name, at)
            greatest = max(greatest, depth + effect)
            todo.append((following, depth + effect))
    return greatest


@pytest.mark.parametrize(("level", "step"), [(0, 5), (2, 1)])
def test_depths_are_right_on_all_programs(level: int, step: int) -> None:
    compared = 0
    for code in _codes(level, step):
        depth = deepest(code)
        assert depth <= code.co_stacksize <= depth + 6
        if len(code.co_code) > _LARGE_BYTES:
            continue
        try:
            graph = ControlFlowGraph.from_bytecode(Bytecode.from_code(code))
            librarys = graph.compute_stacksize(compute_exception_stack_depths=True)
        except (AssertionError, RuntimeError):
            continue
        compared += 1
        assert librarys <= code.co_stacksize
    assert compared > 20


def test_the_library_reads_and_writes_the_same_code() -> None:
    for code in _codes(2):
        if len(code.co_code) > _LARGE_BYTES:
            continue
        again = ConcreteBytecode.from_code(code).to_code(
            code.co_stacksize, compute_exception_stack_depths=False
        )
        assert again.co_code == code.co_code
        assert again.co_exceptiontable == code.co_exceptiontable
        assert list(again.co_positions()) == list(code.co_positions())


_CALL_AFTER_A_RANGE = "((fn [x :int] x) (and (step-parallel 0 nil) (get {:a {:b 1} :c nil} :c)))"


def _handler(entries: list[ExceptionTableEntry], unit: int) -> int | None:
    return next((entry.target for entry in entries if entry.start_offset <= unit <= entry.stop_offset), None)


@pytest.mark.skipif(VERSION < (3, 13), reason="errors of a call are looked up at the call itself")
def test_no_range_begins_with_a_call() -> None:
    code = compile_text(_CALL_AFTER_A_RANGE).artifact.code("<test>")
    calls = 0
    for each in [code, *_codes(2, 5)]:
        entries = ConcreteBytecode.from_code(each).exception_table
        for at in dis.get_instructions(each):
            if at.opname == "CALL":
                calls += 1
                unit = at.offset // 2
                assert _handler(entries, unit) == _handler(entries, unit - 1), (each.co_name, at)
    assert calls > 1_000


def test_jumps_over_much_code_get_prefixes() -> None:
    arms = " ".join(f'(= n {i}) (str n "{i}" (+ n {i}))' for i in range(60))
    unit = compile_text(f"(defn f [n] (loop [k 0] (if (< k 3) (recur (do (cond {arms}) (+ k 1))) k))) (f 7)")
    codes = [item for item in unit.artifact.code("<test>").co_consts if isinstance(item, CodeType)]
    assert any(ins.opname == "EXTENDED_ARG" for code in codes for ins in dis.get_instructions(code))
    for code in codes:
        assert deepest(code) <= code.co_stacksize


def test_pairs_of_locals_name_the_first_sixteen_only() -> None:
    names = " ".join(f"a{i}" for i in range(40))
    unit = compile_text(f"(defn f [{names}] [{names} {names}]) (f {' '.join(map(str, range(40)))})")
    session = Session()
    assert session.evaluate(unit.artifact).value == (*range(40), *range(40))
