"""Kill writers of one cache file, over and over, and look for what was committed.

`python -m tests.cache_kills COUNT SEED`: each round starts two processes that write into the same file and
name every batch once it is committed; they are killed (SIGKILL) at a random moment, in the middle of a write
as a rule. Then everything named must be there, and the file whole.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import IO, NamedTuple

from rtfs_runtime.cache.sqlite import Entry, SqliteStore

ROOT = Path(__file__).parents[1]
WRITERS = 2
WRITER = """
import os, sys
from rtfs_runtime.cache.sqlite import Entry, SqliteStore
path, start = sys.argv[1], int(sys.argv[2])
store = SqliteStore(path, "l2", busy_s=60.0)
for batch in range(start, start + 1_000_000):
    keys = [b"%d-%d" % (batch, each) for each in range(4)]
    store.put([Entry(key, key * (batch % 900), float(batch)) for key in keys])
    os.write(1, b"%d\\n" % batch)
"""


class Outcome(NamedTuple):
    """What a run of kills gave, in batches."""

    kills: int
    committed: int
    lost: int


def kill_writers(path: Path, kills: int, seed: int) -> Outcome:
    """Kill writers of a file so many times.

    Raises: StorageError when the file is damaged afterwards.
    """
    chance = random.Random(seed)
    committed = lost = killed = start = 0
    while killed < kills:
        writers = [_start(path, start + 1_000_000 * number) for number in range(WRITERS)]
        start += 1_000_000 * WRITERS
        # by what was written, never by the clock: the moment within a write is chance enough
        named = [_read(writer, chance.randrange(1, 30)) for writer in writers]
        for writer, lines in zip(writers, named, strict=True):
            os.kill(writer.pid, signal.SIGKILL)
            assert writer.stdout is not None
            # what was named and not yet read
            lines += writer.stdout.read().splitlines()
            writer.wait()
            writer.stdout.close()
            killed += 1
        store = SqliteStore(str(path), "l2")
        store.check()
        for line in [line for lines in named for line in lines if line.isdigit()]:
            committed += 1
            keys = [b"%d-%d" % (int(line), each) for each in range(4)]
            found = [store.get(key) for key in keys]
            lost += not all(
                one is not None and one == Entry(key, key * (int(line) % 900), float(line))
                for one, key in zip(found, keys, strict=True)
            )
        store.clear()
        store.close()
    return Outcome(killed, committed, lost)


def _start(path: Path, start: int) -> subprocess.Popen[bytes]:
    environment = {**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'runtime'}"}
    return subprocess.Popen(
        [sys.executable, "-c", WRITER, str(path), str(start)],
        stdout=subprocess.PIPE,
        env=environment,
        bufsize=0,
    )


def _read(writer: subprocess.Popen[bytes], lines: int) -> list[bytes]:
    assert writer.stdout is not None
    stream: IO[bytes] = writer.stdout
    found = [stream.readline().strip() for _ in range(lines)]
    assert all(found), "a writer ended by itself"
    return found


def main(arguments: Sequence[str]) -> int:
    """Run from the command line; exit code 1 when anything was lost."""
    kills = int(arguments[0]) if arguments else 1000
    seed = int(arguments[1]) if len(arguments) > 1 else 1
    with tempfile.TemporaryDirectory() as folder:
        outcome = kill_writers(Path(folder) / "cache.sqlite", kills, seed)
    sys.stdout.write(
        f"seed {seed}: {outcome.kills} kills, {outcome.committed} batches committed, {outcome.lost} lost\n"
    )
    return 1 if outcome.lost else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
