"""The codes of warnings: what need not be wrong, and what the static checker found.

In: nothing. Out: `WARNINGS`, a part of `rtfsc.errors.ERRORS`. W0xx come from lowering, W1xx from the checker.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from rtfsc.error_row import ErrorRow

_ROWS: dict[str, ErrorRow] = {
    # W0xx: warnings
    "W001": ErrorRow(
        "Name without a meaning",
        "warning",
        "A name is defined neither in the unit nor in an import. When it is used the host may know it; "
        "else the error is UndefinedSymbol.",
        "(prnt 1)",
        "(println 1)",
    ),
    "W003": ErrorRow(
        "Parameter named twice",
        "warning",
        "Two parameters of a function have one name, so that the first argument cannot be reached.",
        "(fn [a a] a)",
        "(fn [_ a] a)",
    ),
    "W004": ErrorRow(
        "Wrong number of arguments",
        "warning",
        "A function is called with more or fewer arguments than it takes; the call raises ArityMismatch.",
        "(defn add [a b] (+ a b)) (add 1)",
        "(defn add [a b] (+ a b)) (add 1 2)",
    ),
    "W002": ErrorRow(
        "Catches everything",
        "warning",
        "The name after catch is no kind of error, so that the clause takes any error.",
        "(try (f) (catch Trouble e e))",
        "(try (f) (catch DivisionByZero e e))",
    ),
    "W005": ErrorRow(
        "Evaluated program",
        "warning",
        "A property of an object is an expression, evaluated where the object stands. The program of a plan "
        "that is to be run by `rtfsc run --plan NAME` is a function.",
        "(plan p :program (+ 1 2))",
        "(plan p :program (fn [] (+ 1 2)))",
    ),
    "W006": ErrorRow(
        "Export of nothing",
        "warning",
        "A module exports a name that it does not define, so that loading it raises ModuleError. Definitions "
        "of a module stand inside its form; those after it are another program's.",
        "(module shop (:exports [total])) (defn total [xs] (reduce + 0 xs))",
        "(module shop (:exports [total]) (defn total [xs] (reduce + 0 xs)))",
    ),
    # W1xx: the static checker
    "W101": ErrorRow(
        "Argument of a wrong type",
        "warning",
        "A call gives a function something that it certainly refuses: no value that the argument can have "
        "is of the type of the parameter. When the call is made it raises TypeError or TypeValidationError.",
        '(defn half [n :int] (/ n 2)) (half "eight")',
        "(defn half [n :int] (/ n 2)) (half 8)",
    ),
    "W102": ErrorRow(
        "Value that its annotation refuses",
        "warning",
        "A name, a definition or a result is annotated with a type that no value of its expression has; the "
        "check raises TypeValidationError.",
        '(defn size [xs] :int (str "n" (count xs)))',
        "(defn size [xs] :int (count xs))",
    ),
    "W103": ErrorRow(
        "Calling what is no function",
        "warning",
        "Functions are called, and keywords, which look themselves up in a map. Anything else in the place "
        "of a function raises TypeError.",
        "(def limit 5) (limit 1)",
        "(def limit 5) (+ limit 1)",
    ),
    "W104": ErrorRow(
        "Values without a clause",
        "warning",
        "The subject of a match is declared to have one of some values or kinds, and one of them has no "
        "clause: for it, match raises MatchError. Add the clause, or _ for all others.",
        "(defn go [c :[:enum :left :right]] (match c :left -1))",
        "(defn go [c :[:enum :left :right]] (match c :left -1 :right 1))",
    ),
    "W105": ErrorRow(
        "Clause that is never reached",
        "warning",
        "No value comes to this clause that it takes: the clauses before it take them, or the subject never "
        "has such a value. The clause does nothing.",
        "(defn go [c :[:enum :left :right]] (match c :left -1 :up 0 :right 1))",
        "(defn go [c :[:enum :left :right]] (match c :left -1 :right 1))",
    ),
    "W106": ErrorRow(
        "Key that the map does not have",
        "warning",
        "All keys of the map are known here, and the key looked up is none of them: the value is always nil.",
        '(let [user {:name "Ada"}] (:nmae user))',
        '(let [user {:name "Ada"}] (:name user))',
    ),
    "W107": ErrorRow(
        "Map without a key that is required",
        "warning",
        "A map all of whose keys are known lacks one that the type asks for; the check raises "
        "TypeValidationError.",
        "(defn area [box :[:map [:w :int] [:h :int]]] (* (:w box) (:h box))) (area {:w 2})",
        "(defn area [box :[:map [:w :int] [:h :int]]] (* (:w box) (:h box))) (area {:w 2 :h 3})",
    ),
}

WARNINGS: Mapping[str, ErrorRow] = MappingProxyType(_ROWS)
