"""Which Python classes a value may have, as far as code generation cares, and what builtins make of them.

In: kinds of operands. Out: kinds of results. A kind is a set of classes in the bits of an integer; the bits
from 16 on say the same of what a collection holds (the elements of a sequence, the values of a map). A
value outside its kind must be impossible. Join is `|`; NEVER, no bits, is the kind of what does not come
back. Kinds tell representations apart that are one type to the language: a tuple from a big vector.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from rtfs_runtime import types
from rtfs_runtime.builtins import BUILTINS
from rtfs_runtime.types import Type
from rtfs_runtime.values import Keyword, List

Kind = int

NEVER: Final = 0
NIL, BOOL, NATURAL, NEGATIVE, FLOAT, STR, KEYWORD, TUPLE, LIST, DICT, SET, BUFFER, OTHER = (
    1 << bit for bit in range(13)
)
"""NATURAL and NEGATIVE are integers; BUFFER is a Python list that a loop fills and nobody else sees; OTHER is
every class not named."""
INT: Final = NATURAL | NEGATIVE
BASE: Final = (1 << 13) - 1 & ~BUFFER
_ELEMENTS: Final = 16
ANY: Final = BASE | BASE << _ELEMENTS
NUMBER: Final = INT | FLOAT
KEY: Final = INT | STR | KEYWORD
_HOLDERS: Final = TUPLE | LIST | DICT | SET | BUFFER | OTHER
SEQUENCE: Final = TUPLE | LIST | SET | STR
"""What is seen element by element by everybody; OTHER may be a map, which some see as entries."""


def holding(base: Kind, element: Kind) -> Kind:
    """Make the kind of a collection that holds elements of a kind."""
    return base | (element & (1 << _ELEMENTS) - 1) << _ELEMENTS


def element(kind: Kind) -> Kind:
    """Give the kind of what a collection holds; what those hold in turn is not known."""
    if kind & STR:
        kind |= STR << _ELEMENTS
    base = kind >> _ELEMENTS
    return base | BASE << _ELEMENTS if base & _HOLDERS else base


def within(kind: Kind, base: Kind) -> bool:
    """Tell whether a value of a kind surely has one of some classes."""
    return not kind & (BASE | BUFFER) & ~base


def narrowed(kind: Kind, base: Kind) -> Kind:
    """Keep some classes only."""
    kind &= base | ~(BASE | BUFFER)
    return kind if kind & _HOLDERS else kind & (BASE | BUFFER)


ATOMS: Final = {type(None): NIL, bool: BOOL, int: INT, float: FLOAT, str: STR, Keyword: KEYWORD}


def of_constant(value: object) -> Kind:
    """Give the kind of a constant."""
    if type(value) is int:
        return NATURAL if value >= 0 else NEGATIVE
    atom = ATOMS.get(type(value))
    if atom is not None:
        return atom
    if isinstance(value, tuple):
        return holding(TUPLE, _union(map(of_atom, value)))
    if isinstance(value, dict):
        return holding(DICT, _union(map(of_atom, value.values())))
    return LIST | BASE << _ELEMENTS if isinstance(value, List) else ANY & ~BUFFER


def of_atom(value: object) -> Kind:
    """Give the kind of a constant without looking into it."""
    found = ATOMS.get(type(value))
    if found is None:
        found = TUPLE if isinstance(value, tuple) else DICT if isinstance(value, dict) else LIST | OTHER
    return found


def _union(kinds: object) -> Kind:
    total = 0
    for kind in kinds:  # type: ignore[attr-defined]
        total |= kind
    return total


_PRIMS: Final = {
    "int": INT, "number": NUMBER, "string": STR, "bool": BOOL, "nil": NIL, "keyword": KEYWORD,
    # an integer passes for a float
    "float": NUMBER,
}  # fmt: skip


EXACT: Final[Mapping[str, Kind]] = MappingProxyType({"tuple": TUPLE, "str": STR, "dict": DICT, "int": INT})
"""The kinds that `is_exactly` asks for, by their names."""


def of_type(want: Type) -> Kind:
    """Give the kind of a value that conforms to a type."""
    match want:
        case types.Prim(name=name):
            return _PRIMS.get(name, ANY)
        case types.Vector(element=item):
            return holding(TUPLE | OTHER, of_type(item))
        case types.Union(members=members):
            return _union(map(of_type, members))
        case types.MapOf(value=item):
            return holding(DICT | OTHER, of_type(item))
        case types.Enum(values=values):
            return _union(map(of_constant, values))
        case types.Never():
            return NEVER
        case _:
            return ANY


# -- what builtins give

_Rule = Callable[[list[Kind]], Kind]


def _arithmetic(args: list[Kind]) -> Kind:
    if not all(arg & NUMBER for arg in args):
        return NEVER
    found = FLOAT if any(arg & FLOAT for arg in args) else 0
    return found | INT if all(arg & INT for arg in args) else found


def _growing(args: list[Kind]) -> Kind:
    """Give the kind of a sum or product: natural when all are."""
    found = _arithmetic(args)
    return found & ~NEGATIVE if not any(arg & NEGATIVE for arg in args) else found


def _remainder(args: list[Kind]) -> Kind:
    # it has the sign of the dividend
    found = _arithmetic(args)
    return found if args[0] & NEGATIVE else found & ~NEGATIVE


def _whole(args: list[Kind]) -> Kind:
    if not all(arg & INT for arg in args):
        return NEVER
    return INT if any(arg & NEGATIVE for arg in args) else NATURAL


def _element_or_nil(args: list[Kind]) -> Kind:
    return element(args[0]) | NIL


def _same_sequence(at: int) -> _Rule:
    def rule(args: list[Kind]) -> Kind:
        return _sliced(args[at]) if len(args) > at else ANY

    return rule


def _sliced(kind: Kind) -> Kind:
    made = kind & (STR | LIST)
    if kind & (TUPLE | SET | OTHER):
        made |= TUPLE
    return made | kind & ~(BASE | BUFFER)


def _sorted(kind: Kind) -> Kind:
    made = _sliced(kind)
    return made if not kind & STR else ANY


def _nth(args: list[Kind]) -> Kind:
    return element(args[0]) | (args[2] if len(args) > 2 else 0)


def _get(args: list[Kind]) -> Kind:
    # an error value is looked up by its map view
    found = ANY if args[0] & OTHER else element(args[0])
    return found | (args[2] if len(args) > 2 else NIL)


def _conj(args: list[Kind]) -> Kind:
    first = args[0]
    if first & DICT:
        return ANY
    made = first & (LIST | SET) | (TUPLE | OTHER if first & TUPLE else 0) | first & OTHER
    return holding(made, first >> _ELEMENTS | _union(args[1:]))


def _assoc(args: list[Kind]) -> Kind:
    if len(args) < 3:
        return ANY
    held = args[0] >> _ELEMENTS | _union(args[2::2])
    made = (TUPLE if args[0] & TUPLE else 0) | (DICT if args[0] & DICT else 0) | OTHER
    return holding(made, held)


def _larger(args: list[Kind]) -> Kind:
    return _union(args) & NUMBER if len(args) > 1 else args[0]


def _vec(args: list[Kind]) -> Kind:
    if within(args[0], TUPLE | LIST | STR):
        return holding(TUPLE, element(args[0]))
    return ANY & (TUPLE | OTHER | ~BASE)


def _concat(args: list[Kind]) -> Kind:
    return holding(TUPLE, _union(element(arg) if within(arg, TUPLE | LIST | STR) else BASE for arg in args))


def counted(args: list[Kind]) -> Kind:
    """Give the kind of the numbers from a start up to an end, by a step."""
    upward = len(args) < 3 or not args[2] & NEGATIVE
    return NATURAL if upward and (len(args) == 1 or not args[0] & NEGATIVE) else INT


def _vector_of(kind: Kind) -> _Rule:
    return lambda args: holding(TUPLE, kind)


_RULES: Final[Mapping[str, _Rule]] = MappingProxyType(
    {
        **dict.fromkeys(("-", "dec"), _arithmetic),
        **dict.fromkeys(("+", "*", "inc"), _growing),
        "abs": lambda args: _arithmetic(args) & ~NEGATIVE,
        **dict.fromkeys(("count", "length", "string-length"), lambda args: NATURAL),
        "/": lambda args: INT | FLOAT if any(arg & NEGATIVE for arg in args) else NATURAL | FLOAT,
        "mod": _remainder,
        "quot": _whole,
        "max": _larger,
        "min": _larger,
        **dict.fromkeys(("first", "second", "last"), _element_or_nil),
        **dict.fromkeys(("rest", "butlast", "reverse", "subvec"), _same_sequence(0)),
        **dict.fromkeys(("take", "drop", "take-last", "drop-last"), _same_sequence(1)),
        "sort": lambda args: _sorted(args[0]) if len(args) == 1 else ANY,
        "sort-by": lambda args: _sorted(args[1]) if len(args) == 2 else ANY,
        "nth": _nth,
        "get": _get,
        "conj": _conj,
        "assoc": _assoc,
        "vec": _vec,
        "set": lambda args: holding(SET, element(args[0]) if within(args[0], SEQUENCE) else BASE),
        "concat": _concat,
        "vector": lambda args: holding(TUPLE, _union(args)),
        "range": lambda args: holding(TUPLE, counted(args)),
        "numbers": _vector_of(INT),
        "split": _vector_of(STR),
        "lines": _vector_of(STR),
        "re-seq": _vector_of(STR),
        "repeat": lambda args: holding(TUPLE, args[1]) if len(args) > 1 else ANY,
        "filter": lambda args: holding(TUPLE, args[1] >> _ELEMENTS) if len(args) > 1 else ANY,
        **dict.fromkeys(("map", "keep", "mapcat", "keys", "vals", "entries"), _vector_of(BASE)),
        "hash-map": lambda args: DICT | BASE << _ELEMENTS,
        "frequencies": lambda args: holding(DICT, NATURAL),
        "group-by": lambda args: holding(DICT, TUPLE),
        "identity": lambda args: args[0] if args else ANY,
        "and": lambda args: _union(args) | BOOL,
        "or": lambda args: _union(args) | BOOL,
    }
)

_RESULTS: Final[Mapping[str, Kind]] = MappingProxyType(
    {
        ":int]": INT,
        ":float]": FLOAT,
        ":number]": NUMBER,
        ":string]": STR,
        ":bool]": BOOL,
        ":nil]": NIL,
        ":keyword]": KEYWORD,
        ":int?]": INT | NIL,
        ":float?]": FLOAT | NIL,
        ":string?]": STR | NIL,
        ":map]": DICT | OTHER | BASE << _ELEMENTS,
        ":never]": NEVER,
    }
)


def of_builtin(name: str, args: list[Kind]) -> Kind:
    """Give the kind of what a builtin gives, when it gives something."""
    row = BUILTINS[name]
    if row.host:
        return ANY
    rule = _RULES.get(row.name)
    if rule is not None:
        return rule(args)
    return _RESULTS.get(row.type[row.type.rindex(" ") + 1 :], ANY)


_ARITHMETIC: Final = frozenset(
    {"+", "-", "*", "/", "mod", "inc", "dec", "abs", "sqrt", "even?", "odd?", "zero?", "pos?", "neg?"}
)
_ORDER: Final = frozenset({"<", "<=", ">", ">="})


def wanted(name: str, args: list[Kind]) -> list[Kind] | None:
    """Say which classes the arguments of a builtin have when it did not fail; None when that says nothing."""
    name = BUILTINS[name].name
    if name in _ARITHMETIC:
        return [NUMBER] * len(args)
    if name == "quot":
        return [INT] * len(args)
    if name in _ORDER and len(args) == 2:
        left, right = args
        if within(left, NUMBER) or within(right, NUMBER):
            return [NUMBER, NUMBER]
        return [STR, STR] if within(left, STR) or within(right, STR) else [NUMBER | STR] * 2
    if name in ("max", "min") and len(args) > 1:
        return [NUMBER] * len(args)
    if name == "nth" and len(args) == 2:
        return [ANY | BUFFER, INT]
    if name in ("get", "assoc"):
        return [ANY | BUFFER, KEY]
    return None


_PREDICATES: Final[Mapping[str, Kind]] = MappingProxyType(
    {
        "nil?": NIL,
        "bool?": BOOL,
        "true?": BOOL,
        "int?": INT,
        "float?": FLOAT,
        "number?": NUMBER,
        "string?": STR,
        "keyword?": KEYWORD,
        "list?": LIST,
        "vector?": TUPLE | OTHER,
        "map?": DICT | OTHER,
    }
)
_TWO_SIDED: Final = frozenset({"nil?", "bool?", "int?", "float?", "number?", "string?", "keyword?", "list?"})


def predicate(name: str) -> tuple[Kind, Kind] | None:
    """Give the classes for which a predicate holds, and those for which it does not."""
    name = BUILTINS[name].name
    yes = _PREDICATES.get(name)
    if yes is None:
        return None
    return yes, BASE & ~yes if name in _TWO_SIDED else BASE


_BOOLEAN_OPS: Final = frozenset(
    {
        "is_exactly",
        "is_seq",
        "is_seq_least",
        "is_map",
        "map_has",
        "set_has",
        "equal",
        "conforms",
        "is_kind",
        "has_key",
    }
)


OP_NEEDS: Final[Mapping[str, tuple[Kind, ...]]] = MappingProxyType(
    {
        "dict_put": (ANY | BUFFER, KEY),
        "list_put": (ANY | BUFFER, INT),
        **dict.fromkeys(("quotient", "floor_quotient", "exact_quotient", "residue"), (NUMBER, NUMBER)),
    }
)
"""Which classes the first operands of some operations have when they did not fail."""


def _exact_quotient(args: list[Kind]) -> Kind:
    found = INT if any(arg & NEGATIVE for arg in args) else NATURAL
    return found if all(within(arg, INT) for arg in args) else found | FLOAT


def _entry(args: list[Kind]) -> Kind:
    return ANY if args[0] & OTHER else element(args[0]) | NIL


_HELD: Final = BASE << _ELEMENTS
_OPS: Final[Mapping[str, _Rule]] = MappingProxyType(
    {
        **dict.fromkeys(_BOOLEAN_OPS, lambda args: BOOL),
        **dict.fromkeys(
            ("items", "vector_items"), lambda args: holding(args[0] & STR | TUPLE, element(args[0]))
        ),
        **dict.fromkeys(
            ("for_items", "seq_items", "seq_exact", "seq_least", "seq_view", "list_tuple"),
            lambda args: holding(TUPLE, element(args[0])),
        ),
        "times": lambda args: holding(OTHER, NATURAL),
        **dict.fromkeys(("count_end", "seq_size"), lambda args: INT),
        "count_items": lambda args: holding(OTHER, counted(args[:3])),
        "range_items": lambda args: holding(OTHER, counted(args)),
        "seq_head": lambda args: element(args[0]) | NIL,
        "seq_from": lambda args: _sliced(args[0]),
        "seq_at": lambda args: element(args[0]),
        "map_view": lambda args: args[0] if within(args[0], DICT) else ANY,
        **dict.fromkeys(("map_get", "old_value", "path_value"), _entry),
        **dict.fromkeys(
            ("quotient", "floor_quotient"),
            lambda args: INT if any(arg & (NEGATIVE | FLOAT) for arg in args) else NATURAL,
        ),
        "exact_quotient": _exact_quotient,
        "residue": _arithmetic,
        # nil may stand for an empty map
        "put": lambda args: _assoc([args[0] | DICT if args[0] & NIL else args[0], *args[1:3]]),
        "list_taken": lambda args: BUFFER | _HELD,
        **dict.fromkeys(("dict_taken", "set_of", "set_put", "set_taken"), lambda args: DICT | _HELD),
        "list_new": lambda args: BUFFER,
        "list_of": lambda args: holding(BUFFER, element(args[0])),
        "list_push": lambda args: holding(BUFFER, args[0] >> _ELEMENTS | args[1]),
        "list_extend": lambda args: holding(BUFFER, args[0] >> _ELEMENTS | element(args[1])),
        "list_put": lambda args: holding(BUFFER, args[0] >> _ELEMENTS | args[2]),
        "dict_new": lambda args: DICT,
        "set_from": lambda args: SET | _HELD,
        "dict_of": lambda args: holding(DICT, element(args[0])),
        "dict_put": lambda args: holding(DICT, args[0] >> _ELEMENTS | args[2]),
        "list_append": lambda args: NIL,
        "elements": lambda args: holding(TUPLE | STR, element(args[0])) if within(args[0], SEQUENCE) else ANY,
    }
)


def of_op(name: str, args: list[Kind]) -> Kind:
    """Give the kind of what a function of the ABI gives."""
    rule = _OPS.get(name)
    return ANY if rule is None else rule(args)
