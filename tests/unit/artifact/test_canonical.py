"""Canonical marshal data: read back equal, without traces of interning, with the file name cut out."""

from __future__ import annotations

import marshal
import sys
from types import CodeType

import pytest

from rtfs_runtime import canonical

SOURCES = (
    "",
    "x = 1",
    "def f(a, *, b=2, **c):\n"
    "    def g():\n        return a, 'é', b'x', 1.5, 2j, ..., -1, 10**40, -(2**70)\n    return g",
    "lambda: ('a' * 3, 'where.rtfs', None, True, False, (1, (2, (3, ()))))",
    "try:\n    f()\nexcept ValueError as e:\n    raise\nfinally:\n    print('\U0001f600', '"
    + "long " * 100
    + "')",
)


def _compile(source: str, filename: str = "where.rtfs") -> CodeType:
    return compile(source, filename, "exec", optimize=0)


def _shape(code: CodeType) -> object:
    parts = [_shape(c) if isinstance(c, CodeType) else (type(c), c) for c in code.co_consts]
    return (
        code.co_name,
        code.co_code,
        code.co_names,
        code.co_varnames,
        code.co_cellvars,
        code.co_freevars,
        parts,
    )


@pytest.mark.parametrize("source", SOURCES)
def test_reads_back_equal(source: str) -> None:
    code = _compile(source)
    again = marshal.loads(canonical.dump(code).join("where.rtfs"))
    assert again == code
    assert _shape(again) == _shape(code)
    assert list(again.co_positions()) == list(code.co_positions())


@pytest.mark.parametrize("path", ["/a/b.rtfs", "", "é" * 300, "x" * 255, "x" * 256])
def test_file_name_is_set_everywhere(path: str) -> None:
    code = _compile(SOURCES[2])
    todo = [marshal.loads(canonical.dump(code).join(path))]
    while todo:
        one = todo.pop()
        assert one.co_filename == path
        todo += [c for c in one.co_consts if isinstance(c, CodeType)]


def test_a_constant_equal_to_the_file_name_is_kept() -> None:
    again = marshal.loads(canonical.dump(_compile(SOURCES[3])).join("/else/where.rtfs"))
    assert "where.rtfs" in again.co_consts[0].co_consts[1]


def test_interning_and_sharing_leave_no_trace() -> None:
    code = _compile("def f():\n    return 'not an identifier', 'again'")
    inner = next(c for c in code.co_consts if isinstance(c, CodeType))
    plain = inner.replace(
        co_consts=tuple("".join(list(c)) if isinstance(c, str) else c for c in inner.co_consts)
    )
    shared = inner.replace(
        co_consts=tuple(sys.intern(c) if isinstance(c, str) else c for c in inner.co_consts)
    )
    assert canonical.dump(plain) == canonical.dump(shared)


def test_the_name_of_the_file_is_not_in_the_bytes() -> None:
    assert canonical.dump(_compile(SOURCES[2], "/one/a.rtfs")) == canonical.dump(
        _compile(SOURCES[2], "/two/b.rtfs")
    )


def test_a_frozenset_is_refused() -> None:
    code = _compile("x in {1, 2}")
    with pytest.raises(AssertionError, match="canonically"):
        canonical.dump(code)


def test_too_deep_is_an_error() -> None:
    deep: object = ()
    for _ in range(5000):
        deep = (deep,)
    code = _compile("1")
    with pytest.raises(ValueError):
        canonical.dump(code.replace(co_consts=(deep,)))
