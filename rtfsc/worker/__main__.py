"""`python -m rtfsc.worker`: the evaluation service on standard input and output."""

from __future__ import annotations

import sys

from rtfsc.worker.server import serve

serve(sys.stdin.buffer, sys.stdout.buffer)
