"""Inference: types of results, effects, narrowing, functions that call each other, assumptions."""

from __future__ import annotations

import pytest

from rtfs_runtime.types import ANY, FLOAT, INT, NUMBER, STRING, print_type
from rtfsc.check.infer import infer
from rtfsc.check.visit import VISITS
from rtfsc.driver import compile_text
from rtfsc.ir.nodes import Call, Cast, DefGlobal, Effect, Fn, Fold, Global
from rtfsc.ir.walk import CHILD_FIELDS, descendants
from rtfsc.options import Options
from tests.unit.check.programs import inferred, last, result

PURE, FAILS, LOOPS = Effect.PURE, Effect.FAILS, Effect.LOOPS


@pytest.mark.parametrize(
    ("source", "kind", "effect"),
    [
        ("(+ 1 2)", ":int", PURE),
        ("(+ 1 2.0)", ":float", FAILS),
        ("(+ 1.5 2.0)", ":float", PURE),
        ("(/ 4 2)", ":number", FAILS),
        ("(< 1 2)", ":bool", PURE),
        ('(+ 1 "a")', ":never", FAILS),
        ("[1 :a]", "[:tuple :int [:val :a]]", PURE),
        ("{:a 1}", "[:map [:a :int] [:* :never]]", PURE),
        ("(:a {:a 1})", ":int", PURE),
        ("(:b {:a 1})", ":nil", PURE),
        ("(get {:a 1} :b 2)", ":int", PURE),
        ("(assoc {:a 1} :b 2.0)", "[:map [:a :int] [:b :float] [:* :never]]", PURE),
        ("(map (fn [x] (* x x)) [1 2])", "[:vector :int]", PURE),
        ("(map :a [{:a 1} {:a 2}])", "[:vector :int]", PURE),
        ("(reduce + 0 [1 2])", ":int", PURE),
        ("(reduce (fn [a x] (+ a x)) 0 [1.5])", ":number", FAILS),
        ("(first [1 2.0])", ":int", PURE),
        ("(first (vec [1 2]))", ":int?", PURE),
        ("(for [x [1 2]] (str x))", "[:vector :string]", FAILS),
        ("(if (nil? @x) 1 :a)", "[:union :int [:val :a]]", FAILS | Effect.READS),
        ("(loop [i 0] (if (< i 3) (recur (+ i 1)) i))", ":int", LOOPS),
        ("(loop [i 0 x 0] (if (< i 3) (recur (+ i 1) 1.5) x))", ":number", LOOPS),
        ("(try (/ 1 0) (catch e :no))", "[:union :number [:val :no]]", FAILS),
        ("(let [f (fn [x] (+ x 1))] (f 2))", ":int", PURE),
        ("(let [f (fn [x] (+ x 1))] [f (f 2)])", "[:tuple :fn :any]", Effect.UNKNOWN),
        ("((fn [a & more] more) 1 2 3)", "[:list :int]", PURE),
        ("(parallel [a 1] [b :x])", "[:map [:a :int] [:b [:val :x]] [:* :never]]", PURE),
        ("(println 1)", ":nil", Effect.READS | Effect.WRITES | FAILS),
        ("(def c 5) (+ c 1)", ":int", PURE),
        ("(let [[a b] [1 :x]] a)", ":int", PURE),
        ("(let [{:keys [a]} {:a 1}] a)", ":int", PURE),
        ("(let [x :int 1] x)", ":int", PURE),
        ("(throw {:a 1})", ":never", FAILS),
        ("'(1 2)", "[:list :int]", PURE),
    ],
)
def test_types_and_effects(source: str, kind: str, effect: Effect) -> None:
    assert last(source) == (kind, effect)


@pytest.mark.parametrize(
    ("source", "kind"),
    [
        ("(defn f [x] (if (int? x) x 0))", ":int"),
        ('(defn f [x] (if (not (string? x)) "" x))', ":string"),
        ("(defn f [x] (if (and (int? x) (< x 9)) x 0))", ":int"),
        ("(defn f [x :int?] (if (nil? x) 0 x))", ":int"),
        ("(defn f [x :int?] (or x 0))", ":int"),
        ("(defn f [x] (match x (:int n) n (:string s) (count s) _ 0))", ":int"),
        ("(defn f [x :[:enum :a :b]] (match x :a 1 y y))", "[:union :int [:val :b]]"),
        # what a call asks of a variable holds after it
        ("(defn f [x] (do (+ x 1) x))", ":number"),
        ("(defn f [n] (if (< n 2) n (+ (f (- n 1)) (f (- n 2)))))", ":number"),
        ("(defn f [m :[:map [:a :int]]] (:a m))", ":int?"),
        ("(defn f [x :float] x)", ":number"),
        # a name that may be set again is not narrowed
        ('(defn f [x] (def y x) (if (int? y) (do (def y "s") y) 0))', ":any"),
        ("(defn g [n] (if (= n 0) 0 (f (- n 1)))) (defn f [n] (if (= n 0) 1.5 (g (- n 1))))", ":number"),
        ("(defn f [& xs :int] xs)", "[:list :int]"),
        ("(defn f [xs :[:vector :int]]"
         " (loop [s 0 r xs] (if (empty? r) s (recur (+ s (first r)) (rest r)))))", ":int"),
    ],
)  # fmt: skip
def test_results(source: str, kind: str) -> None:
    assert print_type(result(source)) == kind


