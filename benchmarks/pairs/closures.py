"""Functions that make functions."""


def adder(n):
    return lambda x: x + n


def compose(f, g):
    return lambda x: f(g(x))


def twice(f):
    return compose(f, f)


def run():
    step = twice(compose(adder(3), adder(-1)))
    x = 0
    for _ in range(200):
        x = step(x)
    return x
