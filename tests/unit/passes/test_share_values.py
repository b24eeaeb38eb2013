"""What is evaluated once gives and raises what it did before, and from the same place."""

from __future__ import annotations

import pytest

from rtfs_runtime.errors import RtfsError
from rtfs_runtime.printer import readable
from rtfsc.driver import evaluate
from rtfsc.dump import dump
from rtfsc.options import Options
from rtfsc.source import SourceFile

# bodies of a function of two arguments, and what is shared in them where other passes leave that alone
FUNCTIONS: dict[str, tuple[str, int | None]] = {
    "a key looked up in a test": ("(if (:w a) (:w a) (get a b))", 1),
    "an item of a table": ("(let [t [1 2]] (if (> (nth t b) 1) (nth t b) a))", None),
    "the second operand": ("(+ (:w a) (* (- b (:h a)) (- b (:h a))))", 1),
    "after what may fail": ("(if (< b 1) (:w a) [(:w a) (:h a)])", 0),
    "in both branches only": ("(if b (nth a 0) (nth a 0))", 0),
    "a row in a loop": (
        "(loop [x 0 s 0] (if (< x (count (nth a b))) (recur (inc x) (+ s (nth (nth a b) x))) s))",
        1,
    ),
    "a row that another loop changes": (
        "(loop [y 0 s 0] (if (< y 2) (recur (inc y) (if (nth a y) [(nth a y)] s)) s))",
        1,
    ),
    "defined again": ("(do (def x a) (if (:w x) (do (def x {:w b}) [(:w x)]) (:w x)))", 0),
    "filled in a loop": (
        "(loop [m [0 0 0] i 0] (if (< i 3) (recur (assoc m i (+ (nth m 0) (nth m 0) i 1)) (inc i)) m))",
        None,
    ),
    "a try around it": ("(try (+ (:w a) (:w a)) (catch e [b]))", 1),
    "before a throw": ("(if (throw [b]) (:w a) [(:w a)])", 0),
    "in functions": ("(count [(:w a) (fn [] (:w a))])", 0),
}
ARGUMENTS = ("{:w 3 :h 2} 1", "{} 0", "[[1 2] [3]] 1", "[1 2] 0", "5 0", 'nil "x"', "{:w 1} nil", "[] :k")


def _outcome(source: str, level: int) -> object:
    try:
        return readable(evaluate(source, options=Options(level=level, verify=True)))
    except RtfsError as error:
        trace = error.__traceback__
        places = []
        while trace is not None:
            if trace.tb_frame.f_code.co_filename == "<text>":
                places.append(list(trace.tb_frame.f_code.co_positions())[trace.tb_lasti // 2])
            trace = trace.tb_next
        return error.kind, error.message, places[-1]


@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.parametrize("arguments", ARGUMENTS)
def test_the_outcome_stays(name: str, arguments: str) -> None:
    source = f"(defn f [a b] {FUNCTIONS[name][0]})\n(f {arguments})"
    assert _outcome(source, 2) == _outcome(source, 0)


@pytest.mark.parametrize("name", [name for name, row in FUNCTIONS.items() if row[1] is not None])
def test_only_what_surely_runs_first_is_shared(name: str) -> None:
    body, count = FUNCTIONS[name]
    text = dump(SourceFile("f.rtfs", f"(defn f [a b] {body})"), "share_values")
    assert text.count("(let shared.") == count
