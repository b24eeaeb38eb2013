"""Changes of imported modules reach their users through the cache: whatever changes, nothing stale is run."""

from __future__ import annotations

import random
from pathlib import Path

from rtfs_runtime.cache.l4_artifact import LocalArtifacts
from rtfs_runtime.printer import display
from rtfs_runtime.session import Session
from rtfsc.driver import compile_file, evaluate, make_env
from rtfsc.options import DEFAULT

# each part is one of several texts; a mutation takes another
PARTS = {
    "helper": (
        "(defn widen [form] [form form])",
        "(defn widen [form] [form])",
        "(defn widen [form] (list form 1))",
    ),
    "macro": ("`(vector ~x ~(widen x))", "`(list ~(widen x))", "`(str ~x)", "(list 'inc x)"),
    "inner": ("`[:a ~x]", "`[:b ~x]"),
    "constant": ("1", "2"),
    "function": ("(+ x limit)", "(* x limit)"),
    "type": (":int", ":string", "[:union :int :string]"),
    "use": ("(base/wrap 5)", "(base/wrap (base/tag 6))", "(base/tag (base/plain 3))"),
}
Chosen = dict[str, str]


def write(folder: Path, part: Chosen) -> None:
    base = (
        f"(module base {part['helper']} (def limit {part['constant']}) (deftype Given {part['type']})\n"
        f"  (defmacro wrap [x] {part['macro']})\n  (defmacro tag [x] {part['inner']})\n"
        f"  (defn plain [x] {part['function']}))"
    )
    middle = (
        "(module middle (import base) (defmacro again [x] `(base/tag (base/wrap ~x)))\n"
        f"  (defn checked [x :base/Given] x) (defn used [] {part['use']}))"
    )
    (folder / "base.rtfs").write_text(base)
    (folder / "middle.rtfs").write_text(middle)
    (folder / "main.rtfs").write_text(
        "(import base) (import middle)\n"
        "(map (fn [f] (try (f) (catch e (getMessage e))))\n"
        "  [(fn [] (middle/again 4)) (fn [] (middle/used))\n"
        "   (fn [] (middle/checked 7)) (fn [] (base/plain 2))])"
    )


def cached(folder: Path) -> tuple[str, int]:
    """Give the program's value through the cache, and how many modules were found there."""
    cache = LocalArtifacts(str(folder / "cache"))
    env = make_env((str(folder),), DEFAULT, cache)
    unit = compile_file(folder / "main.rtfs", env=env)
    value = display(Session(modules=env.modules).evaluate(unit.artifact).value)
    return value, cache.stats().hits


def test_no_stale_module_is_run(tmp_path: Path) -> None:
    rng = random.Random(4)
    part = {name: texts[0] for name, texts in PARTS.items()}
    values, hits = set(), 0
    for _ in range(40):
        name = rng.choice(sorted(PARTS))
        part[name] = rng.choice(PARTS[name])
        write(tmp_path, part)
        value, found = cached(tmp_path)
        assert value == display(evaluate((tmp_path / "main.rtfs").read_text(), paths=(str(tmp_path),)))
        values.add(value)
        hits += found
    # it changed often, and the cache was of use
    assert len(values) > 12
    assert hits > 10
