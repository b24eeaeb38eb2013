"""Dynamic programming over rows."""


def next_row(row, a, b, i):
    out = [i + 1]
    for j in range(len(b)):
        change = 0 if a[i] == b[j] else 1
        out.append(min(1 + out[j], 1 + row[j + 1], change + row[j]))
    return out


def distance(a, b):
    row = list(range(1 + len(b)))
    for i in range(len(a)):
        row = next_row(row, a, b, i)
    return row[-1]


def run():
    return distance("the quick brown fox", "that quiet brown dog")
