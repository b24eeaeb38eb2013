"""Recursion with three arguments."""


def tak(x, y, z):
    return tak(tak(x - 1, y, z), tak(y - 1, z, x), tak(z - 1, x, y)) if y < x else z


def run():
    return tak(10, 6, 3)
