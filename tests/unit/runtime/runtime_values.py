"""Values for the tests of this folder: Hypothesis strategies and nests of 100,000 levels."""

from __future__ import annotations

from collections.abc import Callable

from hypothesis import strategies as st

from rtfs_runtime.maps import BigMap
from rtfs_runtime.sets import make_set
from rtfs_runtime.values import Keyword, List, Resource, Symbol, Timestamp, Uuid
from rtfs_runtime.vectors import BigVector

DEEP = 100_000
K = Keyword

NESTS: dict[str, Callable[[object], object]] = {
    "vector": lambda x: (x,),
    "list": lambda x: List((x, 1)),
    "map": lambda x: {K("a"): x},
}


def nest(kind: str, core: object, levels: int = DEEP) -> object:
    """Wrap a value in so many containers."""
    wrap = NESTS[kind]
    for _ in range(levels):
        core = wrap(core)
    return core


names = st.text("abz-", min_size=1, max_size=3)
keys = st.one_of(names.map(Keyword), names, st.integers(-3, 3))
numbers = st.one_of(
    st.integers(-3, 3), st.integers(), st.sampled_from([0.0, -0.0, 1.0, 0.5]), st.floats(allow_nan=False)
)
atoms = st.one_of(
    st.none(),
    st.booleans(),
    numbers,
    st.text(max_size=4),
    names.map(Keyword),
    names.map(Symbol),
    st.sampled_from([Timestamp("2026-01-02T03:04:05Z"), Uuid("0" * 8), Resource("resource://a")]),
)


def _containers(inner: st.SearchStrategy[object]) -> st.SearchStrategy[object]:
    items = st.lists(inner, max_size=4)
    entries = st.dictionaries(keys, inner, max_size=4)
    return st.one_of(
        items.map(tuple),
        items.map(List),
        items.map(lambda parts: BigVector.of(tuple(parts))),
        entries,
        entries.map(lambda found: BigMap({}, found, len(found))),
        items.map(make_set),
    )


values = st.recursive(atoms, _containers, max_leaves=12)

json_atoms = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False), st.text()
)
json_values = st.recursive(
    json_atoms,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4).map(tuple), st.dictionaries(st.text(max_size=3), inner, max_size=4)
    ),
    max_leaves=12,
)
