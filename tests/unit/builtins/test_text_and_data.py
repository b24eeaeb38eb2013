"""Strings, regular expressions, conversions, JSON, errors, host names, and the table itself."""

from __future__ import annotations

import math
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest

from rtfs_runtime.builtins import BUILTINS
from rtfs_runtime.builtins.failures import make_thrown
from rtfs_runtime.builtins.table import builtin
from rtfs_runtime.equality import equal
from rtfs_runtime.errors import KINDS, LimitExceeded, RtfsError
from rtfs_runtime.printer import display
from rtfs_runtime.values import Keyword, List, Symbol, Timestamp, Uuid, error_map

Call = Callable[..., Any]
A, B = Keyword("a"), Keyword("b")
STAMP = Timestamp("2026-01-02T03:04:05Z")


@pytest.mark.parametrize(
    ("name", "args", "want"),
    [
        ("str", (), ""),
        ("str", ("id-", 7, A, None, True, 2.5), "id-7:aniltrue2.5"),
        ("str", (("x", 1),), '["x" 1]'),
        ("str", (STAMP,), '#timestamp("2026-01-02T03:04:05Z")'),
        ("join", ("-", (1, B, None, 2.0)), "1-:b-nil-2"),
        ("join", (",", ()), ""),
        ("string-join", ("+", List([1, 2])), "1+2"),
        ("split", ("x;;y;", ";"), ("x", "", "y", "")),
        ("split", ("abc", ""), ("a", "b", "c")),
        ("split", ("", ""), ()),
        ("split", (None, ";"), ("",)),
        ("split", (STAMP, "T"), ("2026-01-02", "03:04:05Z")),
        ("lines", ("a\r\nb\n",), ("a", "b")),
        ("lines", ("",), ()),
        ("string-length", ("naïve",), 5),
        ("string-length", (STAMP,), 20),
        ("substring", ("reference", 0, 3), "ref"),
        ("substring", ("ab", 2), ""),
        ("string-contains", ("workflow", "flow"), True),
        ("starts-with?", (None, "plan"), False),
        ("starts-with?", ("plan-7", "plan"), True),
        ("string-upper", ("straße",), "STRASSE"),
        ("lower", ("ΟΔΟΣ",), "οδος"),
        ("capitalize", ("aBC",), "Abc"),
        ("trim", ("\u3000 a\x1c ",), "a\x1c"),
        ("triml", (" a ",), "a "),
        ("trimr", (" a ",), " a"),
        ("blank?", ("\t\u2028",), True),
        ("replace", ("a.b.c", ".", "-"), "a-b-c"),
        ("replace", ("ab", "", "x"), "xaxbx"),
        ("keyword", ("a",), A),
        ("name", (Keyword("a/b"),), "b"),
        ("namespace", (Keyword("a/b"),), "a"),
        ("namespace", (Symbol("/"),), None),
        ("re-find", ("[0-9]+", "v12b7"), "12"),
        ("re-find", ("([a-z])=([0-9])", "q=3"), "q=3"),
        ("re-find", ("a|ab", "ab"), "a"),
        ("re-find", ("a$", "a\n"), None),
        ("re-find", ("(?m)a$", "a\nb"), "a"),
        ("re-find", (r"\w+", "été!"), "été"),
        ("re-find", (r"\d", "٣"), "٣"),
        ("re-find", (r"\p{Greek}+", "xαβ"), "αβ"),
        ("re-find", ("(?i)ABC", "xabcx"), "abc"),
        ("re-find", ("a", None), None),
        ("re-matches", ("a|ab", "ab"), "ab"),
        ("re-matches", ("a+", "xaay"), None),
        ("re-matches", ("a*?", "aa"), "aa"),
        ("re-matches", ("(?m)a$", "a\n"), None),
        ("re-seq", ("[a-z]+", "ab-cd-e"), ("ab", "cd", "e")),
        ("re-seq", ("a*", "baac"), ("", "aa", "")),
        ("re-seq", ("", "日本"), ("", "", "")),
        ("re-seq", ("|a", "aa"), ("", "", "")),
        ("re-seq", ("a??", "aa"), ("", "", "")),
        ("re-seq", (r"\b", "ab cd"), ("", "", "", "")),
        ("re-seq", ("b|", "abc"), ("", "b", "")),
        ("re-seq", ("(a)|b", "ab"), ("a", "b")),
        ("re-seq", ("^a", "aa"), ("a",)),
        ("re-seq", ("a", None), ()),
        ("parse-int", (" -12 ",), -12),
        ("parse-int", ("+7",), 7),
        ("parse-int", ("9" * 50,), int("9" * 50)),
        ("parse-int", ("12.0",), None),
        ("parse-int", ("1_000",), None),
        ("parse-int", ("٣",), None),
        ("parse-int", ("",), None),
        ("parse-int", (3.9,), 3),
        ("parse-int", (True,), None),
        ("parse-float", (".5",), 0.5),
        ("parse-float", ("5.",), 5.0),
        ("parse-float", ("1E3",), 1000.0),
        ("parse-float", ("-Infinity",), -math.inf),
        ("parse-float", ("0x1",), None),
        ("parse-float", ("1_0",), None),
        ("parse-float", ("\x1c1",), None),
        ("parse-float", ("",), None),
        ("parse-int", ("+",), None),
        ("parse-int", ("²",), None),
        ("parse-float", ("ınf",), None),
        ("parse-float", (7,), 7.0),
        ("parse-float", (False,), None),
        ("int", ("4.9",), 0),
        ("int", (-3.9,), -3),
        ("int", (True,), 1),
        ("int", (math.nan,), 0),
        ("int", (math.inf,), 2**63 - 1),
        ("int", (-math.inf,), -(2**63)),
        ("int", (A,), 0),
        ("float", ("x",), 0.0),
        ("float", (True,), 1.0),
        ("bool", (0,), True),
        ("serialize-json", ({B: 1, A: (None, True), "c": 4.0},), '{"a":[null,true],"b":1,"c":4.0}'),
        ("tool.parse-json", ("[1, 2.5, null]",), (1, 2.5, None)),
        ("tool:parse-json", ('{"a": 1}',), {"a": 1}),
        ("serialize-json-pretty", ((),), "[]"),
    ],
)
def test_value(call: Call, name: str, args: tuple[Any, ...], want: Any) -> None:
    got = call(name, *args)
    assert equal(got, want), display(got)