def test_a_branch_that_types_rule_out_has_no_types() -> None:
    module, types = inferred("(defn f [x :int] (if (string? x) (println x) x))")
    (call,) = (
        node
        for form in module.body
        for node in descendants(form)
        if isinstance(node, Call) and node.args and print_type(types.of(node)) != ":bool"
    )
    assert not types.is_reached(call) and types.of(call) is ANY


def test_delegable_functions_have_their_declared_type_at_most() -> None:
    text = '(defn f ^:delegation :remote "m" [x] :string "say it") (defn g [x] 5) [(f 1) (g 1)]'
    assert last(text)[0] == "[:tuple :string :int]"
    module, types = inferred(text, Options(delegable=("p/g",)))
    assert print_type(types.of(module.body[-1])) == "[:tuple :string :any]"
    assert types.effect(module.body[-1]) == Effect.UNKNOWN


def test_later_input_of_a_repl_may_change_any_global() -> None:
    module, types = inferred("(defn g [x] 5) (g 1)", Options(interactive=True))
    assert types.of(module.body[-1]) is ANY


def test_an_assumption_holds_inside_the_function_only() -> None:
    found = inferred("(defn id [x] x) (defn f [x y] (if (< y 1) (id x) (f (+ x x) (dec y)))) (f 1 2)")
    fn = found.function("f")
    assert found.types.result_of(fn) is ANY
    inside = found.types.assuming({"f": (INT, INT), "id": (NUMBER,)})
    assert inside.result_of(fn) is NUMBER
    assert inside.of_binding(fn.params[0]) is INT
    assert inside.effect_of(found.function("id")) == Effect.PURE
    # what does not fit the assumption is answered as for all arguments
    other = found.types.assuming({"f": (STRING, INT)})
    assert other.effect_of(fn) & Effect.FAILS
    assert found.types.assuming({"f": (FLOAT, INT), "id": (FLOAT,)}).result_of(fn) is FLOAT


def test_recursion_may_not_end() -> None:
    found = inferred("(defn g [x] (f x)) (defn f [x] (g x)) (defn h [x] [x]) (defn k [x] (h x))")
    effects = {name: found.types.effect_of(found.function(name)) for name in "gfhk"}
    assert effects["g"] & LOOPS and effects["f"] & LOOPS
    assert effects["h"] == effects["k"] == PURE


def test_a_name_that_is_defined_later_may_be_missing() -> None:
    found = inferred("(defn f [x] (g x)) (defn g [x] x)")
    assert found.types.effect_of(found.function("f")) == FAILS


def test_casts_that_surely_pass_are_proven() -> None:
    found = inferred(
        "(defn f [x :int m :[:map [:a :int]]] :int"
        " (let [y :int x n :[:map [:a :int]] m z :number (+ y 1) w :string (str z) v :int (:a n)] v))"
    )
    casts = {
        (print_type(node.want), node.prefix): found.types.proves(node)
        for node in found.nodes()
        if isinstance(node, Cast)
    }
    assert casts == {
        (":int", ""): False,
        ("[:map [:a :int]]", ""): False,
        (":int", "let y: "): True,
        ("[:map [:a :int]]", "let n: "): True,
        (":number", "let z: "): True,
        (":string", "let w: "): True,
        (":int", "let v: "): False,
        (":int", "fn return: "): True,
    }


def test_many_nested_loops_and_functions_take_few_rounds() -> None:
    depth = 60
    opened, closed = "(loop [i 0] (let [g (fn [y] ", ")] (if (< i 2) (recur (+ i 1)) (g i))))"
    text = "(defn f [x] " + opened * depth + "y" + closed * depth + ")"
    assert print_type(result(text)) in (":int", ":any")


def test_chains_of_calls_longer_than_the_stack_allows() -> None:
    count = 1_500
    text = "".join(f"(defn f{n} [x] (f{n + 1} x))" for n in range(count)) + f"(defn f{count} [x] (+ x 1))"
    found = inferred(text)
    assert found.types.result_of(found.function(f"f{count}")) is NUMBER
    assert found.types.result_of(found.function(f"f{count - 50}")) is NUMBER


def test_every_class_of_node_is_visited() -> None:
    assert set(VISITS) == set(CHILD_FIELDS)


def test_what_passes_made_has_types_too() -> None:
    text = "(defn f [xs :[:vector :int]] (reduce + 0 (map (fn [x] (* x x)) (filter odd? xs))))"
    module = compile_text(text).module
    assert any(isinstance(node, Fold) for form in module.body for node in descendants(form))
    types = infer(module)
    functions = {node.name: node.value for node in module.body if isinstance(node, DefGlobal)}
    fn = functions["f"]
    assert isinstance(fn, Fn) and types.result_of(fn) in (INT, NUMBER)


def test_an_imported_call_is_known_by_its_interface() -> None:
    module, types = inferred(
        "(module m (:exports [f]) (defn f [x] :int (count x))) (import m :as m) (m/f [1])"
    )
    call = module.body[-1]
    assert isinstance(call, Call) and isinstance(call.callee, Global)
    assert types.of(call) is INT
    assert types.effect(call) == Effect.UNKNOWN


def test_a_name_that_a_function_may_import_over_is_not_known() -> None:
    module, types = inferred(
        "(module m (:exports [f]) (defn f [x] :int (count x))) (module o (:exports [f]) (defn f [x] x))"
        " (import m :as m) (defn later [] (import o :as m)) (m/f [1])"
    )
    call = module.body[-1]
    assert isinstance(call, Call) and isinstance(call.callee, Global)
    assert types.of(call) is ANY
