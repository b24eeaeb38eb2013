"""`python -m rtfsc`: the same command line as the console script."""

from __future__ import annotations

import sys

from rtfs_runtime.launch import main

sys.exit(main())
