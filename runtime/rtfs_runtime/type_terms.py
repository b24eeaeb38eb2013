"""Type terms: what annotations, the static checker and checks at the border share.

In: nothing. Out: one class per shape of type, interned, so that equal types are one object and comparing,
hashing and remembering cost nothing; constants for the common ones; `to_data` and `from_data`, a flat
encoding that an artifact can hold as a constant. Plain slots classes: the run path does without dataclasses.
Source: language §5.1. Reading type expressions is left to the compiler, checking to `type_checks`.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import ClassVar, Final, TypeAlias, TypeVar, cast, final

from rtfs_runtime.tagged import decode_json, encode_json
from rtfs_runtime.values import Keyword

Data: TypeAlias = tuple[str | int, ...]
Tokens: TypeAlias = tuple[str | int, ...]


class Term:
    """A type: the terms below it (`kids`), and what else tells it from others (`tokens`)."""

    __slots__ = ("kids", "tokens")
    tag: ClassVar[str]
    tokens: Tokens
    kids: tuple[Type, ...]

    def _fill(self) -> None:
        """Compute the attributes that a class derives from its tokens."""

    def __reduce__(self) -> tuple[object, tuple[Data]]:
        return (from_data, (to_data(cast("Type", self)),))

    def __repr__(self) -> str:
        return f"<type {self.tag} {self.tokens} of {len(self.kids)}>"


_T = TypeVar("_T", bound=Term)
_interned: dict[tuple[type[Term], Tokens, tuple[Type, ...]], Term] = {}


def _make(cls: type[_T], tokens: Tokens, kids: tuple[Type, ...]) -> _T:
    key = (cls, tokens, kids)
    found = _interned.get(key)
    if found is None:
        found = object.__new__(cls)
        found.tokens = tokens
        found.kids = kids
        found._fill()
        found = _interned.setdefault(key, found)
    return cast(_T, found)


@final
class Any(Term):
    """Every value."""

    __slots__ = ()
    tag = "any"

    def __new__(cls) -> Any:
        return _make(cls, (), ())


@final
class Never(Term):
    """No value."""

    __slots__ = ()
    tag = "never"

    def __new__(cls) -> Never:
        return _make(cls, (), ())


@final
class Prim(Term):
    """A kind without structure; `name` is one of `PRIMS`."""

    __slots__ = ("name",)
    __match_args__ = ("name",)
    tag = "prim"
    name: str

    def __new__(cls, name: str) -> Prim:
        assert name in PRIMS, name
        return _make(cls, (name,), ())

    def _fill(self) -> None:
        self.name = str(self.tokens[0])


PRIMS: Final = (
    "int", "float", "number", "string", "bool", "nil", "keyword", "symbol", "fn",
    "timestamp", "uuid", "resource-handle", "error", "set",
)  # fmt: skip


class _Single(Term):
    __slots__ = ()
    __match_args__ = ("element",)

    @property
    def element(self) -> Type:
        """The type of each element."""
        return self.kids[0]


@final
class Vector(_Single):
    """A vector; bare `:vector` has elements of any type."""

    __slots__ = ()
    tag = "vector"

    def __new__(cls, element: Type) -> Vector:
        return _make(cls, (), (element,))


@final
class ListOf(_Single):
    """A list; bare `:list` has elements of any type."""

    __slots__ = ()
    tag = "list"

    def __new__(cls, element: Type) -> ListOf:
        return _make(cls, (), (element,))


@final
class Array(_Single):
    """Nested vectors; `shape` gives the length at each level, None for any. Without a shape: one vector."""

    __slots__ = ("shape",)
    __match_args__ = ("element", "shape")
    tag = "array"
    shape: tuple[int | None, ...]

    def __new__(cls, element: Type, shape: tuple[int | None, ...] = ()) -> Array:
        return _make(cls, tuple("?" if size is None else size for size in shape), (element,))

    def _fill(self) -> None:
        self.shape = tuple(size if isinstance(size, int) else None for size in self.tokens)


@final
class Tuple(Term):
    """A vector of exactly these elements."""

    __slots__ = ()
    __match_args__ = ("items",)
    tag = "tuple"

    def __new__(cls, items: Iterable[Type]) -> Tuple:
        return _make(cls, (), tuple(items))

    @property
    def items(self) -> tuple[Type, ...]:
        """The types position by position."""
        return self.kids


MapKey: TypeAlias = Keyword | str | int
Field: TypeAlias = "tuple[MapKey, Type, bool]"


@final
class MapType(Term):
    """A map with known keys: `fields` are (key, type, optional). Others pass, or conform to `rest`.

    Bare `:map` has no fields and no rest.
    """

    __slots__ = ("fields",)
    __match_args__ = ("fields", "rest")
    tag = "map"
    fields: tuple[Field, ...]

    def __new__(cls, fields: Iterable[Field], rest: Type | None = None) -> MapType:
        fields = tuple(fields)
        tokens: list[str | int] = [0 if rest is None else 1]
        for key, _, optional in fields:
            tokens += (encode_json(key), int(optional))
        kids = tuple(kind for _, kind, _ in fields)
        return _make(cls, tuple(tokens), kids if rest is None else (*kids, rest))

    def _fill(self) -> None:
        flags = self.tokens[2::2]
        keys = [cast(MapKey, decode_json(str(token))) for token in self.tokens[1::2]]
        self.fields = tuple(
            (key, kind, bool(flag)) for key, kind, flag in zip(keys, self.kids, flags, strict=False)
        )

    @property
    def rest(self) -> Type | None:
        """The type of the values under other keys, or None when they are not looked at."""
        return self.kids[-1] if self.tokens[0] else None


@final
class MapOf(Term):
    """A map whose keys are of one type and whose values are of another."""

    __slots__ = ()
    __match_args__ = ("key", "value")
    tag = "map-of"

    def __new__(cls, key: Type, value: Type) -> MapOf:
        return _make(cls, (), (key, value))

    @property
    def key(self) -> Type:
        """The type of each key."""
        return self.kids[0]

    @property
    def value(self) -> Type:
        """The type of each value."""
        return self.kids[1]


@final
class FnType(Term):
    """A function of `params`, then any number of `rest`. At run time any function conforms."""

    __slots__ = ()
    __match_args__ = ("params", "rest", "result")
    tag = "fn"

    def __new__(cls, params: Iterable[Type], rest: Type | None, result: Type) -> FnType:
        kids = (*params, result) if rest is None else (*params, rest, result)
        return _make(cls, (0 if rest is None else 1,), kids)

    @property
    def params(self) -> tuple[Type, ...]:
        """The types of the fixed parameters."""
        return self.kids[: -2 if self.tokens[0] else -1]

    @property
    def rest(self) -> Type | None:
        """The type of each further argument; None when there may be none."""
        return self.kids[-2] if self.tokens[0] else None

    @property
    def result(self) -> Type:
        """The type of the result."""
        return self.kids[-1]


@final
class Union(Term):
    """Any of at least two members; make one with `union`, which keeps it flat and without repetition."""

    __slots__ = ()
    __match_args__ = ("members",)
    tag = "union"

    def __new__(cls, members: Iterable[Type]) -> Union:
        return _make(cls, (), tuple(members))

    @property
    def members(self) -> tuple[Type, ...]:
        """The alternatives, in the order written."""
        return self.kids


@final
class And(Term):
    """A base type and what must hold besides: types and predicates."""

    __slots__ = ()
    __match_args__ = ("base", "checks")
    tag = "and"

    def __new__(cls, base: Type, checks: Iterable[Type]) -> And:
        return _make(cls, (), (base, *checks))

    @property
    def base(self) -> Type:
        """The type that is checked first."""
        return self.kids[0]

    @property
    def checks(self) -> tuple[Type, ...]:
        """The further types and predicates, in the order written."""
        return self.kids[1:]


class _Literals(Term):
    __slots__ = ("values",)
    values: tuple[object, ...]

    def _literals(self) -> Tokens:
        return self.tokens

    def _fill(self) -> None:
        self.values = tuple(decode_json(str(token)) for token in self._literals())


@final
class Predicate(_Literals):
    """A condition inside `And`, such as `[:> 0]`; `name` is a row of `type_checks.PREDICATES`."""

    __slots__ = ()
    __match_args__ = ("name", "values")
    tag = "predicate"

    def __new__(cls, name: str, values: Iterable[object] = ()) -> Predicate:
        return _make(cls, (name, *map(encode_json, values)), ())

    def _literals(self) -> Tokens:
        return self.tokens[1:]

    @property
    def name(self) -> str:
        """The predicate's name, without a colon."""
        return str(self.tokens[0])


