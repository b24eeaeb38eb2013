"""Each builtin that loops against the Python expression one would write, at three sizes.

In: sizes on the command line (`python -m benchmarks.builtins 10 1000 100000`). Out: a table of ratios, each
builtin against Python in its row; above 1.5 at 1,000 elements the last column says which rule costs it.
Callbacks are the same Python functions on both sides: what is measured is the builtin's own loop.
"""

from __future__ import annotations

import functools
import itertools
import json
import random
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

from benchmarks.paired import compare
from rtfs_runtime.builtins import BUILTINS
from rtfs_runtime.equality import equal
from rtfs_runtime.values import Keyword

SIZES = (10, 1_000, 100_000)
BAR = 1.5
_CLASSES = "1, 1.0 and true differ, NaN differs from itself: classes are compared too"
_CHECKED = "each element is checked: booleans are no numbers"
_KEYS = "each key is checked: keywords, strings and integers may be keys"
_LIMIT = "the length is known before the text is made: shared texts could fill the memory"
_DISPLAY = "floats, nil, booleans and keywords are written otherwise than by `repr`"
_JSON = "keys of keywords are texts; what the standard codec treats otherwise is looked for"
_CALLS = "functions are called by bytecode, never from C, whose recursion has no guard"
_A, _B, _C = Keyword("a"), Keyword("b"), Keyword("c")


class Case(NamedTuple):
    """A builtin on arguments and the Python that gives the same; `rule` is what costs more than the bar."""

    name: str
    python: Callable[[], object]
    builtin: Callable[[], object]
    rule: str = ""


def _inc(value: Any) -> Any:
    return value + 1


def _is_odd(value: Any) -> bool:
    return bool(value % 2)


def _add(left: Any, right: Any) -> Any:
    return left + right


def _pair(left: Any, right: Any) -> Any:
    return (left, right)


def _before(left: Any, right: Any) -> bool:
    return bool(left < right)


def _twice(value: Any) -> Any:
    return (value, value)


def _bucket(value: Any) -> Any:
    return value % 16


def _yes(_value: Any) -> bool:
    return True


def _no(_value: Any) -> bool:
    return False


def _is_before(left: Any, right: Any) -> int:
    return -1 if left < right else 1


def _call(name: str, *args: Any) -> Callable[[], Any]:
    function = BUILTINS[name].function
    return lambda: function(*args)


