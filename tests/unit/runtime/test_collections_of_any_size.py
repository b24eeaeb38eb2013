"""Vectors and maps behave like tuples and dicts at every size."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rtfs_runtime.jsontext import to_json
from rtfs_runtime.maps import BigMap, is_map, map_assoc, map_dissoc, map_items
from rtfs_runtime.printer import display
from rtfs_runtime.sets import make_set, set_conj, set_extend, set_has
from rtfs_runtime.values import Keyword, kind_name
from rtfs_runtime.vectors import BigVector, is_vector, vec_assoc, vec_conj, vec_extend, vec_items, vec_pop

SIZES = (0, 1, 63, 64, 65, 255, 256, 257, 511, 512, 1000)


@pytest.mark.parametrize("size", SIZES)
def test_vector(size: int) -> None:
    items = tuple(range(size))
    vector = vec_conj(items, "x")
    assert is_vector(vector) and kind_name(vector) == "vector"
    assert isinstance(vector, tuple) == (size < 256)
    assert vec_items(vector) == (*items, "x")
    assert len(vector) == size + 1
    assert vector[size] == "x" and vector[-1] == "x" and vector[0] == (0 if size else "x")
    for wrong in (size + 1, -size - 2):
        with pytest.raises(IndexError):
            vector[wrong]
    for index in {0, size // 2, size}:
        changed = vec_assoc(vector, index, "y")
        assert vec_items(changed) == (*(*items, "x")[:index], "y", *(*items, "x")[index + 1 :])
    assert vec_items(vec_assoc(vector, size + 1, "z")) == (*items, "x", "z")
    assert vec_items(vector) == (*items, "x")


@pytest.mark.parametrize("start", [(), (1, 2, "a"), (True, 1, 1.5), ((1,), (2,)), tuple(range(600))])
@pytest.mark.parametrize("more", [(), (2, 3, 1), ("a", None, Keyword("k")), (1.0, True, 2), ((1,), (1,), 5)])
def test_several_members_are_added(start: tuple[object, ...], more: tuple[object, ...]) -> None:
    one_by_one = group = make_set(start)
    for item in more:
        one_by_one = set_conj(one_by_one, item)
    found = set_extend(group, more)
    assert [(type(item), item) for item in found] == [(type(item), item) for item in one_by_one]
    assert tuple(group) == tuple(make_set(start))
    assert all(set_has(found, item) for item in (*start, *more))


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("more", [0, 1, 4, 40, 400])
def test_several_elements_are_appended(size: int, more: int) -> None:
    items, added = tuple(range(size)), tuple(range(-more, 0))
    vector = vec_extend(BigVector.of(items) if size % 2 else items, added)
    assert is_vector(vector) and vec_items(vector) == items + added


@pytest.mark.parametrize("size", [1, 255, 256, 257, 258, 512, 513, 768, 1000])
def test_a_stack_of_any_size(size: int) -> None:
    vector, items = vec_conj((), 0), [0]
    for item in range(1, size):
        vector = vec_conj(vector, item)
        items.append(item)
    kept = vector
    for step in range(2 * size):
        if step % 3 and items:
            vector = vec_pop(vector)
            items.pop()
        else:
            vector = vec_conj(vector, -step)
            items.append(-step)
        assert vec_items(vector) == tuple(items)
    assert vec_items(kept) == tuple(range(size))
    assert vec_pop(()) == ()


def test_vector_versions_do_not_disturb_each_other() -> None:
    base = vec_conj(tuple(range(100)), 100)
    left, right = vec_conj(base, "l"), vec_conj(base, "r")
    for each in range(600):
        left = vec_conj(left, each)
    assert vec_items(base) == tuple(range(101))
    assert vec_items(right) == (*range(101), "r")
    assert vec_items(left) == (*range(101), "l", *range(600))


def test_vector_conj_in_threads() -> None:
    base = BigVector.of(tuple(range(100)))
    found: list[bool] = []

    def work(mark: int) -> None:
        for _ in range(2_000):
            version = base.conj(mark).conj(mark)
            found.append(vec_items(version)[100:] == (mark, mark))

    threads = [threading.Thread(target=work, args=(mark,)) for mark in range(4)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert all(found) and len(found) == 8_000


steps = st.lists(
    st.tuples(st.sampled_from(["assoc", "dissoc", "read"]), st.integers(0, 290), st.integers()), max_size=150
)


@settings(max_examples=60)
@given(steps, st.integers(245, 265))
def test_map_is_a_dict(actions: list[tuple[str, int, int]], size: int) -> None:
    model: dict[object, object] = dict.fromkeys(range(size), 0)
    mapping = model.copy()
    found: object = mapping
    versions = []
    for action, key, value in actions:
        assert is_map(found)
        versions.append((found, list(model.items())))
        if action == "assoc":
            model[key] = value
            found = map_assoc(found, key, value)
        elif action == "dissoc":
            model.pop(key, None)
            found = map_dissoc(found, key)
        else:
            assert found.get(key, "no") == model.get(key, "no")
            assert (key in found) == (key in model)
            assert len(found) == len(model)
    for version, entries in [*versions, (found, list(model.items()))]:
        assert list(map_items(version)) == entries
        assert list(version) == [key for key, _ in entries]
        assert list(version.values()) == [value for _, value in entries]


def test_big_map_reads_like_a_dict() -> None:
    big = map_dissoc(map_assoc(dict.fromkeys(range(400), 1), "x", 2), 3)
    assert isinstance(big, BigMap) and kind_name(big) == "map"
    assert big["x"] == 2 and big[4] == 1 and big.get(3) is None and big.get(3, 7) == 7
    for missing in (3, "no"):
        with pytest.raises(KeyError):
            big[missing]
    again = map_assoc(big, 3, 9)
    assert again[3] == 9 and list(again)[-1] == 3
    assert list(map_assoc(again, 3, 10).items())[-1] == (3, 10)
    assert map_dissoc(big, "no") is big


PROGRAM = """
import random, hashlib
from rtfs_runtime.maps import map_assoc, map_dissoc
from rtfs_runtime.printer import display
from rtfs_runtime.jsontext import to_json
from rtfs_runtime.values import Keyword
chance = random.Random(5)
mapping, model = {}, {}
for _ in range(4000):
    key = chance.choice([Keyword, str])("k%d" % chance.randrange(1000))
    if chance.random() < 0.3:
        mapping = map_dissoc(mapping, key); model.pop(key, None)
    else:
        mapping = map_assoc(mapping, key, _); model[key] = _
assert display(mapping) == display(model) and to_json(mapping) == to_json(model)
assert list(mapping) == list(model)
print(len(model), hashlib.sha256(display(mapping).encode()).hexdigest())
"""


def test_order_is_the_same_in_every_process() -> None:
    root = Path(__file__).parents[3] / "runtime"
    printed = {
        subprocess.run(
            [sys.executable, "-c", PROGRAM],
            env={**os.environ, "PYTHONPATH": str(root), "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(printed) == 1


def test_thousand_keys_print_as_a_dict() -> None:
    chance = random.Random(1)
    mapping: object = {}
    model: dict[object, object] = {}
    for number in range(1_000):
        key = Keyword(f"k{chance.randrange(10_000)}")
        assert is_map(mapping)
        mapping, model[key] = map_assoc(mapping, key, number), number
    assert display(mapping) == display(model)
    assert to_json(mapping) == to_json(model)
