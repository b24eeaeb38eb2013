"""pyperformance's scimark: relax a grid over itself."""

from benchmarks.installed import module

bm = module("scimark")


def run():
    grid = bm.ArrayList(12, 12, [[float(x * y % 7) for x in range(12)] for y in range(12)])
    bm.SOR_execute(1.25, grid, 4, bm.ArrayList)
    return [list(row) for row in grid.data]
