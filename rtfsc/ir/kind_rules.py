"""What builtins and operations make of kinds (`rtfsc.ir.kinds`).

In: kinds of operands. Out: kinds of results, kinds that hold of parts of them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Final

from rtfs_runtime.builtins import BUILTINS
from rtfs_runtime.values import Keyword
from rtfsc.ir.kinds import (
    ANY,
    ANYTHING_HELD,
    BASE,
    BIG_MAP,
    BIG_VECTOR,
    BOOL,
    BUFFER,
    DICT,
    EVERY,
    FLOAT,
    INT,
    KEY,
    KEYWORD,
    LIST,
    MAP,
    NATURAL,
    NEGATIVE,
    NEVER,
    NIL,
    NUMBER,
    OTHER,
    SEQUENCE,
    SET,
    STR,
    TUPLE,
    VECTOR,
    Detailed,
    Kind,
    detailed,
    element,
    entry,
    holding,
    items,
    join,
    narrowed,
    part,
    union,
    within,
)
from rtfsc.ir.nodes import Const, Expr

_KEPT: Final = 1 << 13

# -- what builtins give

_Rule = Callable[[list[Kind]], Kind]


def _arithmetic(args: list[Kind]) -> Kind:
    some, whole = 0, True
    for arg in args:
        if not arg & NUMBER:
            return NEVER
        some |= arg
        whole = whole and arg & INT != 0
    return some & FLOAT | INT if whole else some & FLOAT


def _growing(args: list[Kind]) -> Kind:
    """Give the kind of a sum or product: natural when all are."""
    found = _arithmetic(args)
    for arg in args:
        if arg & NEGATIVE:
            return found
    return found & ~NEGATIVE


def _remainder(args: list[Kind]) -> Kind:
    # it has the sign of the dividend
    found = _arithmetic(args)
    return found if args[0] & NEGATIVE else found & ~NEGATIVE


def _whole(args: list[Kind]) -> Kind:
    if not all(arg & INT for arg in args):
        return NEVER
    return INT if any(arg & NEGATIVE for arg in args) else NATURAL


def _element_or_nil(args: list[Kind]) -> Kind:
    return join(element(args[0]), NIL)


def _same_sequence(at: int) -> _Rule:
    return lambda args: _sliced(args[at]) if len(args) > at and not args[at] & MAP else ANY


def _sliced(kind: Kind) -> Kind:
    made = kind & (STR | LIST)
    if kind & (VECTOR | SET | BUFFER | OTHER):
        made |= TUPLE
    return holding(made, element(kind))


def _sorted(kind: Kind) -> Kind:
    return _sliced(kind) if not kind & STR else ANY


def _nth(args: list[Kind]) -> Kind:
    return join(element(args[0]), args[2] if len(args) > 2 else NEVER)


def _get(args: list[Kind]) -> Kind:
    # an error value is looked up by its map view
    found = ANY if args[0] & OTHER else element(args[0])
    return join(found, args[2] if len(args) > 2 else NIL)


def _grown(kind: Kind) -> Kind:
    """Give the classes of a changed copy: what gets larger may change its representation."""
    made = kind & (LIST | SET)
    if kind & (VECTOR | BUFFER):
        made |= VECTOR
    return made | MAP if kind & MAP else made


def _conj(args: list[Kind]) -> Kind:
    if args[0] & MAP:
        return ANY
    return holding(_grown(args[0]), join(element(args[0]), union(args[1:])))


def _assoc(args: list[Kind]) -> Kind:
    if len(args) < 3:
        return ANY
    return holding(_grown(args[0]), join(element(args[0]), union(args[2::2])))


def _larger(args: list[Kind]) -> Kind:
    if len(args) < 2:
        return args[0]
    found = union(args) & NUMBER
    # one that is surely a natural number is beaten by none that is negative
    return found & ~NEGATIVE if any(within(arg, NATURAL) for arg in args) else found


def _smaller(args: list[Kind]) -> Kind:
    return union(args) & NUMBER if len(args) > 1 else args[0]


def _vec(args: list[Kind]) -> Kind:
    return holding(TUPLE | args[0] & BIG_VECTOR, items(args[0]))


def _joined(args: list[Kind]) -> Kind:
    # what is no sequence is an element itself
    return holding(TUPLE, union(element(arg) if within(arg, SEQUENCE) else ANY for arg in args))


def _into(args: list[Kind]) -> Kind:
    target, source = args
    met = items(source)
    if within(target, MAP):
        value = element(source) if within(source, MAP) else part(met, 1) or element(met)
        return holding(DICT, join(element(target), value))
    made = target & (LIST | SET) | (TUPLE if target & VECTOR else NEVER)
    return holding(made, join(element(target), met)) if not target & MAP else ANY


def _merge(args: list[Kind]) -> Kind:
    if all(within(arg, MAP) for arg in args):
        return holding(MAP, union(map(element, args)))
    return ANY


def _kept(args: list[Kind]) -> Kind:
    """Give the kind of a vector of some of the elements of the second argument."""
    return holding(TUPLE, items(args[1])) if len(args) > 1 else ANY


def _less(args: list[Kind]) -> Kind:
    return holding(MAP, element(args[0])) if within(args[0], MAP) else ANY


def counted(args: list[Kind]) -> Kind:
    """Give the kind of the numbers from a start up to an end, by a step."""
    upward = len(args) < 3 or not args[2] & NEGATIVE
    return NATURAL if upward and (len(args) == 1 or not args[0] & NEGATIVE) else INT


def _parted(args: list[Kind]) -> Kind:
    return holding(TUPLE, holding(TUPLE, element(args[1]))) if len(args) > 1 else ANY


_JSON: Final = ANY // BASE * (NIL | BOOL | INT | FLOAT | STR | TUPLE | DICT)
"""What JSON can say, at every level."""


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
        **dict.fromkeys(("index-of", "last-index-of"), lambda args: NATURAL | NIL),
        "max": _larger,
        "min": _smaller,
        **dict.fromkeys(("first", "second", "last"), _element_or_nil),
        **dict.fromkeys(("rest", "butlast", "reverse", "subvec", "distinct", "dedupe"), _same_sequence(0)),
        **dict.fromkeys(("take", "drop", "take-last", "drop-last", "take-nth"), _same_sequence(1)),
        **dict.fromkeys(("split-at", "split-with"), lambda args: holding(TUPLE, _same_sequence(1)(args))),
        **dict.fromkeys(("partition", "partition-by"), _parted),
        "interpose": lambda args: holding(TUPLE, join(args[0], element(args[1]))),
        "interleave": lambda args: holding(TUPLE, union(map(element, args))),
        "sort": lambda args: _sorted(args[0]) if len(args) == 1 else ANY,
        "sort-by": lambda args: _sorted(args[1]) if len(args) == 2 else ANY,
        "nth": _nth,
        "get": _get,
        "conj": _conj,
        "assoc": _assoc,
        "vec": _vec,
        "set": lambda args: holding(SET, items(args[0])),
        "concat": _joined,
        "cons": lambda args: holding(TUPLE | args[1] & LIST, element(args[1]) | args[0]),
        "into": _into,
        "merge": _merge,
        "dissoc": _less,
        "select-keys": lambda args: holding(DICT, element(args[0])),
        "zipmap": lambda args: holding(DICT, element(args[1])),
        "vector": lambda args: holding(TUPLE, union(args)),
        "range": lambda args: holding(TUPLE, counted(args)),
        "numbers": _vector_of(INT),
        "split": _vector_of(STR),
        "lines": _vector_of(STR),
        "re-seq": _vector_of(STR),
        "repeat": lambda args: holding(TUPLE, args[1]) if len(args) > 1 else ANY,
        "filter": _kept,
        **dict.fromkeys(("remove", "take-while", "drop-while"), _same_sequence(1)),
        **dict.fromkeys(("map", "keep", "mapcat", "keep-indexed", "reductions", "flatten"), _vector_of(ANY)),
        "keys": _vector_of(KEY),
        "vals": lambda args: holding(TUPLE, element(args[0])),
        "entries": lambda args: holding(TUPLE, entry(args[0])),
        **dict.fromkeys(("key", "val"), lambda args: element(args[0])),
        "hash-map": lambda args: holding(DICT, union(args[1::2])),
        "parse-json": lambda args: _JSON,
        "frequencies": lambda args: holding(DICT, NATURAL),
        "group-by": lambda args: holding(DICT, _kept(args)),
        "identity": lambda args: args[0] if args else ANY,
        "and": lambda args: union(args) | BOOL,
        "or": lambda args: union(args) | BOOL,
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
        ":map]": MAP | OTHER | ANYTHING_HELD,
        ":never]": NEVER,
    }
)


def of_builtin(name: str, args: list[Kind]) -> Kind:
    """Give the kind of what a builtin gives, when it gives something."""
    return _of_builtin(name, tuple(args))


# programs ask the same of a few kinds over and over
@lru_cache(_KEPT)
def _of_builtin(name: str, given: tuple[Kind, ...]) -> Kind:
    row, args = BUILTINS[name], list(given)
    if row.host:
        return ANY
    rule = _RULES.get(row.name)
    if rule is not None:
        return rule(args)
    return _RESULTS.get(row.type[row.type.rindex(" ") + 1 :], ANY)


# where the second argument says what is read
_READS: Final = frozenset({"nth", "get", "seq_at", "map_get", "old_value", "path_value"})
_FIRST: Final[Mapping[str, int]] = MappingProxyType(
    {"first": 0, "seq_head": 0, "second": 1, "key": 0, "val": 1}
)
_SAME: Final = frozenset({"conj", "vec", "seq_exact", "seq_least", "seq_items", "seq_view"})
_OF_PARTS: Final = _READS | _FIRST.keys() | _SAME | {"assoc", "put", "dict_put", "dissoc"}


def of_parts(name: str, nodes: tuple[Expr, ...], args: list[Kind]) -> Kind | None:
    """Give the kind of what reads or changes known parts; None where the plain rules say it."""
    if name not in _OF_PARTS or not args:
        return None
    # nothing else can be changed
    base = narrowed(args[0], VECTOR | MAP) if name == "assoc" else args[0]
    if not base or not within(base, VECTOR | MAP):
        return None
    if name in _READS and len(args) > 1:
        return part(base, _key(nodes[1]))
    if name in _FIRST:
        return part(base, _FIRST[name])
    if name == "assoc" and len(args) > 2 and len(args) % 2:
        return _changed(base, [_key(node) for node in nodes[1::2]], args[2::2])
    if name in ("put", "dict_put"):
        made = _changed(base, [_key(nodes[1])], args[2:3])
        return made if name == "put" else _in_class(made, DICT)
    if not isinstance(base, Detailed):
        return None
    if name == "dissoc":
        gone = [_key(node) for node in nodes[1:]]
        parts = {} if None in gone else {key: kind for key, kind in base.parts.items() if key not in gone}
        return detailed(of_builtin(name, args) | NEVER, parts, base.held)
    if name in _SAME and within(base, VECTOR):
        made = of_builtin(name, args) if name in ("conj", "vec") else of_op(name, args)
        return detailed(made | NEVER, base.parts, element(made))
    return None


def _key(node: Expr) -> object:
    """Give the key that is written at a call; None where it is found at run time."""
    return node.value if isinstance(node, Const) and isinstance(node.value, (int, str, Keyword)) else None


def _changed(base: Kind, keys: list[object], values: list[Kind]) -> Kind:
    """Give the kind of a map or vector with other values under some keys."""
    parts = dict(base.parts) if isinstance(base, Detailed) else {}
    held = element(base)
    for key, value in zip(keys, values, strict=True):
        held = join(held, value)
        if key is None:
            parts = {known: join(kind, value) for known, kind in parts.items()}
        else:
            parts[key] = value
    return detailed(holding(_grown(base), held) | NEVER, parts, held)


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
        "is_owned",
    }
)


def _exact_quotient(args: list[Kind]) -> Kind:
    found = INT if any(arg & NEGATIVE for arg in args) else NATURAL
    return found if all(within(arg, INT) for arg in args) else found | FLOAT


def _entry(args: list[Kind]) -> Kind:
    return ANY if args[0] & OTHER else join(element(args[0]), NIL)


def _in_class(kind: Kind, base: Kind) -> Kind:
    """Say that a kind has other classes, but holds what it holds."""
    made = base | kind & ~EVERY
    return detailed(made, kind.parts, kind.held) if isinstance(kind, Detailed) else made


def _settled(kind: Kind) -> Kind:
    return _in_class(kind, kind & BASE | TUPLE) if kind & BUFFER else kind


def _listed(args: list[Kind]) -> Kind:
    return _in_class(args[0], args[0] & EVERY | BUFFER) if args[0] & VECTOR else args[0]


def _owned(args: list[Kind]) -> Kind:
    made = _listed(args)
    return _in_class(made, made & EVERY | DICT) if made & BIG_MAP else made


def _counted_down_too(args: list[Kind]) -> Kind:
    # the end that it counts down to is never passed
    down = within(args[1], NATURAL) and within(args[3], NEGATIVE)
    return holding(OTHER, NATURAL if down else counted(args[:3]))


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
        "count_items": _counted_down_too,
        "range_items": lambda args: holding(OTHER, counted(args)),
        "seq_head": _element_or_nil,
        "seq_from": lambda args: _sliced(args[0]),
        "seq_rest": lambda args: holding(TUPLE | args[2] & LIST, element(args[0])),
        "map_without": lambda args: holding(DICT, element(args[0])),
        "seq_at": lambda args: element(args[0]),
        "map_view": lambda args: args[0] if within(args[0], MAP) else ANY,
        **dict.fromkeys(("map_get", "old_value", "path_value"), _entry),
        **dict.fromkeys(
            ("quotient", "floor_quotient"),
            lambda args: INT if any(arg & (NEGATIVE | FLOAT) for arg in args) else NATURAL,
        ),
        "exact_quotient": _exact_quotient,
        "residue": _arithmetic,
        # nil may stand for an empty map
        "put": lambda args: _assoc([args[0] | DICT if args[0] & NIL else args[0], *args[1:3]]),
        "list_taken": lambda args: holding(BUFFER, element(args[0])),
        **dict.fromkeys(("dict_taken", "set_taken"), lambda args: holding(DICT, element(args[0]))),
        "set_of": lambda args: holding(DICT, items(args[0])),
        "members": lambda args: holding(DICT, element(args[0])),
        "set_extend": lambda args: holding(DICT, join(element(args[0]), element(args[1]))),
        "set_put": lambda args: holding(DICT, join(element(args[0]), args[1])),
        "list_new": lambda args: BUFFER,
        "list_of": lambda args: holding(BUFFER, element(args[0])),
        **dict.fromkeys(
            ("list_pop", "list_rest", "list_cut", "list_take", "list_drop", "list_drop_last", "list_sort"),
            lambda args: holding(BUFFER, element(args[0])),
        ),
        "dict_pour": lambda args: holding(DICT, join(element(args[0]), element(_into([DICT, args[1]])))),
        **dict.fromkeys(("dict_merge", "set_join"), lambda args: holding(DICT, union(map(element, args)))),
        **dict.fromkeys(("dict_drop", "set_drop"), lambda args: holding(DICT, element(args[0]))),
        "list_push": lambda args: holding(BUFFER, join(element(args[0]), args[1])),
        "list_extend": lambda args: holding(BUFFER, join(element(args[0]), element(args[1]))),
        "list_put": lambda args: holding(BUFFER, join(element(args[0]), args[2])),
        "dict_new": lambda args: DICT,
        "set_from": lambda args: holding(SET, element(args[0])),
        "dict_of": lambda args: holding(DICT, element(args[0])),
        "dict_put": lambda args: holding(DICT, join(element(args[0]), args[2])),
        "list_append": lambda args: NIL,
        "sorted_by": lambda args: holding(TUPLE | args[1] & LIST, element(args[1])),
        "sorted_as": lambda args: holding(NIL | TUPLE | args[1] & LIST, element(args[1])),
        "grouped_by": lambda args: holding(DICT, holding(TUPLE, element(args[1]))),
        "parted_by": lambda args: holding(TUPLE, holding(TUPLE, element(args[1]))),
        **dict.fromkeys(("raw", "listed"), _listed),
        "list_with": lambda args: _listed([_conj([_settled(args[0]), args[1]])]),
        "set_with": lambda args: _listed([_conj([_settled(args[0]), args[1]])]),
        "owned_set": lambda args: args[0],
        "settled": lambda args: _settled(args[0]),
        "owned": _owned,
        "owned_new": lambda args: OTHER,
        "disown": lambda args: NIL,
        "grown": lambda args: holding(args[0] & EVERY, join(element(args[0]), args[1])),
        "nest_list": lambda args: holding(TUPLE, _settled(element(args[0]))),
        "nest_dict": lambda args: holding(DICT, _settled(element(args[0]))),
        "elements": lambda args: holding(TUPLE | args[0] & STR, items(args[0])),
    }
)


def of_op(name: str, args: list[Kind]) -> Kind:
    """Give the kind of what a function of the ABI gives."""
    rule = _OPS.get(name)
    return ANY if rule is None else rule(args)
