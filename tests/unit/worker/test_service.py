"""The evaluation service: lines in, lines out, whatever a program does."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest

from rtfsc.worker.server import serve


def ask(*requests: Any) -> list[dict[str, Any]]:
    lines = "".join((each if isinstance(each, str) else json.dumps(each)) + "\n" for each in requests)
    out = io.BytesIO()
    serve(io.BytesIO(lines.encode()), out)
    return [json.loads(line) for line in out.getvalue().splitlines()]


def run(source: str, **more: Any) -> dict[str, Any]:
    return ask({"id": "x", "source": source, "mode": "run", **more})[0]


def test_a_value() -> None:
    answer = run('[1 :a "b"]')
    assert answer["value"] == {"vec": [{"int": 1}, {"kw": "a"}, {"str": "b"}]}
    assert (answer["printed"], answer["stdout"]) == ('[1 :a "b"]', "")


def test_each_line_has_a_fresh_namespace() -> None:
    first, second = ask({"id": 1, "source": "(def a 1)"}, {"id": 2, "source": "a"})
    assert first["ok"]
    assert second["error"]["kind"] == "UndefinedSymbol"


def test_lines_that_are_no_requests() -> None:
    answers = ask("{", "[]", {"id": 7}, {"id": 1, "source": "2"})
    assert [answer.get("stage") for answer in answers] == ["request", "request", "request", None]
    assert [answer["id"] for answer in answers] == [None, None, 7, 1]


@pytest.mark.parametrize(
    ("source", "stage", "kind", "place"),
    [
        ("(let [x 5]", "parse", "ParseError", (1, 1)),
        ("\n (if)", "parse", "ParseError", (2, 2)),
        ("(defmacro m [x] x)\n(m)", "compile", "ArityMismatch", (2, 1)),
        ("(import no.such)", "compile", "ModuleNotFound", (1, 9)),
        ("(+ 1\n  (/ 1 0))", "run", "DivisionByZero", (2, 3)),
        ('(vector "日本" (/ 1 0))', "run", "DivisionByZero", (1, 14)),
    ],
)
def test_where_it_went_wrong(source: str, stage: str, kind: str, place: tuple[int, int]) -> None:
    answer = run(source)
    error = answer["error"]
    assert (answer["stage"], error["kind"], (error["line"], error["column"])) == (stage, kind, place)


def test_parse_only_runs_nothing() -> None:
    answer = ask({"id": 1, "source": "(/ 1 0)", "mode": "parse"})[0]
    assert answer == {"id": 1, "ok": True}


def test_files_are_modules() -> None:
    files = {"a/b.rtfs": "(module a.b (defn f [x] (* x 2)))"}
    assert run("(import a.b :as b) (b/f 4)", files=files)["value"] == {"int": 8}
    assert run("1", files={"../x.rtfs": ""})["stage"] == "request"


def test_a_limit_costs_its_own_line_only() -> None:
    endless = {"id": 1, "source": "(loop [] (recur))", "timeout_s": 0.3}
    hungry = {"id": 2, "source": "(defn f [x] (f (conj x (range 1000000)))) (f [])"}
    answers = ask(endless, hungry, {"id": 3, "source": "3"})
    assert [answer.get("error", {}).get("kind") for answer in answers] == [
        "BudgetExhausted",
        "BudgetExhausted",
        None,
    ]


def test_nothing_is_granted_unless_asked() -> None:
    assert run('(println "x")')["error"]["kind"] == "SecurityViolation"
    assert run('(println "x")', grants=["print"])["stdout"] == "x\n"
    assert run("1", grants=["no-such"])["stage"] == "request"


def test_a_value_of_any_depth() -> None:
    source = "(defn nest [n acc] (if (= n 0) acc (nest (- n 1) [acc]))) (nest 50000 [])"
    out = io.BytesIO()
    serve(io.BytesIO(json.dumps({"id": 1, "source": source}).encode() + b"\n"), out)
    assert out.getvalue().startswith(b'{"id": 1, "ok": true, "value": {"vec":[{"vec":[')
