"""Random loops that change a vector, a map or a set by all that can be done in place, at all levels.

`python -m tests.properties.fills COUNT SEED` runs as many and stops at the first that differs.
"""

from __future__ import annotations

import random
import sys
from typing import Final

from tests.properties.compare import compared, run

_STARTS: Final = {
    "vector": ("[]", "[5 1 4]", "(vec (range 4))", "start"),
    "map": ("{}", "{0 1 2 3}", "(into {} [[1 2] [5 0]])", "start"),
    "set": ("(set [])", "(set [1 2 8])", "(set start)"),
}
_READS: Final = {
    "vector": (
        "(count m)",
        "(last m)",
        "(first m)",
        "(get m {i} 0)",
        "(nth m {i})",
        "(at m {i})",
        "(empty? m)",
    ),
    "map": ("(count m)", "(get m {i} 0)", "(contains? m {i})", "(at m {i})", "(empty? m)"),
    "set": ("(count m)", "(contains? m {i})", "(contains? m (contains? m {i}))", "(has m {i})"),
}
_CHANGES: Final = {
    "vector": (
        "(conj {m} {x})", "(conj {m} {x} {y})", "(concat {m} [{x} {y}])", "(concat {m} {x})",
        "(into {m} [{x}])",
        "(vec (rest {m}))", "(vec (butlast {m}))", "(subvec {m} 0 (dec (count m)))", "(subvec {m} 1)",
        "(subvec {m} {i} (count m))", "(take {i} {m})", "(drop {i} {m})", "(drop-last 1 {m})", "(sort {m})",
        "(assoc {m} {i} {x})", "(conj {m} (- {x} (count m)))",
    ),
    "map": (
        "(assoc {m} {i} {x})", "(assoc {m} {i} {x} {j} {y})", "(dissoc {m} {i})", "(dissoc {m} {i} {j})",
        "(merge {m} (hash-map {i} {x}))", "(into {m} [[{i} {x}] [{j} {y}]])", "(into {m} (hash-map {i} {x}))",
        "(update {m} {i} (fnil inc 0))",
    ),
    "set": (
        "(conj {m} {x})", "(disj {m} {x})", "(disj {m} {x} {y})", "(into {m} [{x} {y}])",
        "(union {m} (set [{x} {y}]))",
        "(into {m} (range {i} 4))",
    ),
}  # fmt: skip
_HELPERS: Final = {
    "vector": "(defn at [v i] (loop [k i] (if (< k 9) (if (< k (count v)) (nth v k) (recur (inc k))) 0)))",
    "map": "(defn at [v i] (if (contains? v i) (get v i) (if (< i 9) (at v (inc i)) 0)))",
    "set": "(defn has [s i] (if (< i 9) (if (contains? s i) i (has s (inc i))) 1.0))",
}


class _Writer:
    def __init__(self, choose: random.Random) -> None:
        self._choose = choose
        self._scheme = choose.choice(list(_STARTS))

    def program(self) -> str:
        start = self._choose.choice(_STARTS[self._scheme])
        kept = "{0 7}" if self._scheme == "map" else "[3 1 2]"
        end = self._choose.choice(("m", "(count m)", "[m m]", f"[m {self._read()}]"))
        if self._choose.random() < 0.4:
            loop = f"(let [m (reduce (fn [m i] {self._step(2)}) {start} (range n))] [{end} start])"
        else:
            loop = f"(loop [m {start} i 0 t 0] (if (< i n) {self._jump(2)} [{end} t start]))"
        return f"(def start {kept})\n{_HELPERS[self._scheme]}\n(defn f [n] {loop})\n(f 6)"

    def _jump(self, depth: int) -> str:
        if depth and self._choose.random() < 0.4:
            return f"(if {self._test()} {self._jump(depth - 1)} {self._jump(depth - 1)})"
        total = self._choose.choice(("t", f"(conj [t] {self._read()})", self._read()))
        return f"(recur {self._step(1)} (+ i 1) {total})"

    def _step(self, depth: int) -> str:
        if depth and self._choose.random() < 0.5:
            first, second = self._step(depth - 1), self._step(depth - 1)
            return self._choose.choice(
                (
                    f"(if {self._test()} {first} {second})",
                    f"(let [m {first}] {second})",
                    f"(let [a {self._read()} m {first}] (if (= a 1) m {second}))",
                )
            )
        return self._change(1)

    def _change(self, depth: int) -> str:
        base = self._change(depth - 1) if depth and self._choose.random() < 0.35 else "m"
        parts = {name: self._item() for name in "xy"} | {name: self._index() for name in "ij"}
        return self._choose.choice(_CHANGES[self._scheme]).format(m=base, **parts)

    def _index(self) -> str:
        return self._choose.choice(
            ("i", "0", "(mod i 3)", "2", "i", "(mod i 2)", "1.5" if self._rarely() else "1")
        )

    def _item(self) -> str:
        return self._choose.choice(("i", "(* 2 i)", "7", self._read(), "nil" if self._rarely() else "3"))

    def _read(self) -> str:
        return self._choose.choice(_READS[self._scheme]).format(i=self._index())

    def _test(self) -> str:
        return self._choose.choice((f"(= 1 {self._read()})", f"(< i {self._choose.randint(0, 6)})"))

    def _rarely(self) -> bool:
        return self._choose.random() < 0.1


def differing(seed: int) -> tuple[str, list[object], bool]:
    """Write a program, and say what its levels give where that differs."""
    return compared(_Writer(random.Random(seed)).program())


if __name__ == "__main__":
    sys.exit(run(differing, int(sys.argv[1]), int(sys.argv[2])))
