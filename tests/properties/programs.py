"""Programs for property tests: a typed grammar that mostly writes what works, now and then what fails.

In: choices (Hypothesis's, or a seeded generator's). Out: the text of a program that ends: every loop counts
to a small number, every recursion counts down. What is written is of the kind that is asked for, except
where a mistake is put in on purpose: another kind, an unknown name, a wrong count, a value that no clause
matches, a throw.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, TypeVar

from hypothesis import strategies as st

T = TypeVar("T")
Choose = Callable[[int], int]
"""Gives a number from 0 to below the one given."""
Names = tuple[tuple[str, str], ...]
"""Variables in sight: names and kinds, the innermost last."""

KINDS: Final = ("int", "bool", "str", "kw", "float", "ints", "rows", "map", "fn", "list", "any")
_LITERALS: Final = {
    "int": ("0", "1", "2", "7", "-3", "100", "9007199254740993", "-1"),
    "bool": ("true", "false"),
    "str": ('"a"', '""', '"béta"', '"two words"'),
    "kw": (":a", ":b", ":c", ":ns/k"),
    "float": ("1.5", "0.0", "-2.25", "3.0", "1e20"),
    "ints": ("[]", "[1 2 3]", "[5]", "[3 1 2 1]", "(vec (range 4))"),
    "rows": ("[]", "[[1 2] [3 4]]", "[[]]", "[[1.5 \"a\"] [2 :b]]", "(map (fn [i] [i (* i i)]) (range 3))"),
    "map": ("{}", "{:a 1 :b 2}", '{:a 3 "s" 4 5 6}', "{:a {:b 1} :c nil}"),
    "fn": ("inc", "dec", "(fn [x] (* x x))", "#(+ % 1)", "(partial + 2)",
    "(fn self [n] (if (and (< 0 n) (< n 99)) (self (- n 2)) 0))"),
    "list": ("(list 1 2)", "(list)", "'(a :b 3)", "(quote [x y])"),
    "any": ("nil", "0", ":a", '"a"', "[]", "{:a nil}"),
}  # fmt: skip
_TYPES: Final = {"int": ":int", "bool": ":bool", "str": ":string", "kw": ":keyword", "float": ":float",
                 "ints": "[:vector :int]", "rows": ":any", "map": ":map", "fn": ":fn", "list": ":list",
        "any": ":any"}  # fmt: skip
# `{int}` stands for an expression of the kind; a template may be given several times to come up more often
_TEMPLATES: Final = {
    "int": (
        "(+ {int} {int})", "(- {int} {int})", "(* {int} {int})", "(+ {int} 1)", "(inc {int})", "(- {int})",
        "(+ {int} {int} {int})", "(mod {int} {int})", "(/ {int} {int})", "(count {ints})",
        "(get {map} :a {int})",
        "(reduce + 0 {ints})", "(reduce (fn [acc x] (+ acc ({fn} x))) {int} {ints})", "(first {ints})",
        "({fn} {int})",
        "(max {int} {int})", "(:a {map} {int})", "(:b {map})", "(nth {ints} {int})", "(reduce max {ints})",
        "(dotimes [i 3] (+ i {int}))", "(-> {int} (+ 1) inc (* {int}))", "(apply + {ints})", "(int {float})",
        "(int (/ {int} {int}))", "(floor (/ {any} {int}))", "(quot {int} {int})", "(quot {any} 3)",
        "(min {int} {any} {int})",
        "(let [n {int}] (if (even? n) (/ n 2) n))",
        "(get-in {map} [:a :b] {int})", "(get-in {any} [{kw} {int}])", "(count (filter even? {ints}))",
        "(let [[a b] {ints}] (+ a b))",
        "(loop [xs {ints} acc {int}] (if (empty? xs) acc (recur (rest xs) (+ acc (first xs)))))",
        "(let [[a b] (reduce (fn [[a b] x] [b (+ a x)]) [{int} {int}] {ints})] (- a b))",
        "(:n (reduce (fn [s x] (assoc s :n (+ {int} (:n s)) :x x)) {{:n {int} :x {any}}} {ints}))",
        "(loop [i 0 n 0] (if (= i (count {ints})) n (recur (inc i) (+ n i))))",
        "(let [v {ints}] (loop [i 0 n {int}] (if (< i (- (count v) 1))"
        " (recur (+ i 1) (+ n (nth v i))) (+ n i))))",
        "(loop [xs {any} n 0] (if (or (empty? xs) (= 2 (first xs))) n (recur (drop 2 xs) (+ n (count xs)))))",
        "(loop [[x & xs] {ints} acc 0] (if (< x 2) acc (recur xs (+ x acc))))",
        "(let [{{:keys [a b] :or {{b {int}}}}} {map}] (+ a b))",
        "((fn [a & r] (+ a (count r))) {int} {any} {any})",
        "(try {int} (catch DivisionByZero e {int}))",
        "(try (if {bool} (throw {any}) {int}) (catch e {int}))",
        "(let [m {any}] (if (> (:a m) 2) (* (:a m) (:a m)) (get m :a {int})))",
        "(let [v {ints} i {int}] (if (> (nth v i) (* i i)) (- (nth v i) (* i i)) (* (nth v i) (nth v i))))",
        "(let [rows {any} i {int}] (loop [j 0 n 0] (if (< j 2) (recur (+ j 1) (+ n (nth (nth rows i) j)))"
        " (+ n (nth (nth rows i) 0)))))",
        "(let [m {map} x {int}] (reduce (fn [n y] (+ n (* (:a m) y) (* x x) (* (:a m) x))) (* x x) {ints}))",
        "(let [r :[:map [:a :int] [:b :any ?]] {map}] (+ (:a r) {int}))",
        "(let [r :[:map [:a :int]] (assoc {{:a {int} :b {any}}} {kw} {any})] (:a r 7))",
        "(let [r :[:tuple :int :any] [{int} {any}]] (nth r 0))",
        "(let [rs :[:vector [:map [:a :int]]] (map (fn [x] {{:a x :b {any}}}) {ints})]"
        " (reduce (fn [n r :[:map [:a :int] [:b :any]]] (+ n (:a r))) 0 rs))",
        "(let [m :[:map-of :keyword :int] {map}] (count m))",
        "(let [v :[:union :int [:map [:a :int]]] {any}] (if (int? v) v (:a v)))",
        "(try (+ {int} (if {bool} (throw {{:code {int}}}) 1)) (catch e (:code e 5)))",
        "(try (reduce (fn [n x] (if {bool} (throw x) (+ n x))) 0 {ints}) (catch ApplicationError e {int}))",
        "(try {int} (catch e (count (getMessage e))) (finally {any}))",
        "(nth (nth {rows} 0) 1)", "(reduce (fn [n [a b]] (+ n a b)) 0 {rows})", "(count (first {rows}))",
        "(reduce (fn [n r] (+ n (reduce + 0 r))) {int} {rows})",
        "(let [m (group-by even? {ints})] (if (contains? m true) (first (get m true)) (count m)))",
        "(reduce (fn [n r] (+ n (:x r) (count (:ys r)))) 0 (map (fn [i] {{:x i :ys {ints}}}) {ints}))",
        "(:a {{:a {int} :b {any}}})", "(force (delay {int}))", "((comp inc {fn}) {int})", "(last {ints})",
    ),
    "rows": (
        "[{ints} {ints}]", "(conj {rows} {ints})", "(map (fn [x] [x {any}]) {ints})",
        "(assoc {rows} 0 {ints})",
        "(vals (group-by even? {ints}))", "(entries {map})", "(for [x {ints}] [x (+ x {int})])",
        "(reduce (fn [acc x] (conj acc [x (count acc)])) {rows} {ints})", "(map (fn [r] (rest r)) {rows})",
    ),
    "bool": (
        "(= {any} {any})", "(= {int} {int})", "(not= {kw} {kw})", "(< {int} {int})", "(>= {int} {int})",
        "(not {any})",
        "(and {bool} {bool})", "(or {bool} {bool})", "(nil? {any})", "(even? {int})", "(empty? {ints})",
        "(contains? {map} :a)", "(every? pos? {ints})", "(< {float} {int})", "(= {int} 1)", '(= {str} "a")',
        "(some even? {ints})", "(= {ints} {ints})", "(int? {any})", "(= {kw} :a)", "(not (< {int} {int}))",
    ),
    "str": (
        "(str {any} {any})", "(str {str} {int})", "(getMessage (try (throw {str}) (catch e e)))",
        "(subs {str} 0 1)",
        "(upper-case {str})", '(join "," {ints})', "(name {kw})", "(type-name {any})",
        "(try (str {any}) (catch e {str}))",
        "(try {any} (catch TypeError e (:message e)) (catch e (:kind e)))", "(str {fn})",
    ),
    "kw": (
        "(cond {bool} {kw} {bool} {kw} :else {kw})", "(match {any} 1 :a [x & r] :b {{:a v}} :c _ {kw})",
        "(match {int} n when (> n 2) :big (:int n) :small)", "(keyword {str})",
        "(:type (try {any} (catch e e)))",
        "(match {kw} :a :b (:or :b :c) :c other other)", "(if {any} {kw} {kw})", "(first (keys {map}))",
    ),
    "float": (
        "(+ {float} {int})", "(* {float} {float})", "(/ {int} {int})", "(- {float} {float})", "(sqrt {int})",
        "(float {int})", "(max {float} {int})", "(reduce + {float} {ints})",
    ),
    "ints": (
        "[{int} {int}]", "(map {fn} {ints})", "(filter even? {ints})", "(for [x {ints}] (+ x {int}))",
        "(conj {ints} {int})",
        "(for [x {ints} y {ints}] (* x y))", "(rest {ints})", "(sort {ints})", "(reverse {ints})",
        "(vec (range {int}))",
        "(map (fn [x] (if (> x 1) x {int})) (filter (fn [x] (< x {int})) {ints}))", "(take {int} {ints})",
        "(into [] {list})",
        "(loop [i 0 acc {ints}] (if (< i 3) (recur (+ i 1) (conj acc i)) acc))", "(assoc {ints} 0 {int})",
        "(let [[a & r :as w] {ints}] (conj r a (count w)))", "(map (fn [f] (f {int})) [{fn} {fn}])",
        "(vals {map})",
        "(map-indexed (fn [i x] (- x i)) {ints})",
        "(take-while (fn [x] (< x {int})) {ints})", "(map-indexed + {list})",
        "(reduce conj [] {ints})", "(distinct {ints})",
        "(mapcat (fn [x] [x x]) {ints})",
        "(map #(let [k %] (fn [] k)) {ints})", "(map (fn [f] (f)) (for [x {ints}] (fn [] (+ x {int}))))",
        "(keep {fn} {ints})", "(map (comp {fn} (partial + {int})) {ints})",
        "(sort (fn [a b] (< (mod a 3) (mod b 3))) {ints})",
        "(sort (fn [a b] (- b a)) {ints})",
        "(sort-by (fn [x] (mod x {int})) {ints})", "(sort-by - > {ints})",
        "(sort (fn [a b] (> ({fn} a) b)) {ints})", "(sort (fn [a b] (> (/ {int} a) (/ {int} b))) {any})",
    ),
    "map": (
        "{{:a {int} :b {any}}}", "(assoc {map} :a {int})", "(assoc {map} {kw} {any})", "(dissoc {map} :b)",
        "(update-in {map} [:a {kw}] {fn})", "(assoc-in {any} [{kw} {any}] {int})",
        "(update {map} {any} + {int})",
        "(merge {map} {map})", "(update {map} :a {fn})", "(let [{{:keys [a] & m}} {map}] (assoc m :z a))",
        "(zipmap [:a :b] {ints})",
        "(reduce (fn [m x] (assoc m x (* x x))) {map} {ints})", "(group-by even? {ints})",
        "(frequencies {ints})", "(group-by (fn [x] (mod x {int})) {any})",
        "(parallel [a {int}] [b {any}])", "(match {any} {{:a a & m}} (assoc m :was a) _ {map})",
        "(update-vals {map} str)",
    ),
    "fn": (
        "(fn [x] (+ x {int}))", "(let [k {int}] (fn [x] (* x k)))", "(comp {fn} {fn})",
        "(comp dec (partial * 3))",
        "(fn [x :int] :int {int})",
        "(if {bool} {fn} {fn})",
        "(fn [x] (loop [i x acc 0] (if (and (< 0 i) (< i 99)) (recur (- i 20) (+ acc 1)) acc)))",
        "(fn [x] {int})",
        "(do (def shared {int}) (fn [x] (+ x shared)))", "(constantly {int})", "#(if (< % 2) 5 (* % 2))",
        "(fn [_] {int})",
    ),
    "list": ("(list {any} {any})", "((fn [& r] r) {any} {int})", "`(a ~{any} ~@{ints})",
    "(cons {any} {list})", "(rest {list})"),
    "any": (
        "{int}", "{kw}", "{str}", "{bool}", "{map}", "{ints}", "{float}", "{list}", "(when {any} {any})",
        "(get {map} {kw})",
        "(if-let [v {any}] v {any})", "(when-let [[a b] {any}] a)", "(try {any} (catch e (:details e)))",
        "(:a {any})",
        "(try {any} (finally {any}))",
        "(match {map} {{:a 1 :b b}} b {{:a 2}} :two {{:a :c :b x}} x _ :other)",
        "(match {any} {{:a 1 :b b}} b {{:a nil}} :two {{:a 3}} [] _ :other)",
        "(match {any} [1 x] x {{:b [y & _]}} y (:string s) (count s) nil :nil)", "(doseq [x {ints}] x)",
        "(let [f (fn [n] (if (< n 1) {any} (g (- n 20)))) g (fn [n] (f (- n 1)))] (f 3))",
        "(match {ints} [a] a [a b] b [a & r] r)",
        "(try (throw {{:type :my/kind :message {str} :data {any}}}) (catch :my/kind e (:data e)))",
        "(and {any} {any})", "(or {any} {any})",
        "(let [x {any} x [x {any}]] x)", "(do {any} {any})", "(second {list})", "(let [a :int {int}] a)",
        "(step-parallel {any} {any})", "(into {{}} (map (fn [x] [{any} x]) {ints}))", "(remove {fn} {any})",
        "(mapcat (fn [x] (map (fn [y] (+ x y)) {ints})) {any})", "(count (set {any}))",
        "(partition-by (fn [x] (< x {int})) {ints})",
        "(= {any} [1 :a])", '(join "," (map (fn [x] (str x "-" {any})) {any}))',
    ),
}  # fmt: skip
_MISTAKES: Final = (
    "(no-such-name {any})", "unknown", "(+ {any} {any})", "({any} {int})", "(inc)",
    "(match {any} :never 1)", "(/ {int} 0)",
    "((fn [x] x) {any} {any})", "(throw {any})", "(let [[a b] {any}] a)", "(let [{{:keys [a]}} {any}] a)",
    "(nth {ints} 99)",
    "(:a {int})", "(< {any} {any})", "((fn [x :int] x) {any})", "(helper {any} {any} {any} {any})",
    "(let [v :string {any}] v)",
    "(map {any} {ints})", "(map (fn [a b] a) {ints})", "(reduce {fn} {any} {ints})",
    '(error "bad" {any})', "(map {fn} {any})",
)  # fmt: skip
# functions that take a function, and end
_TAKERS: Final = (
    "(if (< 0 k) ({0} g (- k 1) (g n)) {1})", "(if (< 0 k) (+ (g n) ({0} g (- k 1) n)) {1})",
    "(loop [i 0 n n] (if (< i k) (recur (inc i) (+ {1} (g n))) n))", "(g (g {1}))", "(g n k)",
    "(reduce (fn [acc x] (+ acc (g x))) {1} (range k))", "(count (filter g (map g [n k])))",
    "(if (< 0 k) ({0} (fn [x] (g (g x))) (- k 2) n) (g {1}))", "(let [h (fn [x] (g x))] (+ (h n) (h k)))",
)  # fmt: skip
_DEPTH: Final = 4
_NAMES: Final = ("a", "b", "x", "y", "f", "n", "acc", "val?", "k2")


class Writer:
    """Writes expressions of a kind, choosing among what is possible."""

    def __init__(self, choose: Choose, mistakes: int = 40) -> None:
        self._choose = choose
        self._mistakes = mistakes

    def program(self) -> str:
        """Write definitions, and the expression that is the program's value."""
        names: Names = ()
        forms = []
        for number in range(self._choose(4)):
            form, names = self._definition(number, names)
            forms.append(form)
        forms.append(self.expr(self._one(KINDS), _DEPTH, names))
        return "\n".join(forms) + "\n"

    def _definition(self, number: int, names: Names) -> tuple[str, Names]:
        name = f"{self._one(_NAMES)}{number}"
        match self._choose(5):
            case 0:
                kind = self._one(KINDS)
                return f"(def {name} {self.expr(kind, 2, names)})", (*names, (name, kind))
            case 1:
                # counts down, in tail position or not; takes what a function of numbers takes
                inner = (*names, ("n", "int"))
                step = self._one(
                    ("({0} (- n 30))", "(+ 1 ({0} (- n 30)))", "(if (even? n) ({0} (- n 31)) ({0} (- n 30)))")
                )
                body = (
                    f"(if (and (< 0 n) (< n 999))\n    {step.format(name)}\n    {self.expr('int', 2, names)})"
                )
                body = body if self._choose(2) else f"(let [m {self.expr('int', 1, inner)}] {body})"
                return f"(defn {name} [n] {body})", (*names, (name, "fn"))
            case 2:
                other = name + "-back"
                ends = [self.expr(self._one(("int", "any")), 1, names) for _ in range(2)]
                first = f"(defn {name} [n] (if (and (< 0 n) (< n 999)) ({other} (- n 25)) {ends[0]}))"
                return (
                    f"{first}\n(defn {other} [n] (if (and (< 0 n) (< n 999)) ({name} (- n 25)) {ends[1]}))",
                    (*names, (name, "fn")),
                )
            case 3:
                body = self._one(_TAKERS).format(name + "-with", self.expr("int", 1, names))
                given = self.expr("fn", 2, (*names, ("x", "int")))
                call = f"(defn {name} [x] ({name}-with {given} {self._choose(4)} x))"
                return f"(defn {name}-with [g k n] {body})\n{call}", (*names, (name, "fn"))
            case _:
                kind = self._one(("int", "any"))
                cast = f" {_TYPES[kind]}" if self._choose(2) else ""
                body = self.expr("int", 3, (*names, ("x", kind)))
                return f"(defn {name} [x{cast}]{' :int' if self._choose(3) == 1 else ''}\n  {body})", (
                    *names,
                    (name, "fn"),
                )

    def expr(self, kind: str, depth: int, names: Names) -> str:
        """Write an expression of a kind."""
        if self._choose(self._mistakes) == 1:
            return self._fill(self._one(_MISTAKES), depth - 1, names)
        known = [name for name, each in names if kind in (each, "any")]
        if known and self._choose(3) == 1:
            return self._one(known)
        if depth <= 0:
            return self._one(_LITERALS[kind])
        match self._choose(9):
            case 1:
                return self._let(kind, depth, names)
            case 2:
                parts = (
                    self.expr("bool", depth - 1, names),
                    *(self.expr(kind, depth - 1, names) for _ in "12"),
                )
                return "(if {}\n  {}\n  {})".format(*parts)
            case 3:
                return self._local_function(kind, depth, names)
            case _:
                return self._fill(self._one(_TEMPLATES[kind]), depth - 1, names)

    def _let(self, kind: str, depth: int, names: Names) -> str:
        bindings = []
        for _ in range(1 + self._choose(3)):
            name, of = self._one(_NAMES), self._one(KINDS)
            bindings.append(f"{name} {self.expr(of, depth - 2, names)}")
            names = (*((n, k) for n, k in names if n != name), (name, of))
        return f"(let [{' '.join(bindings)}]\n  {self.expr(kind, depth - 1, names)})"

    def _local_function(self, kind: str, depth: int, names: Names) -> str:
        name, of = self._one(_NAMES), self._one(KINDS)
        body = self.expr(kind, depth - 2, (*((n, k) for n, k in names if n != name), ("p", of)))
        args = self.expr(of, depth - 2, names)
        form = self._one(
            (
                "(let [{0} (fn [p] {1})] ({0} {2}))",
                "((fn {0} [p] {1}) {2})",
                "(do (defn {0}-in [p] {1}) ({0}-in {2}))",
            )
        )
        return form.format(name, body, args)

    def _fill(self, template: str, depth: int, names: Names) -> str:
        # a name that the template binds may hide one of another kind: such programs are as good as others
        return template.format_map(_Holes(lambda kind: self.expr(kind, depth, names)))

    def _one(self, items: Sequence[T]) -> T:
        return items[self._choose(len(items))]


class _Holes(dict[str, str]):
    """Writes an expression for each hole of a template, anew each time."""

    def __init__(self, write: Callable[[str], str]) -> None:
        super().__init__()
        self._write = write

    def __missing__(self, kind: str) -> str:
        return self._write(kind)


@st.composite
def programs(draw: st.DrawFn) -> str:
    """Give programs, the simple ones first."""
    return Writer(lambda below: draw(st.integers(0, below - 1))).program()
