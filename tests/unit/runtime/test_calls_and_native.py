"""Callables, failed calls, native exceptions, tracebacks."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from types import FunctionType

import pytest

from rtfs_runtime.builtins.failures import make_thrown
from rtfs_runtime.calls import (
    arity_of,
    arity_text,
    call_error,
    callback,
    error_map,
    function_name,
    keyword_get,
)
from rtfs_runtime.errors import LimitExceeded, RtfsError, generic
from rtfs_runtime.maps import BigMap
from rtfs_runtime.native import to_rtfs_error, trim
from rtfs_runtime.printer import display
from rtfs_runtime.sets import make_set
from rtfs_runtime.values import Keyword, kind_name

K = Keyword


def two(a: object, b: object) -> object:
    return (a, b)


def some(a: object, *rest: object) -> object:
    return (a, rest)


def either(a: object, b: object = None) -> object:
    return (a, b)


anonymous = FunctionType(two.__code__.replace(co_name="<fn>"), {})


@pytest.mark.parametrize(
    ("function", "arity", "text", "name"),
    [
        (two, (2, 2), "2", "two"),
        (some, (1, None), "at least 1", "some"),
        (either, (1, 2), "between 1 and 2", "either"),
        (anonymous, (2, 2), "2", "user-defined function"),
        (K("a"), (1, 2), "between 1 and 2", "user-defined function"),
    ],
)
def test_arity(function: object, arity: tuple[int, int | None], text: str, name: str) -> None:
    assert arity_of(function) == arity
    assert arity_text(*arity) == text
    if not isinstance(function, Keyword):
        assert function_name(function) == name


def test_callback() -> None:
    assert callback(two, 2, "map") is two
    assert callback(some, 5, "map") is some
    key = K("a")
    assert callback(key, 1, "map") is key
    assert key({key: 1}) == 1 and key({}, 7) == 7 and key(None, 7) == 7
    late = callback(two, 1, "map")
    with pytest.raises(RtfsError, match="Arity mismatch in two: expected 2, got 1"):
        late(1)
    assert callback({key: 3}, 1, "map")(key) == 3 and callback(make_set([3]), 1, "map")(4) is None
    for wrong in ((), "f", None, 5, object()):
        with pytest.raises(RtfsError) as caught:
            callback(wrong, 1, "map")
        assert caught.value.fields == {"expected": "function", "actual": kind_name(wrong), "operation": "map"}


def test_keyword_get() -> None:
    key = K("kind")
    assert keyword_get(key, {key: None}, 7) is None
    assert keyword_get(key, {"kind": 1}) is None
    assert keyword_get(key, BigMap({}, {key: 3}, 1)) == 3
    assert keyword_get(key, None) is None and keyword_get(key, None, 7) == 7
    assert keyword_get(key, RtfsError("DivisionByZero")) == "DivisionByZero"
    assert keyword_get(K("no"), RtfsError("DivisionByZero"), 7) == 7
    with pytest.raises(RtfsError, match="Type error in keyword lookup: expected map, got vector"):
        keyword_get(key, (1,))
    for wrong in ((), ({}, 1, 2)):
        with pytest.raises(RtfsError, match="Arity mismatch in :kind: expected 1 or 2"):
            key(*wrong)


def test_error_map() -> None:
    error = RtfsError("IndexOutOfBounds", {"index": 4, "length": 1})
    assert error_map(error) == {
        K("type"): K("error/index-out-of-bounds"),
        K("kind"): "IndexOutOfBounds",
        K("message"): "Index 4 out of bounds for collection of length 1",
        K("details"): {K("index"): 4, K("length"): 1},
        K("data"): None,
    }
    thrown = RtfsError(
        "ApplicationError", {"error_type": "my/oops", "message": "m", "data": None}, data={K("a"): 1}
    )
    assert error_map(thrown)[K("type")] is K("my/oops")
    assert error_map(thrown)[K("data")] == {K("a"): 1}


@pytest.mark.parametrize("value", [{}, {K("code"): K("bad"), K("data"): 1.5, "k": 7}, {K("type"): K("my/a")}])
def test_the_text_of_what_is_thrown_is_written_when_asked_for(value: dict[object, object]) -> None:
    thrown = make_thrown(value)
    assert "fields" not in vars(thrown)
    kind = value.get(K("type"), K("error"))
    assert thrown.key == kind.text  # type: ignore[attr-defined]
    assert thrown.fields["message"] == display(value)
    assert error_map(thrown)[K("data")] == value.get(K("data"))
    assert thrown.message == f"Application error ({thrown.key}): {display(value)}"
    with pytest.raises(AttributeError):
        _ = thrown.other


@pytest.mark.parametrize("value", [{1: "x" * 70_000}, {"x" * 70_000: 1}, {1: {}}, dict.fromkeys(range(17))])
def test_the_text_of_what_may_be_long_is_written_at_once(value: dict[object, object]) -> None:
    assert vars(make_thrown(value))["fields"]["message"] == display(value)


def failing(callee: object, *args: object) -> BaseException:
    try:
        callee(*args)  # type: ignore[operator]
    except BaseException as error:
        return error
    raise AssertionError


@pytest.mark.parametrize(
    ("callee", "args", "message"),
    [
        (two, (1,), "Arity mismatch in two: expected 2, got 1"),
        (two, (1, 2, 3), "Arity mismatch in two: expected 2, got 3"),
        (some, (), "Arity mismatch in some: expected at least 1, got 0"),
        (anonymous, (), "Arity mismatch in user-defined function: expected 2, got 0"),
        (5, (), "Type error in function call: expected function, got integer"),
        ({}, (1,), "Type error in function call: expected function, got map"),
        ((), (1,), "Type error in function call: expected function, got vector"),
        (None, (1,), "Type error in function call: expected function, got nil"),
    ],
)
def test_failed_call(callee: object, args: tuple[object, ...], message: str) -> None:
    error = failing(callee, *args)
    found = call_error(error, callee, len(args))
    assert isinstance(found, RtfsError) and found.message == message
    assert found.__traceback__ is error.__traceback__


def test_an_error_inside_the_callee_is_its_own() -> None:
    def inner() -> object:
        return two(1)  # type: ignore[call-arg]

    error = failing(inner)
    assert call_error(error, inner, 0) is error
    other = failing(len, 5)
    assert call_error(other, len, 1) is other
    assert call_error(ZeroDivisionError(), 5, 1).__class__ is ZeroDivisionError


def unbound() -> object:
    if two is None:
        x = 1
    return x


def missing() -> object:
    return no_such_name  # type: ignore[name-defined]  # noqa: F821


def endless(n: int) -> int:
    return endless(n + 1) + 1


def renamed(function: Callable[[], object], **names: str) -> Callable[[], object]:
    code = function.__code__
    change = {old.replace("_", ""): new for old, new in names.items()}
    return FunctionType(
        code.replace(co_varnames=tuple(change.get(name, name) for name in code.co_varnames)), globals()
    )


@pytest.mark.parametrize(
    ("callee", "args", "kind", "message"),
    [
        (unbound, (), "UndefinedSymbol", "Undefined symbol: x"),
        (renamed(unbound, x="my-x~12"), (), "UndefinedSymbol", "Undefined symbol: my-x"),
        (missing, (), "UndefinedSymbol", "Undefined symbol: no_such_name"),
        (endless, (0,), "StackOverflow", "Stack overflow: too many nested calls"),
        (lambda: 1 // 0, (), "DivisionByZero", "Division by zero"),
        (lambda: 2.0**10_000, (), "Generic", "Runtime error: number out of range"),
        (lambda: {}["x"], (), "InternalError", "Internal error: KeyError: x"),
        (lambda: {}[(1,)], (), "InternalError", "Internal error: KeyError"),
    ],
)
def test_native_errors(callee: object, args: tuple[object, ...], kind: str, message: str) -> None:
    error = failing(callee, *args)
    found = to_rtfs_error(error)
    assert isinstance(found, RtfsError)
    assert (found.kind, found.message) == (kind, message)
    assert found.__traceback__ is error.__traceback__
    assert found.__cause__ is None and found.__suppress_context__


def test_free_variable_without_value() -> None:
    def outer() -> object:
        def inner() -> object:
            return later

        inner()
        later = 1
        return later

    found = to_rtfs_error(failing(outer))
    assert isinstance(found, RtfsError) and found.message == "Undefined symbol: later"


def test_limits_and_interrupts() -> None:
    assert isinstance(to_rtfs_error(MemoryError()), LimitExceeded)
    own = generic("x")
    assert to_rtfs_error(own) is own
    interrupt = KeyboardInterrupt()
    assert to_rtfs_error(interrupt) is interrupt


def runtime_frame(name: str = "rtfs_runtime.builtins.x") -> Callable[[Callable[[], object]], object]:
    names: dict[str, object] = {"__name__": name}
    exec("def through(f):\n    return f()", names)
    return names["through"]  # type: ignore[return-value]


def places(error: BaseException) -> list[str]:
    return [entry.name for entry in traceback.extract_tb(error.__traceback__)]


def boom() -> object:
    raise generic("x")


def test_trim_takes_our_frames_out() -> None:
    through, other = runtime_frame(), runtime_frame("rtfs_runtimes")

    def user() -> object:
        return through(lambda: other(boom))

    error = failing(lambda: through(user))
    trim(error)
    assert places(error) == ["failing", "<lambda>", "user", "<lambda>", "through", "boom"]
    trim(error)
    assert places(error) == ["failing", "<lambda>", "user", "<lambda>", "through", "boom"]


def test_trim_at_every_level() -> None:
    through = runtime_frame()

    def level(n: int) -> object:
        try:
            return boom() if n == 0 else through(lambda: level(n - 1))
        except RtfsError as error:
            trim(error)
            raise

    error = failing(level, 3)
    trim(error)
    assert places(error) == [
        "failing",
        "level",
        "<lambda>",
        "level",
        "<lambda>",
        "level",
        "<lambda>",
        "level",
        "boom",
    ]


def test_trim_of_an_error_raised_again_by_name() -> None:
    def again() -> object:
        try:
            return boom()
        except RtfsError as error:
            trim(error)
            raise error

    error = failing(again)
    trim(error)
    assert places(error) == ["failing", "again", "boom"]
    assert error.__traceback__ is not None and error.__traceback__.tb_next is not None


def test_trim_when_only_our_frame_is_there() -> None:
    through = runtime_frame()
    inner = RtfsError("DivisionByZero")
    try:
        through(lambda: (_ for _ in ()).throw(inner))
    except RtfsError as error:
        trim(error)
        assert "through" not in places(error)
    trim(RtfsError("DivisionByZero"))
