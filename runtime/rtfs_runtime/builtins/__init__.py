"""The builtins of RTFS: importing this package fills the table, which then stays as it is.

In: the rooms beside this file. Out: `BUILTINS`, name -> `Builtin`.
"""

from rtfs_runtime.builtins import (
    arithmetic,
    building,
    compare,
    data,
    failures,
    functions,
    host_names,
    logic,
    loops,
    maps,
    network_names,
    order,
    predicates,
    regex,
    sequences,
    text,
)
from rtfs_runtime.builtins.table import BUILTINS, Builtin, freeze

freeze()

__all__ = [
    "BUILTINS",
    "Builtin",
    "arithmetic",
    "building",
    "compare",
    "data",
    "failures",
    "functions",
    "host_names",
    "logic",
    "loops",
    "maps",
    "network_names",
    "order",
    "predicates",
    "regex",
    "sequences",
    "text",
]
