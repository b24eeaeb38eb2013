"""Dynamic programming over a vector."""

items = [(3, 7), (4, 9), (5, 11), (9, 20), (2, 3), (7, 15)]


def best(capacity):
    table = [0] * (capacity + 1)
    for weight, value in items:
        for c in range(capacity, weight - 1, -1):
            table[c] = max(table[c], value + table[c - weight])
    return table[capacity]


def run():
    return best(60)
