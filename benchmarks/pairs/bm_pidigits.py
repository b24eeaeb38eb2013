"""pyperformance's pidigits: big integers."""

from benchmarks.installed import module

bm = module("pidigits")


def run():
    return bm.calc_ndigits(40)