@final
class Val(_Literals):
    """One value."""

    __slots__ = ()
    __match_args__ = ("value",)
    tag = "val"

    def __new__(cls, value: object) -> Val:
        return _make(cls, (encode_json(value),), ())

    @property
    def value(self) -> object:
        """The value."""
        return self.values[0]


@final
class Enum(_Literals):
    """One of some values."""

    __slots__ = ()
    __match_args__ = ("values",)
    tag = "enum"

    def __new__(cls, values: Iterable[object]) -> Enum:
        return _make(cls, tuple(map(encode_json, values)), ())


class _Named(Term):
    __slots__ = ()
    __match_args__ = ("name",)

    @property
    def name(self) -> str:
        """The name as written."""
        return str(self.tokens[0])


@final
class ResourceType(_Named):
    """A resource handle of a named sort; the sort is not checked."""

    __slots__ = ()
    tag = "resource"

    def __new__(cls, name: str) -> ResourceType:
        return _make(cls, (name,), ())


@final
class Alias(_Named):
    """A type with a name (`deftype`, `defstruct`).

    Without a target it stands for the alias of that name around it, which is how a type is recursive; when
    there is none, nothing conforms.
    """

    __slots__ = ()
    __match_args__ = ("name", "target")
    tag = "alias"

    def __new__(cls, name: str, target: Type | None = None) -> Alias:
        return _make(cls, (name,), () if target is None else (target,))

    @property
    def target(self) -> Type | None:
        """What the name stands for."""
        return self.kids[0] if self.kids else None