@pytest.mark.parametrize(
    ("name", "args", "kind"),
    [
        ("join", ((1, 2), ","), "TypeError"),
        ("join", (",", "ab"), "TypeError"),
        ("string-length", (None,), "TypeError"),
        ("substring", ("ab", 3), "IndexOutOfBounds"),
        ("substring", ("ab", -1), "IndexOutOfBounds"),
        ("substring", ("ab", 1, 5), "IndexOutOfBounds"),
        ("substring", ("ab", 1.0), "TypeError"),
        ("string-contains", (None, "a"), "TypeError"),
        ("starts-with?", ("a", None), "TypeError"),
        ("upper", (None,), "TypeError"),
        ("keyword", (5,), "TypeError"),
        ("re-find", (5, "a"), "TypeError"),
        ("re-find", ("a", 5), "TypeError"),
        ("re-find", ("(", "a"), "Generic"),
        ("re-find", ("(?=a)", "a"), "Generic"),
        ("re-find", ("(?<=a)b", "ab"), "Generic"),
        ("re-find", (r"(a)\1", "aa"), "Generic"),
        ("re-find", ("(a{1000}){1000}", "aa"), "Generic"),
        ("re-find", ("a", "\ud800"), "Generic"),
        ("re-find", ("\ud800", "a"), "Generic"),
        ("re-matches", (None, "a"), "TypeError"),
        ("serialize-json", (A,), "Generic"),
        ("serialize-json", (math.nan,), "Generic"),
        ("parse-json", ("[1,]",), "Generic"),
        ("parse-json", (None,), "TypeError"),
        ("getMessage", ("text",), "TypeError"),
        ("Exception.", (), "ArityMismatch"),
        ("throw", ("boom",), "ApplicationError"),
        ("throw", (RtfsError("DivisionByZero"),), "DivisionByZero"),
        ("error", ("boom",), "ApplicationError"),
        ("assert", (False,), "Generic"),
        ("with-context", ("m", {}), "TypeError"),
    ],
)
def test_error(call: Call, name: str, args: tuple[Any, ...], kind: str) -> None:
    with pytest.raises(RtfsError) as caught:
        call(name, *args)
    assert caught.value.kind == kind


def test_huge_texts_are_refused_at_once(call: Call) -> None:
    half = "x" * (1 << 27)
    for args in (
        ("str", half, half, half),
        ("join", half, (1, 2, 3)),
        ("replace", "x" * 10_000, "x", "y" * 100_000),
    ):
        with pytest.raises(LimitExceeded):
            call(*args)


def test_lazy_patterns_find_what_the_crate_finds_in_long_texts(call: Call) -> None:
    assert call("re-seq", "x*", "日" * 50_000) == ("",) * 50_001


@pytest.mark.parametrize(
    ("thrown", "message", "shown"),
    [
        ("boom", "Application error (error): boom", {"type": Keyword("error"), "data": None}),
        (404, "Application error (error): 404", {"kind": "ApplicationError"}),
        (
            {Keyword("type"): Keyword("my/oops"), Keyword("message"): "m", Keyword("data"): {A: 1}},
            "Application error (my/oops): m",
            {"type": Keyword("my/oops"), "data": {A: 1}},
        ),
        ({A: 1}, "Application error (error): {:a 1}", {"data": None}),
    ],
)
def test_thrown(thrown: object, message: str, shown: dict[str, object]) -> None:
    error = make_thrown(thrown)
    assert error.message == message
    seen = error_map(error)
    assert {name: seen[Keyword(name)] for name in shown} == shown


