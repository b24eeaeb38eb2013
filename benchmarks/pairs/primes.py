"""A table changed in a loop: the sieve of Eratosthenes."""


def strike(table, start, step, limit):
    for k in range(start, limit, step):
        table[k] = False


def sieve(limit):
    table = [True] * limit
    n = 2
    while n * n < limit:
        if table[n]:
            strike(table, n * n, n, limit)
        n += 1
    return table


def grow(limit):
    table = sieve(limit)
    return len([n for n in range(2, limit) if table[n]])


def run():
    return grow(400)
