"""What a `try` throws itself goes to its clauses without an exception, as if there had been one."""

from __future__ import annotations

import dis

import pytest

from rtfs_runtime.errors import RtfsError
from rtfs_runtime.session import Session
from rtfsc.driver import compile_text
from rtfsc.options import Options

PROGRAMS = (
    ("(try (if (> i 1) (throw i) (+ 1 i)) (catch e -1))", -1),
    ("(try (+ i (* 2 (if (> i 1) (throw {:code i}) i))) (catch e (:type e)))", ":error"),
    ("(try (throw {:type :late :message (str i) :data [i]}) (catch :late e (:data e)))", (5,)),
    ("(try (+ i (reduce (fn [n x] (if (= x i) (throw n) (+ n x))) 0 (range 9))) (catch e 7))", 7),
    ("(if (try (if (> i 1) (throw {:code 1}) true) (catch e nil)) 1 2)", 2),
    (
        "(try (try (throw i) (catch DivisionByZero e 1)) (catch e (getMessage e)))",
        "Application error (error): 5",
    ),
    ("(try (try (throw i) (finally (/ 1 0))) (catch DivisionByZero e :f) (catch e :g))", ":f"),
    ("(try (str 1 (nth [i] (throw i))) (catch e 3))", 3),
    ("(try (throw (/ i 0)) (catch DivisionByZero e 1) (catch e 2))", 1),
    ("(try (map (fn [x] (if (= x i) (throw x) x)) [4 5]) (catch e (:kind e)))", "ApplicationError"),
)


def _call(body: str, options: Options) -> object:
    session = Session()
    session.evaluate(compile_text(f"(defn f [i] {body})", options).artifact)
    return next(iter(session.instances.values())).globals["f"](5)


@pytest.mark.parametrize("level", [0, 1, 2])
@pytest.mark.parametrize(("body", "expected"), PROGRAMS)
def test_value(body: str, expected: object, level: int) -> None:
    found = _call(body, Options(level=level))
    assert found == expected or str(found) == expected


@pytest.mark.parametrize("clause", ["(catch DivisionByZero e 1)", "(catch e (throw e))"])
def test_what_is_passed_on_keeps_its_position(clause: str) -> None:
    with pytest.raises(RtfsError) as raised:
        _call(f"(try\n (throw i)\n {clause})", Options())
    assert [entry.lineno + 1 for entry in raised.traceback if entry.name == "f"][-1] == 2


def test_no_exception() -> None:
    artifact = compile_text("(defn f [i] (try (if (> i 1) (throw i) (+ 1 i)) (catch e -1)))").artifact
    session = Session()
    session.evaluate(artifact)
    code = next(iter(session.instances.values())).globals["f"].__code__
    assert "#thrown" in code.co_names
    assert "RAISE_VARARGS" not in {each.opname for each in dis.get_instructions(code)}
