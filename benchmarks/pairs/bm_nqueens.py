"""pyperformance's nqueens: try all permutations."""

from benchmarks.installed import module

bm = module("nqueens")


def run():
    return list(bm.n_queens(5))