Type: TypeAlias = (
    Any | Never | Prim | Vector | ListOf | Array | Tuple | MapType | MapOf | FnType | Union | And | Predicate
    | Val | Enum | ResourceType | Alias
)  # fmt: skip

_CLASSES: Final[dict[str, type[Term]]] = {
    cls.tag: cls
    for cls in (
        Any, Never, Prim, Vector, ListOf, Array, Tuple, MapType, MapOf, FnType, Union, And, Predicate,
        Val, Enum, ResourceType, Alias,
    )
}  # fmt: skip

ANY: Final = Any()
NEVER: Final = Never()
INT: Final = Prim("int")
FLOAT: Final = Prim("float")
NUMBER: Final = Prim("number")
STRING: Final = Prim("string")
BOOL: Final = Prim("bool")
NIL: Final = Prim("nil")
KEYWORD: Final = Prim("keyword")
SYMBOL: Final = Prim("symbol")
FN: Final = Prim("fn")
TIMESTAMP: Final = Prim("timestamp")
UUID: Final = Prim("uuid")
RESOURCE: Final = Prim("resource-handle")
ERROR: Final = Prim("error")
SET: Final = Prim("set")
VECTOR: Final = Vector(ANY)
LIST: Final = ListOf(ANY)
MAP: Final = MapType(())


def union(members: Iterable[Type]) -> Type:
    """Make the type of all members: flat, each once, in the order given; one member is itself."""
    flat: dict[Type, None] = {}
    for member in members:
        if member is ANY:
            return ANY
        if isinstance(member, Union):
            flat.update(dict.fromkeys(member.members))
        elif member is not NEVER:
            flat[member] = None
    if len(flat) < 2:
        return next(iter(flat), NEVER)
    return Union(flat)


def optional(kind: Type) -> Type:
    """Make `T?`: the type or nil."""
    return union((kind, NIL))


@lru_cache(1024)
def unfold(alias: Alias) -> Type:
    """Give what an alias stands for, with the alias itself wherever its name stands inside."""
    return _with_alias(alias, alias) if alias.target is None else _with_alias(alias.target, alias)


def _with_alias(kind: Type, alias: Alias) -> Type:
    if isinstance(kind, Alias) and kind.name == alias.name:
        return alias if kind.target is None else kind
    return with_kids(kind, tuple(_with_alias(kid, alias) for kid in kind.kids))


def with_kids(kind: Type, kids: tuple[Type, ...]) -> Type:
    """Give the same type over other parts."""
    return kind if kids == kind.kids else _make(type(kind), kind.tokens, kids)


def to_data(kind: Type) -> Data:
    """Encode as a flat tuple of text and integers, the parts of a term before the term itself."""
    todo: list[Type] = [kind]
    groups: list[Data] = []
    while todo:
        term = todo.pop()
        groups.append((term.tag, len(term.kids), len(term.tokens), *term.tokens))
        todo.extend(term.kids)
    return tuple(token for group in reversed(groups) for token in group)


def from_data(data: Data) -> Type:
    """Read a type back.

    Raises: ValueError for what `to_data` does not give.
    """
    stack: list[Type] = []
    at = 0
    try:
        while at < len(data):
            tag, kids, tokens = data[at : at + 3]
            first = len(stack) - int(kids)
            if first < 0:
                raise ValueError("too few parts")
            below = tuple(stack[first:])
            del stack[first:]
            stack.append(cast("Type", _make(_CLASSES[str(tag)], data[at + 3 : at + 3 + int(tokens)], below)))
            at += 3 + int(tokens)
        (kind,) = stack
    except (KeyError, IndexError) as error:
        raise ValueError(f"not the data of a type: {error}") from None
    return kind
