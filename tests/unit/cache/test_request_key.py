"""The key of a request: everything that can change the answer, and nothing else."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as settings_of_hypothesis
from hypothesis import strategies as st

from rtfs_runtime.cache.layer import SerializationError
from rtfs_runtime.cache.request_key import (
    LEFT_OUT,
    SETTINGS_LEFT_OUT,
    Answerer,
    _encode,
    key_of,
    settings_digest,
)
from rtfs_runtime.providers.base import Example, Message, ModelRequest, ModelSettings, Price, Sampling
from rtfs_runtime.types import ANY, INT, STRING, Alias, Enum, Type, Vector
from tests.unit.cache.requests import BY, ask

ROOT = Path(__file__).parents[3]


def others(value: object) -> Iterator[object]:
    """Give values that differ from one in every place that it has."""
    match value:
        case bool():
            yield not value
        case str():
            yield value + "."
            yield ""
        case int() | float():
            yield value + 1
            yield None
        case None:
            yield 1
            yield ""
        case tuple() if hasattr(value, "_fields"):
            for name, part in value._asdict().items():  # type: ignore[attr-defined]
                for other in others(part):
                    yield value._replace(**{name: other})  # type: ignore[attr-defined]
        case tuple() | list():
            yield (*value, value[0]) if value else ("more",)
            yield tuple(value[1:])
            for place, part in enumerate(value):
                for other in others(part):
                    yield (*value[:place], other, *value[place + 1 :])
        case Mapping():
            yield {**value, "more": 1}
            for name, part in value.items():
                yield {one: other for one, other in value.items() if one != name}
                for other in others(part):
                    yield {**value, name: other}
        case Enum() | Alias() | Vector():
            yield None
            yield from (STRING, INT, Vector(value), Enum(("good",)))
        case _:
            raise AssertionError(f"no other values known for {value!r}")


def flips() -> list[tuple[str, ModelRequest]]:
    request = ask()
    return [
        (f"{name}-{number}", request._replace(**{name: other}))
        for name in request._fields
        if name not in LEFT_OUT
        for number, other in enumerate(others(getattr(request, name)))
        if other != getattr(request, name)
    ]


@pytest.mark.parametrize(("name", "other"), flips(), ids=[name for name, _ in flips()])
def test_every_field_changes_the_key(name: str, other: ModelRequest) -> None:
    one, two = key_of(ask(), BY), key_of(other, BY)
    assert one.key != two.key
    differing = [part for part, data in dict(one.parts).items() if dict(two.parts)[part] != data]
    assert differing == [name.split("-")[0]]
    assert one.fingerprints()[differing[0]] != two.fingerprints()[differing[0]]


def test_the_flips_reach_every_field_of_every_part() -> None:
    """A field that is added and never flipped would be a field that nobody looks at."""
    reached = {name.split("-")[0] for name, _ in flips()}
    assert reached | LEFT_OUT == set(ModelRequest._fields)
    request = ask()
    for part in (request.sampling, request.messages[0], request.examples[0]):
        for field in part._fields:
            assert any(
                getattr(other, field) != getattr(part, field)
                for other in others(part)
                if isinstance(other, (Sampling, Message, Example))
            )
    # a request of the test says something in every field that counts: else flipping it would prove little
    assert [name for name in LEFT_OUT ^ set(request._fields) if not getattr(request, name)] == []


def test_the_answerer_changes_the_key() -> None:
    one = key_of(ask(), Answerer("llama", "v1", "s"))
    for other in (Answerer("openai", "v1", "s"), Answerer("llama", "v2", "s"), Answerer("llama", "v1", "t")):
        assert key_of(ask(), other).key != one.key


def test_what_is_left_out_does_not() -> None:
    assert {"deadline_s"} == LEFT_OUT
    assert key_of(ask(deadline_s=5.0), BY).key == key_of(ask(), BY).key


def settings() -> ModelSettings:
    return ModelSettings(
        "small", "llama", Path("small.gguf"), {"n_ctx": 2048}, Sampling(), Price(1.0, 2.0), 30.0, 2, "few", 7
    )


@pytest.mark.parametrize("name", ModelSettings._fields)
def test_the_settings_of_a_model(name: str) -> None:
    one = settings()
    for other in {"file": [Path("x")]}.get(name) or list(others(getattr(one, name))):
        if other == getattr(one, name):
            continue
        changed = settings_digest(one._replace(**{name: other})) != settings_digest(one)
        assert changed == (name not in SETTINGS_LEFT_OUT)


def test_kinds_and_borders_count() -> None:
    alike: list[Any] = [
        1, 1.0, True, "1", b"1", None, "", (), ("",), ("a", "b"), ("ab",), (("a",), "b"), ("a", ("b",)),
        {}, {"a": 1}, {"a": "1"}, {"a": {}}, ("a", 1), "a1", ANY, INT, "\ud800", "\\ud800",
    ]  # fmt: skip
    codes = [_encode(one) for one in alike]
    assert len(set(codes)) == len(codes)


def test_equal_values_of_other_kinds_are_other_requests() -> None:
    """What was looked up once is remembered by value, and 1, 1.0 and True are equal."""
    options = [key_of(ask(options={"a": value}), BY).key for value in (1, 1.0, True)]
    seeds = [key_of(ask(sampling=Sampling(seed=seed)), BY).key for seed in (1, True)]
    assert len({*options, *seeds}) == 5
    changing: dict[str, object] = {"a": 1}
    before = key_of(ask(options=changing), BY).key
    changing["a"] = 2
    assert key_of(ask(options=changing), BY).key != before


def test_a_type_goes_in_whole() -> None:
    """As text, an alias is only a name."""
    kinds: list[Type] = [Alias("Mood", Enum(("a",))), Alias("Mood", Enum(("b",))), Alias("Mood")]
    assert len({key_of(ask(schema=kind), BY).key for kind in kinds}) == 3


def test_the_order_of_options_means_nothing() -> None:
    assert key_of(ask(options={"a": 1, "b": 2}), BY).key == key_of(ask(options={"b": 2, "a": 1}), BY).key


def test_options_without_a_digest_are_refused() -> None:
    with pytest.raises(SerializationError, match="the kind object"):
        key_of(ask(options={"a": object()}), BY)
    deep: list[object] = []
    for _ in range(200_000):
        deep = [deep]
    with pytest.raises(SerializationError, match="too deep"):
        key_of(ask(options={"a": deep}), BY)


ATOMS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text() | st.binary()


def inside(inner: st.SearchStrategy[object]) -> st.SearchStrategy[object]:
    return st.lists(inner, max_size=3).map(tuple) | st.dictionaries(st.text(max_size=3), inner, max_size=3)


VALUES = st.recursive(ATOMS, inside, max_leaves=8)


def same(one: object, two: object) -> bool:
    """Compare as the key must: with kinds, and without the order of a mapping."""
    if type(one) is not type(two):
        return False
    if isinstance(one, tuple) and isinstance(two, tuple):
        return len(one) == len(two) and all(map(same, one, two))
    if isinstance(one, dict) and isinstance(two, dict):
        return one.keys() == two.keys() and all(same(one[key], two[key]) for key in one)
    return repr(one) == repr(two)


@settings_of_hypothesis(max_examples=60, deadline=None)
@given(VALUES, VALUES)
def test_two_values_look_alike_only_when_they_are(one: object, two: object) -> None:
    assert (_encode(one) == _encode(two)) == same(one, two)


def test_another_process_finds_the_same_key() -> None:
    script = (
        "from tests.unit.cache.requests import BY, ask\n"
        "from rtfs_runtime.cache.request_key import key_of\n"
        "print(key_of(ask(), BY).key.hex())"
    )
    keys = {
        subprocess.run(
            [sys.executable, "-c", script],
            capture_output=True,
            text=True,
            check=True,
            cwd=ROOT,
            env={"PYTHONPATH": f"{ROOT}:{ROOT / 'runtime'}", "PYTHONHASHSEED": seed},
        ).stdout.strip()
        for seed in ("1", "2")
    }
    assert keys == {key_of(ask(), BY).key.hex()}
