"""Programs of pyperformance, run from the installed package: `pip install -e '.[bench]'` brings it.

In: the name of one of its benchmarks. Out: the module, whose functions a pair calls with inputs of a size
that suits a round.
"""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any


class NotInstalled(Exception):
    """A package that a side of a comparison needs is missing; the message says how to get it."""


def module(name: str) -> Any:
    """Load the file of a benchmark.

    Raises: NotInstalled.
    """
    package = importlib.util.find_spec("pyperformance")
    if package is None or package.origin is None or importlib.util.find_spec("pyperf") is None:
        raise NotInstalled("pyperformance is not installed: pip install -e '.[bench]'")
    path = Path(package.origin).parent / "data-files" / "benchmarks" / f"bm_{name}" / "run_benchmark.py"
    spec = importlib.util.spec_from_file_location(f"pyperformance_{name}", path)
    assert spec is not None and spec.loader is not None
    found = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(found)
    return found
