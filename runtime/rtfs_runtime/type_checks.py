"""Checks of values against types at run time, with the messages of language §5.5.

In: a value and a type. Out: the same value, or the first violation in order as text. Everything is checked
always; data of any depth and recursive types are walked without recursion. Source: language §5.1-5.5.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any as PythonAny
from typing import Final, TypeAlias, cast

from rtfs_runtime.equality import equal
from rtfs_runtime.errors import RtfsError, type_error
from rtfs_runtime.maps import is_map
from rtfs_runtime.printer import display
from rtfs_runtime.type_accept import KINDS, acceptor, classes_of
from rtfs_runtime.type_predicates import PREDICATES
from rtfs_runtime.type_terms import (
    Alias,
    And,
    Any,
    Array,
    Enum,
    FnType,
    ListOf,
    MapOf,
    MapType,
    Never,
    Predicate,
    Prim,
    ResourceType,
    Term,
    Tuple,
    Type,
    Union,
    Val,
    Vector,
)  # fmt: skip
from rtfs_runtime.type_text import print_type
from rtfs_runtime.values import (
    Keyword,
    List,
    Resource,
    error_map,
    kind_name,
)  # fmt: skip
from rtfs_runtime.vectors import BigVector, is_vector

__all__ = ["PREDICATES", "check", "compile_check", "conforms", "make_struct"]

Checker: TypeAlias = Callable[[object], str | None]
Path: TypeAlias = "tuple[Path, str, object] | None"
"""Where in the value: the place above, how this step is shown, and its key or index."""
Scope: TypeAlias = "tuple[str, Type, Scope] | None"
Todo: TypeAlias = tuple[Term, object, Path, Scope]
Failure: TypeAlias = Callable[[], str]
"""A message not yet written: most failures are those of union members that are dropped."""


def check(value: PythonAny, kind: Type, prefix: str = "") -> PythonAny:
    """Give the value back when it conforms; `prefix` (`let x: `) starts the message when not.

    Raises: TypeValidationError.
    """
    failure = compile_check(kind)(value)
    if failure is not None:
        raise RtfsError("TypeValidationError", {"message": prefix + failure})
    return value


def conforms(value: object, kind: Type) -> bool:
    """Tell whether a value has a type; an error value counts as the map that it looks like."""
    return compile_check(kind)(error_map(value) if isinstance(value, RtfsError) else value) is None


_checkers: dict[Type, Checker] = {}


def compile_check(kind: Type) -> Checker:
    """Give the function that checks a value: None when it conforms, else what is wrong. Made once a type."""
    found = _checkers.get(kind)
    if found is None:
        found = _checkers.setdefault(kind, _compile(kind))
    return found


def _compile(kind: Type) -> Checker:
    accepts = acceptor(kind)

    def run(value: object) -> str | None:
        if accepts is not None and accepts(value):
            return None
        return _Walk().run(kind, value)

    return run


_OPEN_KINDS: Final = {"fn": "function", "error": "error"}
"""Kinds to which instances of other classes belong too."""


class _Walk:
    """One check: terms still to test on parts of the value, and the unions whose choice is open."""

    def __init__(self) -> None:
        self.todo: list[Todo | None] = []
        self.choices: list[tuple[int, Union, int, Todo]] = []

    def run(self, kind: Type, value: object) -> str | None:
        todo = self.todo
        todo.append((kind, value, None, None))
        while todo:
            item = todo.pop()
            if item is None:
                # the chosen member holds to its end
                self.choices.pop()
                continue
            term, part, path, scope = item
            failure = _TESTS[type(term)](self, term, part, path, scope)
            if failure is not None:
                failure = self._choose_again(failure)
                if failure is not None:
                    return failure()
        return None

    def choose(self, kind: Union, at: int, item: Todo) -> None:
        """Try one member of a union; the mark below it ends the choice."""
        self.choices.append((len(self.todo), kind, at, item))
        self.todo.append(None)
        _, value, path, scope = item
        self.todo.append((kind.members[at], value, path, scope))

    def _choose_again(self, failure: Failure) -> Failure | None:
        """Go back to the innermost open choice; a union without another member fails as a whole."""
        while self.choices:
            height, kind, at, item = self.choices.pop()
            del self.todo[height:]
            if at + 1 < len(kind.members):
                self.choose(kind, at + 1, item)
                return None
            failure = _mismatch(kind, item[1], item[2])
        return failure

    def add(self, items: list[Todo]) -> None:
        """Plan tests in the order given."""
        self.todo.extend(reversed(items))


def _place(path: Path) -> str:
    parts: list[str] = []
    while path is not None:
        path, form, key = path
        if form == "." and isinstance(key, Keyword):
            parts.append(f".{key.text}")
        else:
            parts.append(f"[{display(key)}]")
    return "".join(reversed(parts))


def _mismatch(kind: Term, value: object, path: Path, got: str | None = None) -> Failure:
    def message() -> str:
        expected = print_type(cast(Type, kind))
        return f"Type mismatch at {_place(path)}: expected {expected}, got {got or kind_name(value)}"

    return message


def _test_prim(_walk: _Walk, kind: Prim, value: object, path: Path, _scope: Scope) -> Failure | None:
    if value.__class__ in KINDS[kind.name]:
        return None
    if kind.name in _OPEN_KINDS and kind_name(value) == _OPEN_KINDS[kind.name]:
        return None
    return _mismatch(kind, value, path)


def _test_any(_walk: _Walk, _kind: Any, _value: object, _path: Path, _scope: Scope) -> Failure | None:
    return None


def _test_never(_walk: _Walk, kind: Never, value: object, path: Path, _scope: Scope) -> Failure | None:
    return _mismatch(kind, value, path)


def _test_vector(walk: _Walk, kind: Vector, value: object, path: Path, scope: Scope) -> Failure | None:
    if not is_vector(value):
        return _mismatch(kind, value, path)
    _elements(walk, kind.element, value, path, scope)
    return None


def _test_list(walk: _Walk, kind: ListOf, value: object, path: Path, scope: Scope) -> Failure | None:
    if not isinstance(value, List):
        return _mismatch(kind, value, path)
    _elements(walk, kind.element, value, path, scope)
    return None


def _elements(
    walk: _Walk, element: Type, value: tuple[object, ...] | BigVector | List, path: Path, scope: Scope
) -> None:
    """Settle elements by their class where that is enough; plan the rest."""
    classes = classes_of(element) or frozenset()
    walk.add(
        [
            (element, item, (path, "[", index), scope)
            for index, item in enumerate(value)
            if item.__class__ not in classes
        ]
    )


def _test_tuple(walk: _Walk, kind: Tuple, value: object, path: Path, scope: Scope) -> Failure | None:
    if not is_vector(value):
        return _mismatch(kind, value, path)
    if len(value) != len(kind.items):
        return _mismatch(kind, value, path, f"tuple of length {len(value)}")
    pairs = zip(kind.items, value, strict=True)
    walk.add([(item, part, (path, "[", index), scope) for index, (item, part) in enumerate(pairs)])
    return None


def _test_array(walk: _Walk, kind: Array, value: object, path: Path, scope: Scope) -> Failure | None:
    if not is_vector(value):
        return _mismatch(kind, value, path)
    shape = kind.shape
    if shape and shape[0] not in (None, len(value)):
        sizes = " ".join("?" if size is None else str(size) for size in shape)
        return lambda: f"Shape violation at {_place(path)}: expected [{sizes}], got [{len(value)}]"
    below = Array(kind.element, shape[1:]) if len(shape) > 1 else kind.element
    _elements(walk, below, value, path, scope)
    return None


_MISSING: Final = object()


def _test_map(walk: _Walk, kind: MapType, value: object, path: Path, scope: Scope) -> Failure | None:
    if not is_map(value):
        return _mismatch(kind, value, path)
    plan: list[Todo] = []
    used: set[object] = set()
    missing: Failure | None = None
    for key, field, optional in kind.fields:
        found = key
        part = value.get(key, _MISSING)
        if part is _MISSING and isinstance(key, Keyword):
            found = key.text
            part = value.get(found, _MISSING)
        used.add(found)
        if part is not _MISSING:
            plan.append((field, part, (path, ".", key), scope))
        elif not optional:
            missing = _missing(key, path)
            break
    if missing is not None:
        # what stands before the missing key is checked first
        walk.todo.append((_Failed(missing), None, path, scope))
    elif kind.rest is not None:
        rest = kind.rest
        plan += [(rest, part, (path, ".", key), scope) for key, part in value.items() if key not in used]
    walk.add(plan)
    return None


def _missing(key: object, path: Path) -> Failure:
    return lambda: f"Missing required key {display(key)} at {_place(path)}"


class _Failed(Term):
    """A failure found early, reported in its turn."""

    __slots__ = ("failure",)

    def __init__(self, failure: Failure) -> None:
        self.failure = failure


def _test_failed(_walk: _Walk, kind: _Failed, _value: object, _path: Path, _scope: Scope) -> Failure | None:
    return kind.failure


def _test_map_of(walk: _Walk, kind: MapOf, value: object, path: Path, scope: Scope) -> Failure | None:
    if not is_map(value):
        return _mismatch(kind, value, path)
    plan: list[Todo] = []
    keys, values = classes_of(kind.key) or frozenset(), classes_of(kind.value) or frozenset()
    for key, part in value.items():
        if key.__class__ not in keys:
            plan.append((kind.key, key, (path, "[", key), scope))
        if part.__class__ not in values:
            plan.append((kind.value, part, (path, "[", key), scope))
    walk.add(plan)
    return None


def _test_fn(_walk: _Walk, kind: FnType, value: object, path: Path, _scope: Scope) -> Failure | None:
    return None if kind_name(value) == "function" else _mismatch(kind, value, path)


def _test_union(walk: _Walk, kind: Union, value: object, path: Path, scope: Scope) -> Failure | None:
    classes = classes_of(kind)
    if classes is None or value.__class__ not in classes:
        walk.choose(kind, 0, (kind, value, path, scope))
    return None


def _test_and(walk: _Walk, kind: And, value: object, path: Path, scope: Scope) -> Failure | None:
    walk.add([(part, value, path, scope) for part in kind.kids])
    return None


def _test_predicate(
    _walk: _Walk, kind: Predicate, value: object, path: Path, _scope: Scope
) -> Failure | None:
    found = PREDICATES[kind.name].test(value, kind.values)
    if found is None:
        return None
    rule = " ".join([kind.name, *map(display, kind.values)])
    return lambda: f"Predicate violation at {_place(path)}: {rule} failed for value {found}"


def _test_literal(_walk: _Walk, kind: Val | Enum, value: object, path: Path, _scope: Scope) -> Failure | None:
    if any(equal(value, each) for each in kind.values):
        return None
    return _mismatch(kind, value, path, display(value))


def _test_resource(
    _walk: _Walk, kind: ResourceType, value: object, path: Path, _scope: Scope
) -> Failure | None:
    return None if value.__class__ in (Resource, str) else _mismatch(kind, value, path)


def _test_alias(walk: _Walk, kind: Alias, value: object, path: Path, scope: Scope) -> Failure | None:
    target = kind.target
    if target is not None:
        walk.todo.append((target, value, path, (kind.name, kind, scope)))
        return None
    around = scope
    while around is not None:
        name, whole, around = around
        if name == kind.name:
            walk.todo.append((whole, value, path, around))
            return None
    return _mismatch(kind, value, path)


_TESTS: Final[Mapping[type, Callable[[_Walk, PythonAny, object, Path, Scope], Failure | None]]] = {
    Prim: _test_prim,
    Vector: _test_vector,
    MapType: _test_map,
    Union: _test_union,
    And: _test_and,
    Predicate: _test_predicate,
    Any: _test_any,
    Never: _test_never,
    ListOf: _test_list,
    Tuple: _test_tuple,
    Array: _test_array,
    MapOf: _test_map_of,
    FnType: _test_fn,
    Val: _test_literal,
    Enum: _test_literal,
    ResourceType: _test_resource,
    Alias: _test_alias,
    _Failed: _test_failed,
}


def make_struct(name: str, kind: Type) -> Callable[[object], object]:
    """Make the constructor that `defstruct` binds: it checks a map and gives the same map back.

    Raises: TypeError, when called, for what is no map; TypeValidationError for a missing or wrong field.
    """
    while isinstance(kind, Alias) and kind.target is not None:
        kind = kind.target
    assert isinstance(kind, MapType)
    fields = kind.fields

    def construct(value: object) -> object:
        if not is_map(value):
            raise type_error("map", kind_name(value), f"{name} constructor")
        for key, field, optional in fields:
            text = key.text if isinstance(key, Keyword) else str(key)
            part = value.get(key, value.get(text, _MISSING))
            if part is not _MISSING:
                check(part, field, f"Field {text} failed type validation: ")
            elif not optional:
                raise RtfsError("TypeValidationError", {"message": f"Required field {text} is missing"})
        return value

    construct.__name__ = construct.__qualname__ = name
    return construct
