"""Vectors that lie on the stack while a loop gathers them are what the builtins would have given."""

from __future__ import annotations

from typing import Any

import pytest

from rtfs_runtime import limits
from rtfs_runtime.errors import LimitExceeded
from rtfs_runtime.printer import readable
from rtfs_runtime.session import Session
from rtfsc.backend import texts
from rtfsc.driver import compile_text
from rtfsc.options import Options

PROGRAMS = {
    "(defn f [v] (map (fn [x] (filter (fn [y] (< y x)) v)) v))": "[[] [1] [1 2] [1 2 3]]",
    "(defn f [v] (mapcat (fn [x] (map (fn [y] (* x y)) (filter odd? v))) v))": "[1 3 2 6 3 9 4 12]",
    "(defn f [v] (mapcat (fn [x] (mapcat (fn [y] [y x]) (take x v))) (take 2 v)))": "[1 1 1 2 2 2]",
    "(defn f [v] [(map inc v) (if (empty? v) 1 (keep (fn [x] (if (odd? x) x)) v))])": "[[2 3 4 5] [1 3]]",
    "(defn f [v] (map (fn [x] (try (/ 4 (- x 1)) (catch e (map inc v)))) v))": (
        "[[2 3 4 5] 4 2 1.3333333333333333]"
    ),
    "(defn f [v] (try (map (fn [x] (nth (map dec v) (- 5 x))) v) (catch e (map str v))))": (
        '["1" "2" "3" "4"]'
    ),
    "(defn f [v] (map (fn [x] (fn [] (map (fn [y] [x y]) v))) v) (map (fn [g] (g)) []))": "[]",
    '(defn f [v] [(count (set v)) (count (distinct (map odd? v))) (count (distinct "abca"))])': "[4 2 3]",
    "(defn f [v] [(count (set {1 2})) (count (set [1 1.0 true (first v)])) (count (distinct [v v]))])": (
        "[1 3 1]"
    ),
    "(defn f [v] (try (count (distinct 5)) (catch e (:message e))))": (
        '"Type error in distinct: expected vector, list, or string, got integer"'
    ),
    '(defn f [v] (join ", " (map (fn [x] (str "<" x ">")) v)))': '"<1>, <2>, <3>, <4>"',
    '(defn f [v] (join "" (map (fn [x] (if (odd? x) (str x "." :k nil 2.5) (str "" x "-"))) v)))': (
        '"1.:knil2.52-3.:knil2.54-"'
    ),
    '(defn f [v] (join "+" (map (fn [x] (str "" x)) v)))': '"1+2+3+4"',
    '(defn f [v] (join "\\n" (map (fn [x] (join "," (map (fn [y] (str y "!")) (take x v)))) (take 2 v))))': (
        '"1!\\n1!,2!"'
    ),
    '(defn f [v] (str v "/" (str {:a v}) "/" (str "a" (first v) "b" (last v)) (str "c" v)))': (
        '"[1 2 3 4]/{:a [1 2 3 4]}/a1b4c[1 2 3 4]"'
    ),
}


def load(source: str) -> Any:
    session = Session()
    session.evaluate(compile_text(source, Options(verify=True)).artifact)
    return next(iter(session.instances.values())).globals["f"]


@pytest.mark.parametrize("source", PROGRAMS)
def test_gathered(source: str) -> None:
    assert readable(load(source)((1, 2, 3, 4))) == PROGRAMS[source]


@pytest.mark.parametrize(
    "source",
    [
        '(defn f [s] (join "," (map (fn [i] (str i s)) (range 4))))',
        '(defn f [s] (join "," (map (fn [i] s) (range 4))))',
        "(defn f [s] (str s s))",
        '(defn f [s] (str s "," s "," s))',
        "(defn f [s] (str s s s s s))",
    ],
)
def test_no_text_is_longer_than_allowed(source: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for holder in (limits, texts):
        monkeypatch.setattr(holder, "MAX_TEXT", 100)
    monkeypatch.setattr(texts, "_LONG", 30)
    monkeypatch.setattr("rtfs_runtime.builtins.text.MAX_TEXT", 100)
    function = load(source)
    assert len(function("x" * 10)) in range(20, 100)
    with pytest.raises(LimitExceeded):
        function("x" * 90)
