"""Every name that the reference promises is there and takes as many arguments; the others are not."""

from __future__ import annotations

from pathlib import Path

import pytest

from rtfs_runtime.builtins import BUILTINS
from rtfsc import driver
from rtfsc.expand.macros import MACROS
from rtfsc.lower.specials import SPECIALS

assert driver, "it fills the table of special forms"
_LINES = (Path(__file__).parent / "promised_names.tsv").read_text(encoding="utf-8").splitlines()[1:]
PROMISED = [line.split("\t") for line in _LINES]


def counts(text: str) -> tuple[int, int | None]:
    if text.endswith("+"):
        return int(text[:-1]), None
    low, _, high = text.partition("..")
    return int(low), int(high or low)


@pytest.mark.parametrize(("name", "arities", "what"), PROMISED)
def test_promised_names(name: str, arities: str, what: str) -> None:
    row = BUILTINS.get(name)
    special = SPECIALS.get(name)
    if what == "undefined":
        assert row is None and special is None and name not in MACROS
    elif what == "form":
        assert special is not None or name in MACROS
    else:
        assert row is not None
        for low, high in map(counts, arities.split()):
            # a form of the name, such as `(get key)`, may take what the function does not
            assert row.min_args <= low or special is not None
            assert row.max_args is None or (high is not None and high <= row.max_args)
