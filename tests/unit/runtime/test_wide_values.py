"""What C does for wide flat values gives what a walk over elements gives: against small oracles."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import cmp_to_key

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from runtime_values import DEEP, atoms, keys, values

from rtfs_runtime.equality import canonical_key, equal
from rtfs_runtime.errors import LimitExceeded, RtfsError
from rtfs_runtime.jsontext import _Reader, _walked, from_json, to_json
from rtfs_runtime.maps import BigMap, is_map
from rtfs_runtime.numbers_text import float_text
from rtfs_runtime.ordering import comparable, compare_values, sort_by_keys, sort_values
from rtfs_runtime.printer import display
from rtfs_runtime.values import Keyword, List, Set
from rtfs_runtime.vectors import BigVector, is_vector

BIG = 10**5_000
numbers = st.one_of(st.sampled_from([0, 1, -1, BIG, -BIG, 1e16, 1e-5, 2.5e-7]), st.integers(), st.floats())
one_kind = st.sampled_from(
    [numbers, st.integers(), st.floats(), st.text(max_size=3), st.booleans(), atoms, values]
)
wide = one_kind.flatmap(lambda kind: st.lists(kind, min_size=14, max_size=20)).map(tuple)
records = st.lists(st.dictionaries(keys, atoms, max_size=4), max_size=20).map(tuple)
wide_map = one_kind.flatmap(lambda kind: st.dictionaries(st.integers(0, 30), kind, min_size=14))
things = st.one_of(values, wide, records, wide_map, st.lists(wide, max_size=3).map(tuple))


def alike(left: object, right: object) -> bool:
    """Compare as the language says, the plain way."""
    if is_map(left) and is_map(right):
        return sorted(map(repr, left)) == sorted(map(repr, right)) and all(
            alike(value, right[key]) for key, value in left.items()
        )
    if (is_vector(left) and is_vector(right)) or (isinstance(left, List) and isinstance(right, List)):
        return len(left) == len(right) and all(map(alike, left, right))
    if isinstance(left, Set) or isinstance(right, Set):
        return isinstance(left, Set) and isinstance(right, Set) and equal(left, right)
    return type(left) is type(right) and left == right


def shown(value: object) -> str:
    """Display the plain way."""
    if is_vector(value):
        return "[" + " ".join(map(shown, value)) + "]"
    if isinstance(value, List):
        return "(" + " ".join(map(shown, value)) + ")"
    if isinstance(value, Set):
        return "(set [" + " ".join(map(shown, value)) + "])"
    if is_map(value):
        return "{" + " ".join([shown(each) for entry in value.items() for each in entry]) + "}"
    if isinstance(value, float):
        return float_text(value)
    return f'"{value}"' if isinstance(value, str) else display(value)


def again(value: object) -> object:
    """Copy a value, so that no part is the same object, into the other representations."""
    if isinstance(value, tuple):
        return BigVector.of(tuple(map(again, value)))
    if isinstance(value, dict):
        copied = {key: again(each) for key, each in reversed(value.items())}
        return BigMap({}, copied, len(copied))
    return float(repr(value)) if isinstance(value, float) else value


@given(things)
def test_display(value: object) -> None:
    assert display(value) == shown(value)


@given(things, things)
def test_equality(left: object, right: object) -> None:
    assert equal(left, right) == alike(left, right)
    assert equal(left, left) == alike(left, left)
    assert equal(left, again(left)) == alike(left, left)
    assert (canonical_key(left) == canonical_key(again(left))) == alike(left, left)


@pytest.mark.parametrize(
    ("left", "right"),
    [((1,), (True,)), ((1,), (1.0,)), ((0.0,), (False,)), (("a",), (Keyword("a"),)), ((1, True), (True, 1))],
)
def test_wide_vectors_of_other_kinds_differ(left: tuple[object, ...], right: tuple[object, ...]) -> None:
    assert not equal(left * 20, right * 20)
    assert not equal(dict(enumerate(left * 20)), dict(enumerate(right * 20)))
    assert equal(left * 20, tuple(left * 20))


def outcome(act: Callable[[], object]) -> object:
    try:
        return act()
    except RtfsError as error:
        return error.kind, error.message


@given(things)
def test_json_is_written_as_by_the_walk(value: object) -> None:
    assert outcome(lambda: to_json(value)) == outcome(lambda: _walked(value, False, 1 << 20))


pieces = st.sampled_from(
    ["[", "]", "{", "}", ",", ":", '"', '"a"', '"]"', '"[{"', '"\\""', '"\\\\"', '"\\ud800"',
     '"\\ud83d\\ude00"',
     "1", "-0", "-0.5", "0.5e2", "1e999", "NaN", "-Infinity", "true", "null", " ", "\n", "\ud800", "é", "01"]
)  # fmt: skip
json_texts = st.one_of(
    st.lists(pieces, max_size=12).map("".join),
    things.map(lambda value: str(outcome(lambda: to_json(value)))),
    # rows, of the same keys and of others
    st.lists(st.dictionaries(st.sampled_from("ab"), things, min_size=1)).map(
        lambda rows: str(outcome(lambda: to_json(tuple(rows))))
    ),
    st.tuples(things, st.integers(0, 60), pieces).map(
        lambda parts: (
            (text := str(outcome(lambda: to_json(parts[0]))))[: parts[1]] + parts[2] + text[parts[1] :]
        )
    ),
)


@given(json_texts, st.booleans())
def test_json_is_read_as_by_the_reader(text: str, keywords: bool) -> None:
    got = outcome(lambda: from_json(text, keywords=keywords))
    want = outcome(lambda: _Reader(text, keywords).read())
    assert display(got) == display(want)
    assert equal(got, want)


@pytest.mark.parametrize("text", ["[" * DEEP, "[" * DEEP + "]" * DEEP, '["]",' * DEEP, '{"a":' * DEEP])
def test_deep_json_never_reaches_c(text: str) -> None:
    got = outcome(lambda: from_json(text))
    assert isinstance(got, tuple)
    if text.endswith("]]"):
        assert to_json(got) == text


def test_the_setting_of_the_process_decides_nothing() -> None:
    setting = sys.get_int_max_str_digits()
    answers = set()
    try:
        for digits in (640, 4300, 0):
            sys.set_int_max_str_digits(digits)
            answers.add((display((BIG, 1)), to_json((BIG, 1)), from_json(f"[{display(BIG)}]")))
            with pytest.raises(LimitExceeded):
                to_json((1 << 10**6,))
            with pytest.raises(LimitExceeded):
                from_json(f"[1{'0' * 100_000}]")
    finally:
        sys.set_int_max_str_digits(setting)
    assert len(answers) == 1


def test_shared_parts_are_counted_before_they_are_written() -> None:
    value: object = (1, 2)
    for _ in range(60):
        value = (value, {Keyword("a"): value})
    for write in (display, to_json):
        with pytest.raises(LimitExceeded):
            write(value)


@given(st.one_of(wide, records, st.lists(things, max_size=20).map(tuple), st.lists(records).map(tuple)))
def test_sorting_by_keys_is_sorting_by_comparing(items: tuple[object, ...]) -> None:
    want = sorted(items, key=cmp_to_key(compare_values))
    assume(not any("NaN" in display(item) for item in items))
    assert [*map(id, sort_values(items))] == [*map(id, want)]
    assert [*map(id, sort_by_keys(items, comparable(items)))] == [*map(id, want)]
