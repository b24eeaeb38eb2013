"""Functions that call each other."""


def even_steps(n):
    return True if n == 0 else odd_steps(n - 1)


def odd_steps(n):
    return False if n == 0 else even_steps(n - 1)


def run():
    return even_steps(400)
