"""`python -m tests.conformance [--mode MODE] [-q] [AREA or ID …]`: list failing cases by area; exit 1 if any.

Run it in the repository's folder with PYTHONPATH=.:runtime, or with the package installed.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter

from rtfsc.worker.server import warm
from tests.conformance.cases import Case, expected_failures, folder, read_cases
from tests.conformance.runner import MODES, failures


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.conformance")
    parser.add_argument("which", nargs="*", help="areas or ids; all when left out")
    parser.add_argument("--mode", choices=(*MODES, "all"), default="all")
    parser.add_argument("-q", "--quiet", action="store_true", help="counts only")
    return parser.parse_args()


def _chosen(which: list[str]) -> list[Case]:
    path = folder()
    if path is None:
        sys.exit("no conformance folder: set RTFS_CONFORMANCE")
    cases = read_cases(path)
    return [case for case in cases if not which or case.area in which or case.id in which]


def main() -> int:
    """Run and report."""
    given = _arguments()
    cases, listed = _chosen(given.which), expected_failures()
    totals = Counter(case.area for case in cases)
    status = 0
    warm()
    for mode in MODES if given.mode == "all" else (given.mode,):
        failed: Counter[str] = Counter()
        for case, wrong in failures(cases, mode):
            failed[case.area] += 1
            if not given.quiet:
                mark = " (listed)" if case.id in listed else ""
                print(f"{case.id}{mark}\n    {case.source[:300]}\n    {wrong}", flush=True)
            status |= case.id not in listed
        for area, total in totals.items():
            print(f"{total - failed[area]:5} of {total:5}  {area}")
        count = failed.total()
        print(f"mode {mode}: {len(cases) - count} passed, {count} failed\n")
    return status


sys.exit(main())
