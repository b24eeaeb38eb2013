"""Lines in, requests out; answers are one line of JSON each."""

from __future__ import annotations

import json

import pytest

from rtfsc.worker.protocol import BadRequest, Problem, Request, failure_text, parse_request, value_text


def test_defaults() -> None:
    assert parse_request(b'{"id": 1, "source": "1"}\n') == Request(1, "1", "run", (), 10.0, ())


def test_all_fields() -> None:
    line = json.dumps(
        {
            "id": "a",
            "source": "1",
            "mode": "parse",
            "files": {"a/b.rtfs": "2"},
            "timeout_s": 2,
            "grants": ["clock"],
        }
    )
    wanted = Request("a", "1", "parse", (("a/b.rtfs", "2"),), 2.0, ("clock",))
    assert parse_request(line.encode()) == wanted


@pytest.mark.parametrize(
    ("line", "id", "part"),
    [
        (b"", None, "JSON"),
        (b"\n", None, "JSON"),
        (b"nonsense", None, "JSON"),
        (b"\xff\xfe{", None, "JSON"),
        (b"[1]", None, "JSON object"),
        (b"[" * 100_000, None, "JSON"),
        (b'{"id": ' + b"9" * 5000 + b"}", None, "JSON"),
        (b'{"id": 1}', 1, "source"),
        (b'{"id": [1], "source": "1"}', None, "id"),
        (b'{"id": 1, "source": 1}', 1, "source"),
        (b'{"id": 1, "source": "1", "mode": "fly"}', 1, "mode"),
        (b'{"id": 1, "source": "1", "files": []}', 1, "files"),
        (b'{"id": 1, "source": "1", "files": {"../x": ""}}', 1, "files"),
        (b'{"id": 1, "source": "1", "files": {"/x": ""}}', 1, "files"),
        (b'{"id": 1, "source": "1", "files": {"": ""}}', 1, "files"),
        (b'{"id": 1, "source": "1", "files": {"x": 1}}', 1, "files"),
        (b'{"id": 1, "source": "1", "timeout_s": 0}', 1, "timeout_s"),
        (b'{"id": 1, "source": "1", "timeout_s": true}', 1, "timeout_s"),
        (b'{"id": 1, "source": "1", "timeout_s": NaN}', 1, "timeout_s"),
        (b'{"id": 1, "source": "1", "grants": "clock"}', 1, "grants"),
    ],
)
def test_malformed_lines(line: bytes, id: object, part: str) -> None:
    with pytest.raises(BadRequest, match=part) as caught:
        parse_request(line)
    assert caught.value.id == id
    answer = json.loads(failure_text(caught.value.id, caught.value.problem))
    assert (answer["id"], answer["ok"], answer["stage"]) == (id, False, "request")


def test_answers_are_one_line_of_json() -> None:
    assert json.loads(value_text("a", '{"int":1}', "1", "hello\n")) == {
        "id": "a",
        "ok": True,
        "value": {"int": 1},
        "printed": "1",
        "stdout": "hello\n",
    }
    problem = Problem("run", "DivisionByZero", None, "Division by zero", 1, 2)
    assert json.loads(failure_text(1, problem)) == {
        "id": 1,
        "ok": False,
        "stage": "run",
        "error": {
            "kind": "DivisionByZero",
            "code": None,
            "message": "Division by zero",
            "line": 1,
            "column": 2,
        },
    }
    assert "\n" not in value_text("a", '{"int":1}', "a\nb", "\n")
