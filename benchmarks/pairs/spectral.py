"""Float loops: the spectral norm of an infinite matrix."""


def entry(i, j):
    return 1.0 / ((i + j) * (i + j + 1) / 2 + i + 1)


def times(v):
    return [sum(entry(i, j) * v[j] for j in range(len(v))) for i in range(len(v))]


def run():
    return sum(times(times([1.0 for _ in range(12)])))
