"""Declared types: holding themselves, one another and types of other modules; said where they are wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from rtfs_runtime.errors import RtfsError
from rtfs_runtime.printer import display
from rtfsc.driver import compile_text, evaluate
from rtfsc.source import CompileError

TREE = "(deftype Tree [:map [:value :int] [:below [:vector :Tree] ?]])"
TOTAL = "(defn total [t :Tree] (+ (:value t) (reduce + 0 (map total (get t :below [])))))"
EVEN_ODD = "(deftype Even [:union :nil [:tuple :int :Odd]]) (deftype Odd [:tuple :int :Even])"


def message(text: str, folder: Path | None = None) -> str:
    with pytest.raises(RtfsError) as caught:
        evaluate(text, paths=() if folder is None else (str(folder),))
    return caught.value.message


def test_a_type_holds_itself() -> None:
    tree = "{:value 1 :below [{:value 2} {:value 3 :below [{:value 4}]}]}"
    assert evaluate(f"{TREE} {TOTAL} (total {tree})") == 10


def test_the_place_inside_is_said() -> None:
    wrong = '{:value 1 :below [{:value 2} {:value 3 :below [{:value "4"}]}]}'
    found = message(f"{TREE} {TOTAL} (let [t :Tree {wrong}] t)")
    assert "at .below[1].below[0].value: expected :int, got string" in found


def test_values_of_any_depth_are_checked() -> None:
    build = "(reduce (fn [t _] {:value 0 :below [t]}) {:value 0} (range 100000))"
    assert evaluate(f"{TREE} (let [t :Tree {build}] (:value t))") == 0


def test_types_hold_one_another() -> None:
    assert display(evaluate(f"{EVEN_ODD} (let [v :Even [1 [2 [3 [4 nil]]]]] v)")) == "[1 [2 [3 [4 nil]]]]"
    assert "Type mismatch" in message(f"{EVEN_ODD} (let [v :Even [1 [2 [3 nil]]]] v)")


def test_a_struct_holds_a_type_declared_after_it() -> None:
    assert display(evaluate("(defstruct P :age :Age) (deftype Age :int) (P {:age 1})")) == "{:age 1}"


@pytest.mark.parametrize(
    "use", ["(import m) (defn g [x :m/Outer] x)", "(import m :only [Outer]) (defn g [x :Outer] x)"]
)
def test_an_exported_type_brings_what_it_holds(use: str, tmp_path: Path) -> None:
    (tmp_path / "m.rtfs").write_text(
        "(module m (:exports [Outer]) (deftype Inner [:and :int [:> 0]]) (deftype Outer [:vector :Inner]))"
    )
    assert display(evaluate(f"{use} (g [1 2])", paths=(str(tmp_path),))) == "[1 2]"
    assert "[1]" in message(f"{use} (g [1 -2])", tmp_path)


def test_a_recursive_type_is_imported(tmp_path: Path) -> None:
    (tmp_path / "m.rtfs").write_text(f"(module m {TREE} (deftype Wood [:vector :Tree]))")
    use = "(import m) (defn g [x :m/Wood] x)"
    made = evaluate(f"{use} (g [{{:value 1 :below []}}])", paths=(str(tmp_path),))
    assert display(made) == "[{:value 1 :below []}]"
    assert "[0].below[0].value" in message(f'{use} (g [{{:value 1 :below [{{:value "x"}}]}}])', tmp_path)


def test_a_mistake_in_a_declaration_is_shown_at_its_place() -> None:
    text = "(deftype A [:vector :Nope])"
    with pytest.raises(CompileError) as caught:
        compile_text(text)
    (report,) = caught.value.diagnostics
    assert report.code == "E302" and text[report.span.start : report.span.end] == ":Nope"
