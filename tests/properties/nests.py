"""Random loops that change vectors and maps inside of their collections, at all levels.

`python -m tests.properties.nests COUNT SEED` runs as many and stops at the first that differs.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Callable
from typing import Final

from tests.properties.compare import compared, run

_STARTS: Final = {
    "vectors in map": ("{0 [1 2] 1 [] 2 [3]}", "{}"),
    "records in map": ("{0 {:x 1 :y 2} 1 {:x 0} 2 {:y 5 :x 4}}", "{0 {} 1 {} 2 {}}", "{}"),
    "records in vector": ("[{:x 1 :y 2} {:x 0 :y 0} {:y 5 :x 4}]",),
    "vectors in vector": ("[[1 2] [3 4] [5 6]]", "(vec (map (fn [_] [0 0]) (range 3)))"),
    "sets in map": ("{0 (set [1 2]) 1 (set []) 2 (set [0])}", "{}"),
    "record": ("{:a [1 2] :b {:x 1} :n 0}", "{:n 0}"),
    "anything": ("{0 [1] 1 {:x 1} 2 7 :a nil}", "[[1] {:x 1} 7]", "[]", "nil"),
}


class _Writer:
    def __init__(self, choose: random.Random) -> None:
        self._choose = choose
        self._scheme = choose.choice(list(_STARTS))
        self._views = 0

    def program(self) -> str:
        start = self._choose.choice(_STARTS[self._scheme])
        step = self._step(3, ())
        functions, call = "", step
        named = self._choose.random()
        if named < 0.4:
            functions, call = f"(defn go [m i k] {step})\n", "(go m i k)"
        elif named < 0.6:
            kept = self._choose.choice((self._item(()), "i", "(get m k)"))
            functions = f"(defn go [m i k] (if (< i 3) [i {step}] [{kept} {self._step(2, ())}]))\n"
            call = self._choose.choice(
                ("(let [[c m] (go m i k)] (if (= c 1) m (assoc m k [c])))", "(let [r (go m i k)] (second r))")
            )
        end = self._choose.choice(("m", "(count m)", "[m m]", f"(get m {self._key()})", "(str m)"))
        if self._choose.random() < 0.5:
            first = self._choose.choice(("start", start))
            loop = f"(reduce (fn [m i] (let [k (mod i 3)] {call})) {first} (range n))"
            return f"(def start {start})\n{functions}(defn f [n] (let [m {loop}] [{end} start]))\n(f 7)"
        loop = f"(loop [m {start} i 0] (let [k (mod i 3)] (if (< i n) (recur {call} (+ i 1)) {end})))"
        return f"(def start {start})\n{functions}(defn f [n] [{loop} start])\n(f 7)"

    def _one(self, *ways: Callable[[], str]) -> str:
        return self._choose.choice(ways)()

    def _key(self) -> str:
        if self._choose.random() < 0.06:
            return self._choose.choice(("1.5", "true", "9", "-1", ":zz", "[1]"))
        if self._scheme == "record":
            return self._choose.choice((":a", ":a", ":b", ":n"))
        return self._choose.choice(("k", "k", "0", "1", "(mod (+ i 1) 3)"))

    def _field(self) -> str:
        if self._scheme.startswith("vectors"):
            return self._choose.choice(("0", "1", "(mod i 2)"))
        return self._choose.choice((":x", ":y", ":x", "k", '"s"'))

    def _item(self, views: tuple[str, ...]) -> str:
        return self._one(
            lambda: "i",
            lambda: "(+ i 1)",
            lambda: f"(get m {self._key()} 0)" if self._choose.random() < 0.1 else "k",
            lambda: f"(count (get m {self._key()}))",
            lambda: f"(get-in m [{self._key()} {self._field()}])",
            lambda: f"(quot 10 (- {self._choose.randint(0, 20)} i))",
            lambda: f"(get {self._view(views)} {self._field()})",
            lambda: f"(:x {self._view(views)})",
            lambda: f"(contains? {self._view(views)} i)",
            lambda: f"(+ 1 (nth {self._view(views)} 0))",
            lambda: f"(let [{{:keys [x y]}} {self._view(views)}] [x y])",
            lambda: f"(reduce + 0 {self._view(views)})",
        )

    def _view(self, views: tuple[str, ...]) -> str:
        if views and self._choose.random() < 0.8:
            return self._choose.choice(views)
        return f"({self._choose.choice(('get', 'nth', 'get'))} m {self._key()})"

    def _value(self, key: str, views: tuple[str, ...]) -> str:
        base = self._view(views) if self._choose.random() < 0.4 else f"(get m {key})"
        if self._choose.random() < 0.3:
            base = self._choose.choice((f"(get m {key} [])", f"(or {base} [])", f"(or {base} {{}})"))
        item, field = self._item(views), self._field()
        if self._scheme.startswith("sets"):
            base = f"(get m {key} (set []))" if base.endswith("[])") else base
            return self._one(lambda: f"(conj {base} {item})", lambda: f"(conj {base} i)", lambda: "(set [i])")
        if self._scheme.startswith("records"):
            return self._one(
                lambda: f"(assoc {base} {field} {item})",
                lambda: f"(assoc {base} :x {item} :y {self._item(views)})",
                lambda: f"(update {base} :x (fnil inc 0))",
                lambda: f"{{:x {item} :y k}}",
                lambda: (
                    f"(if (> i 3) (assoc {base} :x i) {base if self._choose.random() < 0.2 else '{:x 9}'})"
                ),
            )
        return self._one(
            lambda: f"(conj {base} {item})",
            lambda: f"(conj {base} {item} i)",
            lambda: f"(into {base} [{item} 1])",
            lambda: f"(assoc {base} {field} {item})",
            lambda: f"[{item} i]",
            lambda: item,
            lambda: f"(if (empty? {base}) [i] (conj {base} {item}))",
        )

    def _function(self, views: tuple[str, ...]) -> str:
        return self._one(
            lambda: "inc",
            lambda: "(fnil inc 0)",
            lambda: "(fnil conj [])",
            lambda: f"(fn [v] (assoc v {self._field()} {self._item((*views, 'v'))}))",
            lambda: f"(fn [v] (if (nil? v) [i] (conj v {self._item((*views, 'v'))})))",
        )

    def _step(self, depth: int, views: tuple[str, ...]) -> str:
        if depth and self._choose.random() < 0.5:
            return self._one(
                lambda: (
                    f"(if {self._test(views)} {self._step(depth - 1, views)} {self._step(depth - 1, views)})"
                ),
                lambda: self._let(depth, views),
                lambda: self._let(depth, views),
                lambda: f"(let [m {self._change(views)}] {self._step(depth - 1, ())})",
            )
        return self._change(views)

    def _test(self, views: tuple[str, ...]) -> str:
        return self._one(
            lambda: f"(< i {self._choose.randint(0, 7)})",
            lambda: f"(nil? {self._view(views)})",
            lambda: f"(empty? {self._view(views)})",
            lambda: f"(= 1 {self._item(views)})",
            lambda: f"(and {self._view(views)} (contains? m k))",
        )

    def _let(self, depth: int, views: tuple[str, ...]) -> str:
        self._views += 1
        name = f"a{self._views}"
        key = self._key()
        if self._choose.random() < 0.3:
            rest = self._choose.choice(("", f" k {self._value('k', views)}"))
            return f"(let [{name} {self._value(key, views)}] (assoc m {key} {name}{rest}))"
        return f"(let [{name} (get m {key})] {self._step(depth - 1, (*views, name))})"

    def _change(self, views: tuple[str, ...]) -> str:
        key, other = self._key(), self._key()
        return self._one(
            lambda: f"(assoc m {key} {self._value(key, views)})",
            lambda: f"(assoc m {key} {self._value(key, views)})",
            lambda: f"(assoc m {key} {self._value(key, views)} {other} {self._value(other, views)})",
            lambda: f"(assoc (assoc m {key} {self._value(key, views)}) {other} i)",
            lambda: f"(update m {key} {self._function(views)} {self._item(views)})",
            lambda: f"(update m {key} {self._function(views)})",
            lambda: f"(assoc-in m [{key} {self._field()}] {self._item(views)})",
            lambda: f"(update-in m [{key} {self._field()}] (fnil inc 0))",
            lambda: f"(update-in m [{key} {self._field()}] + {self._item(views)})",
            lambda: "m",
        )


def differing(seed: int) -> tuple[str, list[object], bool]:
    """Write a program, and say what its levels give where that differs."""
    return compared(_Writer(random.Random(seed)).program())


if __name__ == "__main__":
    sys.exit(run(differing, int(sys.argv[1]), int(sys.argv[2])))
