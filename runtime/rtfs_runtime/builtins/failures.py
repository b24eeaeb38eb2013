"""Errors as values: making them, reading them, raising them.

In: messages, maps, error values. Out: `RtfsError` values, which `catch` binds too; `make_thrown` is what the
compiled `throw` raises.
"""

from __future__ import annotations

from typing import Any, Final

from rtfs_runtime.builtins.operands import mapping
from rtfs_runtime.builtins.table import builtin
from rtfs_runtime.errors import RtfsError, generic, type_error
from rtfs_runtime.limits import MAX_TEXT
from rtfs_runtime.maps import Map, is_map
from rtfs_runtime.printer import to_str
from rtfs_runtime.values import Keyword, kind_name

_TYPE = Keyword("type")
_MESSAGE = Keyword("message")
_DATA = Keyword("data")
# a map of so few entries, none of them longer, has a text within any limit
_FEW: Final = 16
_LONG: Final = 1 << 16


def _text(value: object) -> str:
    return to_str(value, MAX_TEXT)


class Thrown(RtfsError):
    """A thrown map that is short and has no message: what it says is written when somebody asks."""

    kind = "ApplicationError"
    # in C, with the map as the only argument: a loop may throw and catch at every item
    __init__ = Exception.__init__

    def __getattr__(self, name: str) -> object:
        """Fill in the data and the fields, as long as they are missing."""
        if name not in ("data", "fields"):
            raise AttributeError(name)
        value = self.args[0]
        self.data = value.get(_DATA)
        self.fields = {"error_type": _type_of(value), "message": _text(value), "data": self.data}
        return vars(self)[name]


def make_thrown(value: Any) -> RtfsError:
    """Make what `throw` raises: an error itself, a map by `:type`, `:message`, `:data`, else a message."""
    if value.__class__ is dict and _MESSAGE not in value and _is_short(value):
        thrown: RtfsError = Thrown(value)
        return thrown
    if isinstance(value, RtfsError):
        return value
    if not is_map(value):
        return RtfsError("ApplicationError", {"error_type": "error", "message": _text(value), "data": None})
    data = value.get(_DATA)
    message = _text(value.get(_MESSAGE, value))
    return RtfsError(
        "ApplicationError", {"error_type": _type_of(value), "message": message, "data": data}, data=data
    )


def _type_of(value: Map) -> str:
    kind = value.get(_TYPE, "error")
    return kind.text if isinstance(kind, Keyword) else _text(kind)


def _is_short(value: dict[object, object]) -> bool:
    """Tell whether a map is surely within the limit of text, so that writing it later fails no other way."""
    if len(value) > _FEW:
        return False
    for key, item in value.items():
        if key.__class__ is not Keyword and not _is_short_atom(key):
            return False
        if item.__class__ is not Keyword and not _is_short_atom(item):
            return False
    return True


def _is_short_atom(value: object) -> bool:
    kind = value.__class__
    if kind is str:
        return len(value) <= _LONG  # type: ignore[arg-type]
    if kind is int:
        return -_LONG < value < _LONG  # type: ignore[operator]
    return kind is float or kind is bool or value is None


@builtin(
    "throw",
    "[:fn [:any] :never]",
    raises=("ApplicationError",),
    examples=(('(throw "boom")', "!ApplicationError"),),
)
def throw(value: object) -> object:
    """Raise an error value, a map with `:type` and `:message`, or a message."""
    raise make_thrown(value)


@builtin(
    "error",
    "[:fn [:any & :any] :never]",
    raises=("ApplicationError",),
    examples=(('(error "boom")', "!ApplicationError"),),
)
def error(message: object, data: object = None) -> object:
    """Raise a message, with data on demand."""
    thrown = make_thrown(message)
    if data is not None:
        thrown = with_data(thrown, data)
    raise thrown


def with_data(source: RtfsError, data: object) -> RtfsError:
    """Copy an error with other data."""
    return RtfsError(source.kind, source.fields, data=data)


def _value_of(message: object) -> RtfsError:
    text = _text(message)
    return RtfsError("Generic", {"message": text, "bare": text})


@builtin(
    "Exception.",
    "[:fn [:any & :any] :any]",
    aliases=("RuntimeError.", "RuntimeException.", "Error."),
    raises=(),
    examples=(
        ('(getMessage (Exception. "m" {:a 1} 2))', '"m"'),
        ("(Exception. 404)", "#<error: 404>"),
        ("(Exception.)", "!ArityMismatch"),
    ),
)
def make_error(message: object, *_ignored: object) -> RtfsError:
    """Make an error value of a message; nothing is raised."""
    return _value_of(message)


@builtin("ex-info", "[:fn [:any :map] :any]", examples=(('(ex-data (ex-info "m" {:a 1}))', "{:a 1}"),))
def error_with_data(message: object, data: object) -> RtfsError:
    """Make an error value of a message and a map."""
    text = _text(message)
    return RtfsError("Generic", {"message": text, "bare": text}, data=mapping(data, "ex-info"))


def _error_value(value: object, operation: str) -> RtfsError:
    if isinstance(value, RtfsError):
        return value
    raise type_error("error", kind_name(value), operation)


@builtin(
    "getMessage",
    "[:fn [:any] :string]",
    aliases=("ex-message",),
    examples=(('(getMessage (Exception. "late"))', '"late"'), ('(getMessage "text")', "!TypeError")),
)
def get_message(value: object) -> str:
    """Give the message of an error value."""
    return _error_value(value, "getMessage").message


@builtin("ex-data", "[:fn [:any] :any]", examples=(('(ex-data (Exception. "m"))', "nil"),))
def get_data(value: object) -> object:
    """Give the data of an error value, or nil."""
    return _error_value(value, "ex-data").data


@builtin(
    "with-context",
    "[:fn [:any :map] :any]",
    examples=(('(getMessage (with-context (Exception. "m") {:a 1}))', '"m"'),),
)
def with_context(value: object, context: object) -> RtfsError:
    """Give an error value the entries of a map as further data."""
    source = _error_value(value, "with-context")
    added = mapping(context, "with-context")
    known = dict(source.data.items()) if is_map(source.data) else {}
    return with_data(source, known | dict(added.items()))


@builtin(
    "assert",
    "[:fn [:any & :any] :nil]",
    raises=("Generic",),
    examples=(("(assert (= 1 1))", "nil"), ('(assert false "too small")', "!Generic")),
)
def check(value: object, message: object = None) -> None:
    """Raise unless the value is truthy."""
    if value is None or value is False:
        raise generic("Assertion failed" if message is None else f"Assertion failed: {_text(message)}")
