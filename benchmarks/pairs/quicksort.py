"""Sorting by hand."""

numbers = [i * 7919 % 1009 for i in range(150)]


def quicksort(xs):
    if len(xs) < 2:
        return xs
    pivot, others = xs[0], xs[1:]
    return [
        *quicksort([x for x in others if x < pivot]),
        pivot,
        *quicksort([x for x in others if x >= pivot]),
    ]


def run():
    return quicksort(numbers)
