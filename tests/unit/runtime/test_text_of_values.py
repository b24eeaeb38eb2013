"""Display, `str`, readable text, numbers, JSON and the tagged encoding."""

from __future__ import annotations

import json
import math
import struct
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st
from runtime_values import DEEP, NESTS, json_values, nest, values

from rtfs_runtime.equality import equal
from rtfs_runtime.errors import LimitExceeded, RtfsError, generic
from rtfs_runtime.jsontext import from_json, to_json
from rtfs_runtime.numbers_text import MAX_DIGITS, float_text, int_text, json_float_text, parse_int_text
from rtfs_runtime.printer import display, readable, to_str
from rtfs_runtime.sets import make_set
from rtfs_runtime.tagged import decode, decode_json, encode, encode_json
from rtfs_runtime.values import Keyword, List, Resource, Symbol, Timestamp, Uuid
from rtfs_runtime.vectors import BigVector

K = Keyword

DISPLAYED = [
    (None, "nil"),
    (True, "true"),
    (-42, "-42"),
    (10**30, "1" + "0" * 30),
    (2.5, "2.5"),
    (1.0, "1"),
    (-0.0, "-0"),
    (1e20, "100000000000000000000"),
    (1e-7, "0.0000001"),
    (-1.5e-9, "-0.0000000015"),
    (1.25e21, "1250000000000000000000"),
    (math.inf, "inf"),
    (-math.inf, "-inf"),
    (math.nan, "NaN"),
    ('a"b\n', '"a"b\n"'),
    (K("a/b"), ":a/b"),
    (Symbol("x"), "x"),
    ((), "[]"),
    ((1, (2, ("x",))), '[1 [2 ["x"]]]'),
    (BigVector.of((1, 2)), "[1 2]"),
    (List((1, "a")), '(1 "a")'),
    (List(), "()"),
    ({K("z"): 1, "m": (), 3: {}}, '{:z 1 "m" [] 3 {}}'),
    (make_set([1, 2]), "(set [1 2])"),
    (make_set([]), "(set [])"),
    (len, "#<function>"),
    (generic("late"), "#<error: Runtime error: late>"),
    (RtfsError("Generic", {"bare": "late"}), "#<error: late>"),
    (Timestamp("2026-01-02T03:04:05Z"), '#timestamp("2026-01-02T03:04:05Z")'),
    (Uuid("u"), '#uuid("u")'),
    (Resource("resource://a"), '#resource-handle("resource://a")'),
]


@pytest.mark.parametrize(("value", "text"), DISPLAYED)
def test_display(value: object, text: str) -> None:
    assert display(value) == text
    assert to_str(value) == (value if isinstance(value, str) else text)
    assert display(value, limit=len(text)) == text
    with pytest.raises(LimitExceeded):
        display(value, limit=len(text) - 1)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ('a"\\\n\x01é', '"a\\"\\\\\\n\\u0001é"'),
        ((1.0, 1e21, 0.1), "[1.0 1000000000000000000000.0 0.1]"),
        ((math.inf, -math.inf, math.nan), "[##Inf ##-Inf ##NaN]"),
        (Timestamp("2026-01-02T03:04:05Z"), "2026-01-02T03:04:05Z"),
        ({K("a"): List((Symbol("x"), "y"))}, '{:a (x "y")}'),
    ],
)
def test_readable(value: object, text: str) -> None:
    assert readable(value) == text


def test_output_limit_stops_early() -> None:
    shared: object = 1
    for _ in range(100):
        shared = (shared, shared)
    for write in (display, readable, to_str):
        with pytest.raises(LimitExceeded):
            write(shared, limit=10_000)
    with pytest.raises(LimitExceeded):
        to_json(shared, limit=10_000)
    with pytest.raises(LimitExceeded):
        to_str("x" * 11, limit=10)


@pytest.mark.parametrize("kind", NESTS)
def test_deep_text(kind: str) -> None:
    value = nest(kind, 1)
    assert len(display(value)) > DEEP
    assert len(readable(value)) > DEEP
    assert equal(decode(encode(value)), value)
    assert equal(decode_json(encode_json(value)), value)
    text = to_json(value)
    assert to_json(from_json(text)) == text


@pytest.mark.parametrize("digits", [1, 511, 512, 513, 1023, 1024, 1025, 4300, 5000, 20_000])
def test_integers_of_any_size(digits: int) -> None:
    setting = sys.get_int_max_str_digits()
    sys.set_int_max_str_digits(640)
    try:
        for number, text in ((10**digits - 1, "9" * digits), (10 ** (digits - 1), "1" + "0" * (digits - 1))):
            assert int_text(number) == text
            assert int_text(-number) == "-" + text
            assert parse_int_text(text) == number
            assert parse_int_text("-" + text) == -number
            assert parse_int_text("+000" + text) == number
    finally:
        sys.set_int_max_str_digits(setting)


def test_longest_integer() -> None:
    longest = 10**MAX_DIGITS - 1
    assert int_text(-longest) == "-" + "9" * MAX_DIGITS
    assert parse_int_text("9" * MAX_DIGITS) == longest
    for act in (
        lambda: int_text(longest + 1),
        lambda: parse_int_text("1" + "0" * MAX_DIGITS),
        lambda: display(1 << 10**6),
    ):
        with pytest.raises(LimitExceeded):
            act()


@given(st.integers(0, 2**64 - 1))
def test_floats_round_trip(bits: int) -> None:
    (number,) = struct.unpack("<d", struct.pack("<Q", bits))
    text = float_text(number)
    assert "e" not in text.lower().replace("inf", "")
    assert equal(float(text), number) or number != number
    if math.isfinite(number):
        assert float(json_float_text(number)) == number
        assert set(".e") & set(json_float_text(number))


