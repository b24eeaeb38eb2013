"""What the kinds say of values holds while programs run: each value that code pushes is looked at, with
operands that would stay in their locals, after all passes."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from rtfs_runtime.builtins import BUILTINS
from rtfs_runtime.errors import RtfsError
from rtfs_runtime.maps import BigMap
from rtfs_runtime.session import Session
from rtfs_runtime.values import Keyword, List, Set
from rtfs_runtime.vectors import BigVector
from rtfsc.backend import codegen, operands
from rtfsc.backend.codegen import Value
from rtfsc.backend.frame import Frame
from rtfsc.driver import compile_text, evaluate
from rtfsc.ir import kinds
from rtfsc.ir.printer import print_expr
from rtfsc.source import CompileError
from tests.properties.programs import Writer
from tests.soundness.test_soundness import PROGRAMS

PAIRS = Path(__file__).parents[2] / "benchmarks" / "pairs"
NESTED = [
    "(def rows [[1 2] [3 4]]) (defn at [i j] (nth (nth rows i) j)) [(at 0 1) (at 1 0)]",
    "(def g (reduce (fn [g i] (assoc g i [(mod i 3) (+ i 1)])) {} (range 300)))"
    " (reduce (fn [n [k vs]] (+ n k (reduce + 0 vs) (count (get g (first vs))))) 0 g)",
    "(loop [i 0 acc []] (if (< i 300) (recur (+ i 1) (conj acc [i (* i 0.5) (str i)]))"
    " (reduce (fn [n [a b c]] (+ n a b (count c))) 0 acc)))",
    "(defn deep [n x] (if (= n 0) x (deep (- n 1) [x n])))"
    " (let [[[[[a _] b] c] d] (deep 9 :x)] [b c d (count a)])",
    '(let [m {:a 1 :b [1.5 {:c "x"}]}] (for [i (range 3)] (assoc-in m [:b 1 :c] (+ i (:a m)))))',
    "(map (fn [[k v]] [v k (nth v 0)]) (group-by even? [1 2 3]))",
    "(into {} (map (fn [x] [x [x]]) [1 2]))",
    "(let [v [[3 1] [2]]] (reduce (fn [n xs] (+ n (apply max xs))) 0 (conj v (vals {:a 4}))))",
    '(map (fn [x] (first (rest (take 2 x)))) [[1 2.5] (list 3 4) "ab"])',
]
ORDERED = [
    "(defn gap [c w] (if (>= c w) (- c w) (- w c)))"
    " (for [a [1 -2 2.5 ##NaN] b [3 -4 0.5 ##NaN]] [(gap a b) (gap b a)])",
    "(defn sign [x] [(if (pos? x) (- x 1) x) (if (neg? x) x (- x 1)) (if (zero? x) x (- x 1))"
    " (if (= x 0) x (dec x))])"
    " (map sign [0 1 5 -1 0.0 -2.5])",
    # what a loop binds anew forgets what was known of the value before
    "(loop [i 5 j 3 k 0] (if (< k 6) (if (>= i j) (recur j i (+ k 1)) (recur (- i j) (- j i) (+ k 1)))"
    " [i j (- i j)]))",
    "(loop [k 0 d 0] (if (< k 4) (let [c (- k 2)]"
    " (if (>= c k) (recur (+ k 1) (- c k)) (recur (+ k 1) (- c d)))) [(- d k) (- k d)]))",
    "(let [n 5] (for [i (range n) j (range i n)] [(- n i) (- j i) (- i j) (- i 1) (- j 1)]))",
    "(let [v [4 5 6]] (loop [i (- (count v) 1) s 0]"
    " (if (>= i 0) (recur (- i 1) (+ s (nth v i) (- i 1))) [s i])))",
    "(defn down [a b w] (loop [c a s []] (if (> c b) (recur (- c w) (conj s (- c b) (- c a))) s)))"
    " [(down 9 2 3) (down 2 -5 2) (down -1 -4 1)]",
    "(defn back [n] (loop [i 2 s []]"
    " (if (< i 7) (if (> i (- n)) (recur (- i 1) (conj s (- i 2) (- 7 i))) s) s))) (back 4)",
    "(loop [n 10 s []] (if (= n 0) s (recur (- n 1) (conj s (- n 1)))))",
    "(do (def y 5) (defn f [x] (def z x) (if (>= z 3) (do (def z -3) (- z 3)) (- z 3))) [(f 5) (f 1)])",
]
RECORDS = [
    "(defn two [x] (if (> x 2) nil [x (str x) {:n x}])) (defn use [x] (let [r (two x)] (if (nil? r) 0 (let "
    "[[a b c] r] [(+ a 1) (count b) (:n c)])))) [(use 1) (use 5) (use 2)]",
    '(def people [{:name "a" :age 3} {:name "b" :age 2.5} {:age nil :name "c" :old true}]) [(map :age people)'
    " (map :old people) (map (fn [{:keys [name age old]}] [(count name) age old]) people)]",
    '(let [r {:a 1 :b "x"}] (map (fn [k] (let [s (assoc r k 1.5)] [(:a s) (:b s) (:c s)])) [:a :b :c]))',
    '(let [r {:a 1 :b "x"} s (merge r {:b 2}) t (dissoc s :a)] [(:a s) (:b s) (:a t) (get t :b 7)])',
    "(reduce (fn [r x] (assoc r :sum (+ (:sum r) x) :last (str x))) {:sum 0 :last nil} [1 2.5 3])",
    "(loop [i 0 r {:at 0 :seen []}] (if (= i 3) r (recur (+ i 1) (update (assoc r :at (str i)) :seen conj "
    "(:at r)))))",
    "(defn turn [s op] (match op [:push x] (assoc s :stack (conj (:stack s) x) :n (+ (:n s) 1)) [:pop] (assoc"
    " s :stack (vec (butlast (:stack s)))) _ nil)) (reduce (fn [s op] (or (turn s op) s)) {:stack [] :n 0}"
    " [[:push 1] [:push :a] [:pop] [:odd]])",
    '(let [v [1 "a" :k]] (map (fn [i] (let [w (assoc v i 2.5)] [(nth w 0) (nth w 1) (last w)])) [0 1 2]))',
    '(map (fn [v] [(first v) (second v) (count v)]) [[1 "a"] ["b"] [] (conj [1 2] :x) (vec (list 1 "q"))])',
    '(defn f [p] (:x p)) [(f {:x 1 :y 2}) (f {:y "s" :x "t"}) (f {:y 0})]',
    '(defn grow [r n] (if (= n 0) r (grow {:in r :n n} (- n 1)))) (let [g (grow {:n "end"} 6)] [(:n g) '
    "(:n (:in g)) (:n (:in (:in (:in g))))])",
    "(let [pairs (map (fn [i] [i {:v (if (even? i) i (str i))}]) (range 5))]"
    " (map (fn [[i m]] [(+ i 1) (:v m)]) pairs))",
    '(try (let [r (if (= 1 1) (throw {:a 1}) {:a "s"})] (:a r)) (catch e (:a e)))',
    '(let [r (or (get {:a {:b 1}} :z) {:b "none"})] (:b r))',
    "(for [r [{:a 1} {:a [1 2]} {:b 1}]] (let [v (:a r)] (if (vector? v) (count v) v)))",
]
CONTAINED = [
    "(defn f [m k] (if (contains? m k) [(get m k) (get m 1)] (get m k)))"
    ' (def m {1 2 :a nil "b" 3.5}) (map (fn [k] (f m k)) [1 :a "b" 2 nil])',
    "(def big (reduce (fn [m i] (assoc m i [i])) {} (range 300)))"
    " (loop [i 295 s []] (if (and (< i 310) (contains? big i))"
    " (recur (inc i) (conj s (nth (get big i) 0))) s))",
    "(loop [i 0 m {0 1}] (if (contains? m i) (recur (inc i) (assoc m (* 2 i) (get m i))) [m (get m i)]))",
    "(do (def m {1 2}) (defn f [k] (if (contains? m k) (do (def m {}) (get m k)) :no)) [(f 1) (f 1)])",
]


def kind_of(value: object, depth: int = 4) -> int:
    """Give the kind of a value as it is, looked into to some depth."""
    if type(value) is int:
        return kinds.NATURAL if value >= 0 else kinds.NEGATIVE
    base = {
        type(None): kinds.NIL, bool: kinds.BOOL, float: kinds.FLOAT, str: kinds.STR,
        Keyword: kinds.KEYWORD, tuple: kinds.TUPLE, List: kinds.LIST, dict: kinds.DICT, Set: kinds.SET,
        BigVector: kinds.BIG_VECTOR, BigMap: kinds.BIG_MAP, list: kinds.BUFFER,
    }.get(type(value), kinds.OTHER)  # fmt: skip
    if depth == 1:
        return base
    inner: tuple[object, ...] = ()
    if isinstance(value, dict | BigMap):
        inner = tuple(value.values())
    elif isinstance(value, tuple | List | BigVector | Set | list):
        inner = tuple(value)
    return kinds.holding(base, kinds.union(kind_of(item, depth - 1) for item in inner))


@contextmanager
def claims(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Let all code that is generated look at its values; list the claims that were broken, after one line
    for each that was made."""
    nodes: list[tuple[Value, int]] = []
    found: list[str] = []

    def look(number: int, value: object) -> None:
        node, claim = nodes[number]
        if kind_of(value) & (kinds.ANY | kinds.BUFFER) & ~claim:
            found.append(f"{print_expr(node)[:300]} is {value!r}"[:600])

    push, start = codegen._push, Session.__init__

    def checked(frame: Frame, node: Value) -> None:
        push(frame, node)
        claim = frame.unit.kinds.of(node)
        emitter = frame.emitter
        if claim == kinds.ANY or emitter.dead:
            return
        nodes.append((node, claim))
        # scratch locals are free here, but not where this is written out of line
        emitter.copy()
        emitter.store("~claim")
        emitter.callee_global("#claim_kind")
        emitter.const(len(nodes) - 1)
        emitter.load("~claim")
        emitter.call(2)
        emitter.pop()

    def begin(self: Session, *args: object, **named: object) -> None:
        start(self, *args, **named)  # type: ignore[arg-type]
        self.namespace["#claim_kind"] = look

    with monkeypatch.context() as patch:
        patch.setattr(codegen, "_push", checked)
        patch.setattr(operands, "is_simple", lambda frame, arg: False)
        patch.setattr(Session, "__init__", begin)
        yield found
    assert len(nodes) > 10


