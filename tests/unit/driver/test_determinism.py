"""Same in, same out: in other processes, with other hash seeds, in other folders, in any order."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]

BASE = """(module base (:exports [clamp unless-nil])
  (defmacro unless-nil [x body] `(if (nil? ~x) nil ~body))
  (defn clamp [x:int lo:int hi:int]:int (cond (< x lo) lo (> x hi) hi :else x)))
"""
PLAN = """(import base :only [clamp unless-nil])
(defstruct P :x :int :y [:optional :string])
(def table {:a 1 :b [1 2.5 "text" nil true] :c {:d 550e8400-e29b-41d4-a716-446655440000}})
(defn ^:delegation :local-model "m" ask [q] "Answer the question.")
(defn walk [{:keys [a b] :as m} & more]
  (let [v (gensym "v")]
    (match m {:a x} [x b] [h & t] (map (fn [i] (+ i h)) t) _ (unless-nil a (clamp a 0 9)))))
(try (walk table) (catch e (:message e)) (finally nil))
"""

BUILD = """
import sys
from rtfsc.driver import compile_text, make_env
from rtfsc.build import Target, build
if sys.argv[2] == "after others":
    compile_text("(defn text [q] [:a :b 'x 2.5 \\"text\\"]) (text 1)")
for built in build([sys.argv[1]]):
    assert built.state == "compiled", built.error.diagnostics
    print(built.artifact.address().hex())
"""


def addresses(folder: Path, seed: int, order: str) -> str:
    folder.mkdir()
    (folder / "base.rtfs").write_text(BASE)
    (folder / "plan.rtfs").write_text(PLAN)
    paths = os.pathsep.join((str(ROOT), str(ROOT / "runtime")))
    environment = {**os.environ, "PYTHONPATH": paths, "PYTHONHASHSEED": str(seed)}
    done = subprocess.run(
        [sys.executable, "-c", BUILD, str(folder), order],
        capture_output=True,
        text=True,
        env=environment,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def all_addresses(tmp_path: Path, count: int) -> set[str]:
    orders = ("alone", "after others")
    return {addresses(tmp_path / f"folder{seed}", seed, orders[seed % 2]) for seed in range(count)}


def test_builds_are_equal(tmp_path: Path) -> None:
    assert len(all_addresses(tmp_path, 4)) == 1


@pytest.mark.soak
def test_a_hundred_builds_are_equal(tmp_path: Path) -> None:
    assert len(all_addresses(tmp_path, 100)) == 1
