"""Sets."""


def common(left, right):
    known = set(left)
    return [x for x in dict.fromkeys(right) if x in known]


def pairs(n, limit):
    seen = set()
    out = []
    for i in range(n):
        x = i * i % limit
        if x in seen:
            out.append(x)
        else:
            seen.add(x)
    return out


def run():
    return [common(range(0, 90, 3), range(0, 90, 2)), pairs(60, 50)]


def grow(n):
    return [common(range(0, n, 3), range(0, n, 2)), pairs(n, n - 10)]
