"""Big vectors in vectors: the product of two matrices."""

a = [[i * 3 + j for j in range(12)] for i in range(12)]
b = [[j * 2 - i for j in range(12)] for i in range(12)]


def product(a, b):
    return [[sum(row[k] * b[k][j] for k in range(len(row))) for j in range(len(b[0]))] for row in a]


def run():
    return product(a, b)
