"""`python -m tests.properties COUNT SEED`: many random programs against the oracle; prints what was tried."""

from __future__ import annotations

import random
import sys
from collections import Counter

from rtfsc.source import CompileError
from tests.properties.compare import LEVELS, compiled, interpreted
from tests.properties.programs import Writer


def main() -> None:
    """Try many; stop at the first that differs."""
    count, seed = int(sys.argv[1]), int(sys.argv[2])
    rng = random.Random(seed)
    seen: Counter[str] = Counter()
    for number in range(count):
        text = Writer(rng.randrange).program()
        try:
            wanted = interpreted(text)
            seen[wanted.kind or "value"] += 1
            for level in LEVELS:
                found = compiled(text, level)
                if found != wanted:
                    print(f"{text}\nlevel {level} gives {found}\nthe oracle   {wanted}")
                    sys.exit(f"seed {seed}, program {number}: they differ")
        except CompileError as error:
            print(text)
            sys.exit(f"seed {seed}, program {number}: does not compile: {error.diagnostics[0]}")
    print(f"{count} programs of seed {seed}, levels {LEVELS}: all agree; {dict(seen.most_common())}")


if __name__ == "__main__":
    main()
