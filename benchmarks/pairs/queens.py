"""Place queens: recursion over vectors."""


def is_safe(placed, column):
    row = len(placed)
    return all(c != column and abs(c - column) != row - r for r, c in enumerate(placed))


def solutions(placed, size):
    if len(placed) == size:
        return 1
    total = 0
    for column in range(size):
        if is_safe(placed, column):
            total += solutions([*placed, column], size)
    return total


def run():
    return solutions([], 5)