def run(text: str, found: list[str]) -> None:
    """Run a program, whatever it gives; no claim may break."""
    with suppress(RtfsError, CompileError):
        evaluate(text)
    assert not found, text


def test_programs(monkeypatch: pytest.MonkeyPatch) -> None:
    with claims(monkeypatch) as found:
        for text in (*PROGRAMS, *NESTED, *ORDERED, *CONTAINED, *RECORDS):
            run(text, found)


def test_examples_of_builtins(monkeypatch: pytest.MonkeyPatch) -> None:
    with claims(monkeypatch) as found:
        for row in BUILTINS.values():
            if not row.host:
                for source, _ in row.examples:
                    run(source, found)


def test_random_programs(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = random.Random(7)
    with claims(monkeypatch) as found:
        for _ in range(150):
            run(Writer(rng.randrange).program(), found)


@pytest.mark.parametrize("path", sorted(PAIRS.glob("*.rtfs")), ids=lambda path: path.stem)
def test_benchmarks(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with claims(monkeypatch) as found:
        session = Session()
        session.evaluate(compile_text(path.read_text(encoding="utf-8")).artifact)
        next(iter(session.instances.values())).globals["run"]()
    assert not found


def test_a_wrong_claim_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kinds, "of_constant", lambda value, depth=4: kinds.STR)
    with claims(monkeypatch) as found:
        evaluate(
            "(defn f [a b c d] [(+ a 1) (+ b 2) (+ c 3) (+ d 4) (vector a b c d)]) (f 1 2 3 4) (f 5 6 7 8)"
        )
    assert found
