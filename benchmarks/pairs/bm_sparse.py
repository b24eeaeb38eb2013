"""pyperformance's scimark: a sparse matrix times a vector."""

from benchmarks.installed import module

bm = module("scimark")

ROWS, EACH = 40, 5
starts = [r * EACH for r in range(ROWS + 1)]
columns = [k * max(1, r // EACH) for r in range(ROWS) for k in range(EACH)]
values = [0.5 + k % 9 for k in range(ROWS * EACH)]
x = [1.0 / (k + 1) for k in range(ROWS)]


def run():
    y = [0.0] * ROWS
    bm.SparseCompRow_matmult(ROWS, y, values, starts, columns, x, 4)
    return y