@pytest.mark.parametrize(
    ("number", "text"),
    [(4.0, "4.0"), (1e-5, "0.00001"), (9.9e-6, "9.9e-6"), (1e15, "1000000000000000.0"), (1e16, "1e16"),
     (1.5e300, "1.5e300"), (1e-7, "1e-7"), (-0.0, "-0.0"), (0.0, "0.0")],
)  # fmt: skip
def test_json_floats(number: float, text: str) -> None:
    assert json_float_text(number) == text


@pytest.mark.parametrize(
    ("value", "compact", "pretty"),
    [
        ((), "[]", "[]"),
        ({}, "{}", "{}"),
        (((), {}), "[[],{}]", "[\n  [],\n  {}\n]"),
        ({K("a"): (1, 2)}, '{"a":[1,2]}', '{\n  "a": [\n    1,\n    2\n  ]\n}'),
        ({K("b"): 1, K("a"): (None, True), "c": 4.0}, '{"a":[null,true],"b":1,"c":4.0}', None),
        ({10: 1, 9: 2}, '{"10":1,"9":2}', None),
        ({K("a"): 1, "a": 2}, '{"a":2}', None),
        (List((1, 2)), "[1,2]", None),
        ('a"\\\n\t\x1f/é', '"a\\"\\\\\\n\\t\\u001f/é"', None),
    ],
)
def test_json_text(value: object, compact: str, pretty: str | None) -> None:
    assert to_json(value) == compact
    if pretty is not None:
        assert to_json(value, pretty=True) == pretty
    assert json.loads(to_json(value, pretty=True)) == json.loads(compact)


@pytest.mark.parametrize(
    "value",
    [
        K("k"),
        math.nan,
        math.inf,
        len,
        Symbol("x"),
        Timestamp("t"),
        make_set([1]),
        generic("x"),
        (1, (K("k"),)),
    ],
)
def test_json_refuses(value: object) -> None:
    with pytest.raises(RtfsError) as caught:
        to_json(value)
    assert caught.value.kind == "Generic"


@given(json_values)
def test_json_round_trip(value: object) -> None:
    assert equal(from_json(to_json(value)), value)
    assert equal(from_json(to_json(value, pretty=True)), value)


JSON_READ = [
    (" [1, 2.0, null]\n", (1, 2.0, None)),
    ('{"a": {"b": []}, "a": 2}', {"a": 2}),
    ("1e3", 1000.0),
    ("-0", -0.0),
    ("99999999999999999999", 99999999999999999999),
    ('"\\u00e9\\ud83d\\ude00\\/"', "é😀/"),
    ("{}", {}),
    ("[[],{}]", ((), {})),
]


@pytest.mark.parametrize(("text", "value"), JSON_READ)
def test_json_reads(text: str, value: object) -> None:
    assert equal(from_json(text), value)


def test_json_reads_long_integers() -> None:
    assert from_json("[" + "9" * 5000 + "]") == (10**5000 - 1,)
    assert to_json(10**5000 - 1) == "9" * 5000


def test_json_keyword_keys() -> None:
    assert equal(from_json('{"a": [{"b/c": ":d"}]}', keywords=True), {K("a"): ({K("b/c"): ":d"},)})


@pytest.mark.parametrize(
    "text",
    ["", " ", "[1,]",
    "[1", "{", "{1:2}", '{"a"}', '{"a":1,}', '{"a" 1}', "NaN", "Infinity", "'a'", "1 2", "01", "1.",
     ".5", "+1", "1e999", "tru", "nul", '"a', '"\x01"', '"\\x"', '"\\ud800"', "[1 2]", "[}", "{]",
     '{"a":1]', "[1}", "]"],
)  # fmt: skip
def test_json_is_strict(text: str) -> None:
    with pytest.raises(RtfsError) as caught:
        from_json(text)
    assert caught.value.kind == "Generic"


def test_json_wants_text() -> None:
    with pytest.raises(RtfsError) as caught:
        from_json(None)
    assert caught.value.kind == "TypeError"


@pytest.mark.parametrize("text", ["[" * DEEP, '{"a":' * DEEP, "[" * DEEP + "]" * (DEEP - 1)])
def test_deep_json_that_never_ends(text: str) -> None:
    with pytest.raises(RtfsError):
        from_json(text)


@given(values)
def test_tagged_round_trip(value: object) -> None:
    data = encode(value)
    assert equal(decode(data), value)
    assert json.loads(encode_json(value)) == json.loads(json.dumps(data))
    assert equal(decode_json(encode_json(value)), value)


def test_tagged_kinds_without_return() -> None:
    assert encode((len, generic("x"))) == {"vec": [{"fn": True}, {"error": "Generic"}]}
    assert encode(math.nan) == {"float": "nan"}
    assert encode(-math.inf) == {"float": "-inf"}
    with pytest.raises(TypeError):
        encode(object())


@pytest.mark.parametrize(
    "data",
    [1, None, {}, {"int": True}, {"int": "1"}, {"int": 1, "str": "x"}, {"fn": True}, {"error": "Generic"},
    {"vec": 1},
     {"vec": [1]}, {"map": [[{"int": 1}]]}, {"map": [[{"bool": True}, {"int": 1}]]}, {"float": "x"},
     {"kw": 1}],
)  # fmt: skip
def test_tagged_refuses(data: object) -> None:
    with pytest.raises(ValueError):
        decode(data)
