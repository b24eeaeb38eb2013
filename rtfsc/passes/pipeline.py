"""The order of passes.

A row: the name that `rtfsc dump --after` takes, the pass, and the lowest level it runs at. Merging tail
calls and letting branches wait side by side are rules of the language, no optimizations, and run at every
level.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from rtfsc.ir.nodes import Module
from rtfsc.options import Options
from rtfsc.passes import (
    bake_functions,
    carry_items,
    count_loops,
    divide_whole,
    drop_unused,
    fill_in_place,
    fuse_loops,
    inline_calls,
    merge_tail_calls,
    open_updates,
    order_by_keys,
    outline_branches,
    settle_scopes,
    share_tests,
    share_values,
    simplify,
    specialise_entries,
    split_loops,
    unroll_recursion,
    walk_by_index,
)


class Pass(NamedTuple):
    """One row."""

    name: str
    run: Callable[[Module, Options], Module]
    level: int


PIPELINE: tuple[Pass, ...] = (
    Pass("outline_branches", outline_branches.run, 0),
    Pass("merge_tail_calls", merge_tail_calls.run, 0),
    Pass("settle_scopes", settle_scopes.run, 1),
    Pass("open_updates", open_updates.run, 2),
    Pass("bake_functions", bake_functions.run, 2),
    Pass("inline_calls", inline_calls.run, 2),
    Pass("order_by_keys", order_by_keys.run, 2),
    Pass("fuse_loops", fuse_loops.run, 2),
    Pass("share_tests", share_tests.run, 1),
    Pass("simplify", simplify.run, 1),
    Pass("divide_whole", divide_whole.run, 1),
    Pass("specialise_entries", specialise_entries.run, 2),
    Pass("carry_items", carry_items.run, 2),
    Pass("walk_by_index", walk_by_index.run, 2),
    Pass("unroll_recursion", unroll_recursion.run, 2),
    Pass("fill_in_place", fill_in_place.run, 2),
    Pass("drop_unused", drop_unused.run, 2),
    Pass("share_values", share_values.run, 2),
    Pass("split_loops", split_loops.run, 2),
    Pass("count_loops", count_loops.run, 1),
)