class Data:
    """Arguments of a size, the same in every run."""

    def __init__(self, size: int) -> None:
        chance = random.Random(size)
        self.ints = tuple(chance.randrange(10**6) for _ in range(size))
        self.same = tuple(int(str(each)) for each in self.ints)
        self.floats = tuple(chance.random() for _ in range(size))
        self.texts = tuple(f"text {each}" for each in self.ints)
        self.same_texts = tuple(f"text {each}" for each in self.ints)
        self.keywords = tuple(Keyword(f"k{each % 50}") for each in self.ints)
        self.nested = tuple(tuple(range(4)) for _ in range(max(1, size // 4)))
        self.pairs = tuple((f"k{at}", each) for at, each in enumerate(self.ints))
        self.map = dict(self.pairs)
        self.same_map = {key: int(str(value)) for key, value in self.pairs}
        self.records = tuple({_A: each, _B: f"b{each}", _C: each % 7 == 0} for each in self.ints)
        self.same_records = tuple(
            {_A: int(str(each)), _B: f"b{each}", _C: each % 7 == 0} for each in self.ints
        )
        self.rows = tuple({_A: each, _B: f"b{each % 16}"} for each in self.ints)
        self.plain = [{"a": each, "b": f"b{each}", "c": each % 7 == 0} for each in self.ints]
        self.json = json.dumps(self.plain)
        self.text = " ".join(self.texts)
        self.at = size // 2


def cases(size: int) -> Iterator[Case]:
    """Give the cases of a size."""
    data = Data(size)
    return itertools.chain(
        _loops(data), _folds(data), _sorting(data), _sequences(data), _maps(data), _texts(data), _values(data)
    )


def _loops(d: Data) -> Iterator[Case]:
    xs = d.ints
    yield Case("map", lambda: tuple([_inc(x) for x in xs]), _call("map", _inc, xs))
    yield Case("map, a keyword", lambda: tuple([r.get(_A) for r in d.records]), _call("map", _A, d.records))
    yield Case("filter", lambda: tuple([x for x in xs if _is_odd(x)]), _call("filter", _is_odd, xs))
    yield Case("remove", lambda: tuple([x for x in xs if not _is_odd(x)]), _call("remove", _is_odd, xs))
    yield Case("keep", lambda: tuple([y for x in xs if (y := _inc(x)) is not None]), _call("keep", _inc, xs))
    yield Case(
        "map-indexed",
        lambda: tuple([_pair(i, x) for i, x in enumerate(xs)]),
        _call("map-indexed", _pair, xs),
    )
    yield Case("mapcat", lambda: tuple([y for x in xs for y in _twice(x)]), _call("mapcat", _twice, xs))
    yield Case("every?", lambda: all(_yes(x) for x in xs), _call("every?", _yes, xs))
    yield Case("some?", lambda: any(_no(x) for x in xs), _call("some?", _no, xs))
    yield Case("take-while", lambda: tuple(itertools.takewhile(_yes, xs)), _call("take-while", _yes, xs))
    yield Case(
        "drop-while", lambda: tuple(itertools.dropwhile(_yes, xs)), _call("drop-while", _yes, xs), _CALLS
    )
    yield Case("partition-by", lambda: _runs(xs), _call("partition-by", _bucket, xs), _CLASSES)
    yield Case("group-by", lambda: _grouped(xs), _call("group-by", _bucket, xs), _KEYS)
    yield Case("group-by, a keyword", lambda: _grouped_rows(d.rows), _call("group-by", _B, d.rows))
    yield Case(
        "update-vals", lambda: {k: _inc(v) for k, v in d.map.items()}, _call("update-vals", d.map, _inc)
    )


def _runs(xs: tuple[Any, ...]) -> object:
    return tuple([tuple(run) for _, run in itertools.groupby(xs, _bucket)])


def _grouped(xs: tuple[Any, ...]) -> object:
    groups: dict[Any, list[Any]] = {}
    for x in xs:
        groups.setdefault(_bucket(x), []).append(x)
    return {key: tuple(group) for key, group in groups.items()}


def _grouped_rows(rows: tuple[Any, ...]) -> object:
    groups: dict[Any, list[Any]] = {}
    for row in rows:
        groups.setdefault(row[_B], []).append(row)
    return {key: tuple(group) for key, group in groups.items()}


def _folds(d: Data) -> Iterator[Case]:
    xs = d.ints
    plus = BUILTINS["+"].function
    yield Case("reduce", lambda: functools.reduce(_add, xs), _call("reduce", _add, xs))
    yield Case("reduce, +", lambda: functools.reduce(_add, xs), _call("reduce", plus, xs))
    yield Case("reductions", lambda: tuple(itertools.accumulate(xs, _add)), _call("reductions", _add, xs))
    yield Case("+", lambda: sum(xs), lambda: plus(*xs), _CHECKED)
    yield Case("max", lambda: max(xs), _call("max", *xs), _CHECKED)
    yield Case("apply, max", lambda: max(xs), _call("apply", BUILTINS["max"].function, xs), _CHECKED)
    yield Case("frequencies", lambda: dict(Counter(xs)), _call("frequencies", xs), _CLASSES)
    yield Case("merge-with", lambda: _merged(d.map), _call("merge-with", _add, d.map, d.map))


def _merged(left: dict[Any, Any]) -> dict[Any, Any]:
    made = dict(left)
    for key, value in left.items():
        made[key] = _add(made[key], value) if key in made else value
    return made


def _sorting(d: Data) -> Iterator[Case]:
    compared = functools.cmp_to_key(_is_before)
    mixed = tuple(itertools.chain.from_iterable(zip(d.ints, d.texts, strict=True)))[: len(d.ints)]
    yield Case("sort, integers", lambda: tuple(sorted(d.ints)), _call("sort", d.ints))
    yield Case("sort, strings", lambda: tuple(sorted(d.texts)), _call("sort", d.texts))
    yield Case(
        "sort, vectors",
        lambda: tuple(sorted(d.pairs)),
        _call("sort", d.pairs),
        "vectors of one shape are left to C, which is looked at first",
    )
    yield Case(
        "sort, mixed kinds",
        lambda: tuple(sorted(mixed, key=lambda x: (isinstance(x, str), x))),
        _call("sort", mixed),
    )
    yield Case(
        "sort, a function",
        lambda: tuple(sorted(d.ints, key=compared)),
        _call("sort", _before, d.ints),
        _CALLS,
    )
    yield Case("sort, <", lambda: tuple(sorted(d.ints)), _call("sort", BUILTINS["<"].function, d.ints))
    yield Case(
        "sort-by", lambda: tuple(sorted(d.ints, key=_bucket)), _call("sort-by", _bucket, d.ints), _CALLS
    )
    yield Case(
        "sort-by, a keyword",
        lambda: tuple(sorted(d.records, key=lambda r: r[_A])),
        _call("sort-by", _A, d.records),
    )


def _sequences(d: Data) -> Iterator[Case]:
    xs, at = d.ints, d.at
    yield Case("distinct", lambda: tuple(dict.fromkeys(xs)), _call("distinct", xs), _CLASSES)
    yield Case("distinct, records", lambda: _unique(d.records), _call("distinct", d.records), _CLASSES)
    yield Case("contains?", lambda: xs[-1] in xs, _call("contains?", xs, d.same[-1]))
    yield Case("index-of", lambda: xs.index(xs[-1]), _call("index-of", xs, d.same[-1]))
    yield Case("reverse", lambda: xs[::-1], _call("reverse", xs))
    yield Case(
        "partition", lambda: tuple([xs[i : i + 4] for i in range(0, len(xs), 4)]), _call("partition", 4, xs)
    )
    yield Case("interpose", lambda: _interposed(xs), _call("interpose", 0, xs))
    yield Case(
        "interleave",
        lambda: tuple([x for two in zip(xs, d.texts, strict=False) for x in two]),
        _call("interleave", xs, d.texts),
    )
    yield Case(
        "flatten",
        lambda: tuple([x for row in d.nested for x in row]),
        _call("flatten", d.nested),
        "what is nested is looked for at every level",
    )
    yield Case("concat", lambda: (*xs, *d.texts), _call("concat", xs, d.texts))
    yield Case("into a vector", lambda: (*xs, *d.texts), _call("into", xs, d.texts))
    yield Case("into a map", lambda: dict(d.pairs), _call("into", {}, d.pairs), _KEYS)
    yield Case("range", lambda: tuple(range(at)), _call("range", at))
    yield Case("vec of a map", lambda: tuple(d.map.items()), _call("vec", d.map))
    yield Case("set", lambda: dict.fromkeys(xs), _call("set", xs), _CLASSES)


def _unique(records: tuple[Any, ...]) -> object:
    return tuple({tuple(each.items()): each for each in records}.values())


def _interposed(xs: tuple[Any, ...]) -> object:
    return tuple([part for x in xs for part in (0, x)][1:])


def _maps(d: Data) -> Iterator[Case]:
    keys = tuple(d.map)
    names = {key: key + "!" for key in keys}
    yield Case("keys", lambda: tuple(d.map), _call("keys", d.map))
    yield Case("entries", lambda: tuple(d.map.items()), _call("entries", d.map))
    yield Case("merge", lambda: d.map | d.same_map, _call("merge", d.map, d.same_map))
    yield Case("zipmap", lambda: dict(zip(keys, d.ints, strict=False)), _call("zipmap", keys, d.ints))
    yield Case(
        "hash-map", lambda: dict(d.pairs), _call("hash-map", *itertools.chain.from_iterable(d.pairs)), _KEYS
    )
    yield Case(
        "select-keys", lambda: {k: d.map[k] for k in keys if k in d.map}, _call("select-keys", d.map, keys)
    )
    yield Case(
        "rename-keys",
        lambda: {names.get(k, k): v for k, v in d.map.items()},
        _call("rename-keys", d.map, names),
    )


def _texts(d: Data) -> Iterator[Case]:
    yield Case("join, strings", lambda: ", ".join(d.texts), _call("join", ", ", d.texts), _LIMIT)
    yield Case("join, integers", lambda: ", ".join(map(str, d.ints)), _call("join", ", ", d.ints))
    yield Case("join, floats", lambda: ", ".join(map(str, d.floats)), _call("join", ", ", d.floats))
    yield Case("str of strings", lambda: "".join(d.texts), _call("str", *d.texts), _LIMIT)
    yield Case("str of a vector", lambda: str(d.ints), _call("str", d.ints), _DISPLAY)
    yield Case("str of strings in a vector", lambda: str(d.texts), _call("str", d.texts))
    yield Case("str of a map", lambda: str(d.map), _call("str", d.map), _DISPLAY)
    yield Case("str of records", lambda: str(d.records), _call("str", d.records), _DISPLAY)
    yield Case("split", lambda: tuple(d.text.split(" ")), _call("split", d.text, " "))
    yield Case("lines", lambda: tuple(d.text.splitlines()), _call("lines", d.text))
    yield Case("replace", lambda: d.text.replace("text", "t"), _call("replace", d.text, "text", "t"))
    yield Case("re-seq", lambda: tuple(re.findall("[0-9]+", d.text)), _call("re-seq", "[0-9]+", d.text))


def _values(d: Data) -> Iterator[Case]:
    compact: Callable[[Any], str] = functools.partial(json.dumps, separators=(",", ":"), sort_keys=True)
    mixed, same = d.ints + d.texts, d.same + d.same_texts
    yield Case("=, integers", lambda: d.ints == d.same, lambda: equal(d.ints, d.same), _CLASSES)
    yield Case("=, strings", lambda: d.texts == d.same_texts, lambda: equal(d.texts, d.same_texts), _CLASSES)
    yield Case("=, mixed", lambda: mixed == same, lambda: equal(mixed, same), _CLASSES)
    yield Case("=, a map", lambda: d.map == d.same_map, lambda: equal(d.map, d.same_map), _CLASSES)
    yield Case(
        "=, records", lambda: d.records == d.same_records, lambda: equal(d.records, d.same_records), _CLASSES
    )
    yield Case("serialize-json, integers", lambda: compact(d.ints), _call("serialize-json", d.ints), _JSON)
    yield Case("serialize-json, records", lambda: compact(d.plain), _call("serialize-json", d.records), _JSON)
    yield Case("parse-json", lambda: json.loads(d.json), _call("parse-json", d.json), _JSON)


def measured(sizes: Iterable[int], wanted: str = "") -> Iterator[tuple[Case, dict[int, float]]]:
    """Give for each case its ratio at each size."""
    at = {size: {case.name: case for case in cases(size)} for size in sizes}
    for name in next(iter(at.values())):
        if wanted in name:
            ratios = {}
            for size, table in at.items():
                case = table[name]
                rows = compare({"python": case.python, name: case.builtin}, rounds=21, round_s=0.004)
                ratios[size] = rows[1].ratio
            yield case, ratios


def main(sizes: tuple[int, ...], wanted: str = "") -> None:
    """Print the table."""
    print("| builtin | " + " | ".join(f"{size:,}" for size in sizes) + " | what costs it |")
    print("| --- |" + " ---: |" * len(sizes) + " --- |")
    for case, ratios in measured(sizes, wanted):
        dear = ratios.get(1_000, 0.0) > BAR
        figures = " | ".join(f"{ratio:.2f}" for ratio in ratios.values())
        rule = (case.rule or "(nothing known)") if dear else ""
        print(f"| {case.name} | {figures} | {rule} |", flush=True)


if __name__ == "__main__":
    named = [each for each in sys.argv[1:] if not each.isdigit()]
    main(tuple(int(each) for each in sys.argv[1:] if each.isdigit()) or SIZES, *named)
