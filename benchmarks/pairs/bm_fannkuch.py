"""pyperformance's fannkuch: flips of permutations."""

from benchmarks.installed import module

bm = module("fannkuch")


def run():
    return bm.fannkuch(5)
