"""Mutated artifacts: whatever the bytes, only our errors come, and nothing is decoded for strangers.

`python -m tests.artifact_mutants COUNT SEED` changes bytes of real artifacts. Half are re-sealed with a
digest that holds (else the digest refuses them all and nothing is tested), and of these many are signed: by a
trusted key, by a stranger, or with a signature of other bytes. Code is never run: whoever can seal wrong code
under a trusted signature could have signed any program.
"""

from __future__ import annotations

import random
import struct
import sys
from collections.abc import Sequence
from typing import NamedTuple

from rtfs_runtime import signing, trust
from rtfs_runtime.artifact import _HEADER, _START, ArtifactError, decode, join_signature
from rtfs_runtime.digest import digest
from rtfs_runtime.trust import Trust
from rtfsc.driver import compile_text

TEXTS = (
    "(defn f [x] (+ x 1))\n(f 2)",
    '(module a.b (:exports [g]) (defn g ^:delegation :remote "m" [x :string] :[:enum :yes :no] "Say."))',
    '(defmacro twice [x] `(do ~x ~x))\n(def k {:a [1 2.5 "é"]})\n(match k {:a [x & xs]} xs _ nil)',
)
_SIGNED_EVERY = 4


class Outcome(NamedTuple):
    """What became of the mutants."""

    tried: int
    refused: int
    read: int
    decoded_for_strangers: int


def reseal(content: bytes) -> bytes:
    """Give bytes a digest that holds."""
    if len(content) < _START:
        return content
    body = content[: _HEADER.size] + content[_START:]
    return content[: _HEADER.size] + digest(body) + content[_START:]


def mutate(data: bytes, chance: random.Random) -> bytes:
    """Change a few bytes, cut a piece, or put one in; lengths in the header among them."""
    made = bytearray(data)
    for _ in range(chance.randrange(1, 4)):
        at = chance.randrange(len(made)) if made else 0
        match chance.randrange(5):
            case 0:
                made[at : at + 1] = bytes([chance.randrange(256)])
            case 1:
                del made[at : at + chance.randrange(1, 40)]
            case 2:
                made[at:at] = chance.randbytes(chance.randrange(1, 40))
            case 3:
                place = _HEADER.size - 4 * chance.randrange(1, 6)
                if place + 4 <= len(made):
                    value = chance.choice((0, 1, 2**31, 2**32 - 1, chance.randrange(4096)))
                    struct.pack_into(">I", made, place, value)
            case _:
                other = chance.randrange(len(made)) if made else 0
                made[at : at + 20] = made[other : other + 20]
    return bytes(made)


def refuse_mutants(count: int, seed: int) -> Outcome:
    """Try so many mutants.

    Raises: whatever else than ArtifactError came.
    """
    chance = random.Random(seed)
    contents = [compile_text(text).artifact.encode() for text in TEXTS]
    mine, key = signing.generate_key("mine")
    stranger, _ = signing.generate_key("stranger")
    believed = trust.add_key(Trust(), key)
    block = signing.sign(contents[0], mine)
    refused = read = strangers = 0
    for number in range(count):
        made = mutate(chance.choice(contents), chance)
        if number % 2:
            made = reseal(made)
        by = chance.choice(("nobody", "mine", "stranger", "other bytes"))
        if by == "other bytes":
            made = join_signature(made, block)
        elif by != "nobody" and number % _SIGNED_EVERY == 1:
            made = join_signature(made, signing.sign(made, mine if by == "mine" else stranger))
        try:
            # what a command does that wants signatures …
            content, _ = trust.admit(made, believed)
            # a change may put back what was there: then the signature is that of these very bytes
            strangers += by != "mine" and not (by == "other bytes" and content == contents[0])
            decode(content)
            read += 1
        except ArtifactError:
            refused += 1
        try:
            # … and what one does that does not: everything but running the code
            found = decode(made)
            _ = found.interface, found.source, found.address()
        except ArtifactError:
            continue
    return Outcome(count, refused, read, strangers)


def main(arguments: Sequence[str]) -> int:
    """Run from the command line; exit code 1 when something was decoded that must not be."""
    count = int(arguments[0]) if arguments else 20_000
    seed = int(arguments[1]) if len(arguments) > 1 else 1
    outcome = refuse_mutants(count, seed)
    sys.stdout.write(
        f"seed {seed}: {outcome.tried} mutants, {outcome.refused} refused, "
        f"{outcome.read} read under a trusted signature, "
        f"{outcome.decoded_for_strangers} decoded for strangers\n"
    )
    return 1 if outcome.decoded_for_strangers else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
