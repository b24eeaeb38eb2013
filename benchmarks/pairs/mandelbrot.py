"""A loop over floats."""


def escape(cr, ci, limit):
    zr = zi = 0.0
    for i in range(limit):
        a = zr * zr
        b = zi * zi
        if a + b > 4.0:
            return i
        zr, zi = a - b + cr, 2.0 * zr * zi + ci
    return limit


def row(y, width, limit):
    total = 0
    for x in range(width):
        total += escape(x * 0.15 - 2.0, y, limit)
    return total


def run():
    return sum(row(k * 0.25 - 1.0, 20, 40) for k in range(8))