def test_errors_are_values(call: Call) -> None:
    error = call("Exception.", 404, {A: 1})
    assert call("getMessage", error) == "404"
    assert call("str", error) == "#<error: 404>"
    assert equal(call("ex-data", call("ex-info", "m", {A: 1})), {A: 1})
    told = call("with-context", call("ex-info", "m", {A: 1}), {B: 2})
    assert (call("getMessage", told), call("ex-data", told)) == ("m", {A: 1, B: 2})
    with pytest.raises(RtfsError, match="too small"):
        call("assert", None, "too small")


@pytest.mark.parametrize(
    ("name", "args", "event"),
    [
        ("println", ("a", 1, ("b",)), ("ccos.io.println", ('a 1 ["b"]',))),
        ("tool:log", ("x",), ("ccos.io.log", ("x",))),
        ("call", (Keyword("a.b/c"), 1, 2), ("a.b/c", (1, 2))),
        ("call", ("a.b.c",), ("a.b.c", ())),
        ("get-env", ("HOME",), ("ccos.system.get-env", ("HOME",))),
        ("tool.time-ms", (), ("ccos.system.current-timestamp-ms", ())),
        ("sleep", (5,), ("ccos.system.sleep-ms", (5,))),
        ("context/get", (Keyword("k"),), ("ccos.context.get", ("k",))),
        ("context/set", (Symbol("k"), 1), ("ccos.context.set", ("k", 1))),
        ("open-file", ("p", Keyword("w")), ("ccos.io.open-file", ("p", "write"))),
        (
            "http-get",
            ("http://x",),
            ("ccos.network.http-get", ({Keyword("url"): "http://x", Keyword("headers"): {}},)),
        ),
        (
            "http-fetch",
            ("http://x", Keyword("post"), None, "b"),
            (
                "ccos.network.http-fetch",
                (
                    {
                        Keyword("url"): "http://x",
                        Keyword("method"): "POST",
                        Keyword("headers"): {},
                        Keyword("body"): "b",
                    },
                ),
            ),
        ),
    ],
)
def test_every_effect_passes_the_host(host: Any, call: Call, name: str, args: Any, event: Any) -> None:
    call(name, *args)
    assert host.events == [event]


def test_the_store_is_read_and_written(host: Any, call: Call) -> None:
    host.answers["ccos.state.kv.get"] = {A: 1}
    assert call("kv/assoc!", "s", B, 2) == {A: 1, B: 2}
    assert call("kv/dissoc!", "s", A) == {}
    host.answers["ccos.state.kv.get"] = None
    assert call("kv/conj!", "s", 1, 2) == (1, 2)
    assert [event for event in host.events if event[0].endswith("put")][-1] == (
        "ccos.state.kv.put",
        ("s", (1, 2)),
    )


@pytest.mark.parametrize(
    ("name", "args", "kind"),
    [
        ("call", (5,), "TypeError"),
        ("get-env", (None,), "TypeError"),
        ("thread/sleep", (-1,), "InvalidArgument"),
        ("context/get", (5,), "TypeError"),
        ("open-file", ("p", "q"), "InvalidArgument"),
        ("http-fetch", ("u", "FOO"), "InvalidArgument"),
        ("http-get", ("u", 5), "TypeError"),
        ("kv/assoc!", ("s", A, 1, B), "ArityMismatch"),
    ],
)
def test_wrong_effects_never_reach_the_host(host: Any, call: Call, name: str, args: Any, kind: str) -> None:
    with pytest.raises(RtfsError) as caught:
        call(name, *args)
    assert (caught.value.kind, host.events) == (kind, [])


REMOVED = ("atom", "deref", "reset!", "swap!", "set!", "assoc!", "conj!")
UNDEFINED = ("case", "unless", "ends-with?", "seq?", "eval", "intent", "no-such", *REMOVED)


@pytest.mark.parametrize("name", UNDEFINED)
def test_undefined_names_stay_undefined(name: str) -> None:
    assert name not in BUILTINS


def test_the_table_is_frozen() -> None:
    with pytest.raises(AssertionError):
        builtin("late", "[:fn [] :any]")(lambda: None)
    with pytest.raises(TypeError):
        BUILTINS["late"] = BUILTINS["+"]  # type: ignore[index]


@pytest.mark.parametrize("name", sorted(BUILTINS))
def test_rows_are_complete(name: str) -> None:
    row = BUILTINS[name]
    assert row.doc and row.type.startswith("[:fn [") and row.function.__rtfs_builtin__ is row  # type: ignore[attr-defined]
    # a new symbol is no effect on the world, but no call of gensym may stand for another
    assert row.host == (row.effect != "pure") or name == "gensym"
    assert row.examples and KINDS.keys() >= set(row.raises)
    assert row.name == name or name in row.aliases


def test_the_regex_binding_is_loaded_at_the_first_use() -> None:
    source = (
        "import sys, rtfs_runtime.builtins; print(int('rurex' in sys.modules), int('inspect' in sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", source],
        capture_output=True,
        text=True,
        check=True,
        env={"PYTHONPATH": ":".join(sys.path)},
    )
    assert done.stdout.split()[0] == "0"


def test_uuid_text_is_seen_by_string_functions(call: Call) -> None:
    assert call("starts-with?", Uuid("123e4567-e89b-12d3-a456-426614174000"), "123") is True
