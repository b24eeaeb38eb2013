"""`python -m tests.repairs [EACH] [SEED] [RULE]`: the rate of repaired plans; with a rule, what it missed.

Exit code 1 when fewer than nine of ten broken plans are repaired.
"""

from __future__ import annotations

import difflib
import sys
from collections import Counter

from tests.repairs.measure import Judged, broken_plans, judge

BAR = 0.9


def main() -> int:
    """Measure and print."""
    each, seed = (int(arg) for arg in (*sys.argv[1:3], *("5", "0")[len(sys.argv[1:3]) :]))
    wanted = sys.argv[3] if len(sys.argv) > 3 else ""
    total: Counter[str] = Counter()
    good: Counter[str] = Counter()
    for broken in broken_plans(each, seed):
        if wanted and wanted not in (broken.rule, "all"):
            continue
        judged = judge(broken)
        total[broken.rule] += 1
        good[broken.rule] += judged.good
        if wanted and not judged.good:
            show(judged)
    for name, count in total.items():
        print(f"{good[name]:4} of {count:3}  {name}")
    all_good, everything = sum(good.values()), sum(total.values())
    print(f"{all_good} of {everything} repaired: {100 * all_good / everything:.1f} %")
    return int(all_good < BAR * everything)


def show(judged: Judged) -> None:
    """Print what was broken and what the edit made of it."""
    broken, report = judged.broken, judged.report
    print(f"== {broken.rule} {broken.plan}: {report.code} {report.message}")
    print("\n".join(_diff(broken.original, broken.text)))
    print("  -- repaired:" if judged.repaired else "  -- no edit")
    if judged.repaired:
        print("\n".join(_diff(broken.original, judged.repaired)))


def _diff(before: str, after: str) -> list[str]:
    lines = difflib.unified_diff(before.splitlines(), after.splitlines(), lineterm="", n=0)
    return [f"  {line}" for line in lines if not line.startswith(("---", "+++", "@@"))]


if __name__ == "__main__":
    sys.exit(main())
