"""Programs to measure, and how to load one.

In: source text. Out: the globals of the loaded module.
"""

from __future__ import annotations

from typing import Any

from rtfs_runtime.session import Session
from rtfsc.driver import compile_text

FIB = "(defn fib [n] (if (< n 2) n (+ (fib (- n 1)) (fib (- n 2)))))"

_STEP = """;; plan step {i}: compute the totals of one order
(defn step-{i} [order limit {{:keys [id qty price]}}]
  (let [lines (filter (fn [l] (and (> (:qty l) limit) (not= (:state l) "void{i}"))) (:lines order))
        total (reduce + 0 (map (fn [l] (* (:qty l) (:price l))) lines))
        tax (* total 0.{tax})]
    (if (> total {i})
      (call :acme/notify {{:order id :total (+ total tax) :text "order \\"{i}\\" is large" :retry 3}})
      (match (:kind order)
        :fast {{:ok true :total total}}
        :slow (step-{before} order (- limit 1) {{:id id :qty qty :price price}})
        _ nil))))

"""


def plan(steps: int) -> str:
    """Write a realistic plan of about 0.56 KB and 12 lines a step."""
    return "".join(_STEP.format(i=i, tax=i % 90 + 10, before=max(0, i - 1)) for i in range(steps))


def load(source: str) -> dict[str, Any]:
    """Compile and load a program in a session of its own."""
    unit = compile_text(source)
    session = Session()
    session.evaluate(unit.artifact)
    return next(iter(session.instances.values())).globals
