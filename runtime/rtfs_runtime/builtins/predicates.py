"""Questions about the kind of a value: one argument, a boolean, never an error.

In: any value. Out: a boolean, or the kind's name.
"""

from __future__ import annotations

from rtfs_runtime import maps, vectors
from rtfs_runtime.builtins.table import builtin
from rtfs_runtime.values import Keyword, List, Set, Symbol, kind_name

_PREDICATE = "[:fn [:any] :bool]"


@builtin(
    "nil?",
    _PREDICATE,
    fails=False,
    intrinsic="is_nil",
    examples=(("(nil? nil)", "true"), ("(nil? false)", "false")),
)
def is_nil(value: object) -> bool:
    """Tell whether a value is nil."""
    return value is None


@builtin(
    "bool?",
    _PREDICATE,
    aliases=("boolean?",),
    fails=False,
    examples=(("(bool? true)", "true"), ("(bool? nil)", "false")),
)
def is_bool(value: object) -> bool:
    """Tell whether a value is a boolean."""
    return value is True or value is False


@builtin("true?", _PREDICATE, fails=False, examples=(("(true? true)", "true"), ("(true? 1)", "false")))
def is_true(value: object) -> bool:
    """Tell whether a value is true itself."""
    return value is True


@builtin("false?", _PREDICATE, fails=False, examples=(("(false? false)", "true"), ("(false? nil)", "false")))
def is_false(value: object) -> bool:
    """Tell whether a value is false itself."""
    return value is False


@builtin(
    "int?",
    _PREDICATE,
    aliases=("integer?",),
    fails=False,
    intrinsic="is_int",
    examples=(("(int? 4)", "true"), ("(int? 4.0)", "false")),
)
def is_int(value: object) -> bool:
    """Tell whether a value is an integer."""
    return value.__class__ is int


@builtin(
    "float?",
    _PREDICATE,
    fails=False,
    intrinsic="is_float",
    examples=(("(float? 4.0)", "true"), ("(float? 4)", "false")),
)
def is_float(value: object) -> bool:
    """Tell whether a value is a float."""
    return value.__class__ is float


@builtin(
    "number?", _PREDICATE, fails=False, examples=(("(number? ##NaN)", "true"), ('(number? "1")', "false"))
)
def is_number(value: object) -> bool:
    """Tell whether a value is an integer or a float."""
    return value.__class__ is int or value.__class__ is float


@builtin(
    "string?",
    _PREDICATE,
    aliases=("string-p",),
    fails=False,
    intrinsic="is_string",
    examples=(('(string? "")', "true"), ("(string-p nil)", "false")),
)
def is_string(value: object) -> bool:
    """Tell whether a value is a string."""
    return value.__class__ is str


@builtin(
    "keyword?", _PREDICATE, fails=False, examples=(("(keyword? :a/b)", "true"), ('(keyword? "a")', "false"))
)
def is_keyword(value: object) -> bool:
    """Tell whether a value is a keyword."""
    return value.__class__ is Keyword


@builtin("symbol?", _PREDICATE, fails=False, examples=(("(symbol? 'a)", "true"), ("(symbol? inc)", "false")))
def is_symbol(value: object) -> bool:
    """Tell whether a value is a symbol."""
    return value.__class__ is Symbol


@builtin(
    "vector?", _PREDICATE, fails=False, examples=(("(vector? [])", "true"), ("(vector? (list 1))", "false"))
)
def is_vector(value: object) -> bool:
    """Tell whether a value is a vector."""
    return vectors.is_vector(value)


@builtin("list?", _PREDICATE, fails=False, examples=(("(list? (list 1))", "true"), ("(list? [1])", "false")))
def is_list(value: object) -> bool:
    """Tell whether a value is a list."""
    return value.__class__ is List


@builtin("map?", _PREDICATE, fails=False, examples=(("(map? {})", "true"), ("(map? [1])", "false")))
def is_map(value: object) -> bool:
    """Tell whether a value is a map."""
    return maps.is_map(value)


@builtin("set?", _PREDICATE, fails=False, examples=(("(set? (set [1]))", "true"), ("(set? [1])", "false")))
def is_set(value: object) -> bool:
    """Tell whether a value is a set."""
    return value.__class__ is Set


@builtin(
    "sequential?",
    _PREDICATE,
    fails=False,
    examples=(("(sequential? (list 1))", "true"), ('(sequential? "a")', "false")),
)
def is_sequential(value: object) -> bool:
    """Tell whether a value is a vector or a list."""
    return value.__class__ is List or vectors.is_vector(value)


@builtin("coll?", _PREDICATE, fails=False, examples=(("(coll? {})", "true"), ('(coll? "a")', "false")))
def is_collection(value: object) -> bool:
    """Tell whether a value is a vector, list, map or set."""
    return value.__class__ is List or value.__class__ is Set or vectors.is_vector(value) or maps.is_map(value)


@builtin("fn?", _PREDICATE, fails=False, examples=(("(fn? map)", "true"), ("(fn? :a)", "false")))
def is_fn(value: object) -> bool:
    """Tell whether a value is a function; a keyword is none."""
    return kind_name(value) == "function"


@builtin(
    "type-name",
    "[:fn [:any] :string]",
    aliases=("type",),
    fails=False,
    examples=(("(type-name true)", '"boolean"'), ("(type-name 2.0)", '"float"')),
)
def type_name(value: object) -> str:
    """Name the kind of a value."""
    return kind_name(value)
