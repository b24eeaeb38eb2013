"""Running text in a child process with limits of the operating system.

In: a program. Out: its value and output, and an exit code. The child has no grant but those given. Source:
design §9.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence

from rtfsc.cli.outcome import DONE, WRONG_PROGRAM
from rtfsc.reports.render import paint, use_color
from rtfsc.worker.protocol import Request
from rtfsc.worker.server import answer_request

_SUFFIX = ".rtfs"
_TIMEOUT_S = 60.0


def run_text(request: Request) -> int:
    """Evaluate one request in a child; print what it printed and its value."""
    answer = json.loads(answer_request(request))
    if answer["ok"]:
        sys.stdout.write(answer["stdout"])
        if answer["printed"] != "nil":
            sys.stdout.write(answer["printed"] + "\n")
        return DONE
    error = answer["error"]
    place = "" if error["line"] is None else f" (line {error['line']}, column {error['column']})"
    sys.stderr.write(f"{paint(error['kind'], '1;31', use_color(sys.stderr))}: {error['message']}{place}\n")
    return WRONG_PROGRAM


def run_file(file: str, arguments: Sequence[str], grants: Sequence[str]) -> int:
    """Run a plan and the modules beside it in a child."""
    with open(file, encoding="utf-8") as text:
        source = text.read()
    files = tuple(_sources(os.path.dirname(os.path.abspath(file))))
    request = Request(None, source, files=files, grants=tuple(grants), timeout_s=_TIMEOUT_S)
    return run_text(request._replace(arguments=tuple(arguments)))


def _sources(folder: str) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for root, folders, names in os.walk(folder):
        folders[:] = sorted(each for each in folders if not each.startswith("."))
        for name in sorted(names):
            if name.endswith(_SUFFIX):
                path = os.path.join(root, name)
                with open(path, encoding="utf-8", errors="surrogateescape") as file:
                    found.append((os.path.relpath(path, folder), file.read()))
    return found
