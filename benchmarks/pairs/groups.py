"""Group, order and sum up."""

from collections import defaultdict


def make_rows(n):
    return [
        {"city": ["Rome", "Oslo", "Lima", "Cairo"][i % 4], "sales": i * 31 % 97, "year": 2000 + i % 5}
        for i in range(n)
    ]


rows = make_rows(100)


def report(rows):
    by_city = defaultdict(list)
    for row in rows:
        by_city[row["city"]].append(row)
    found = [
        {
            "city": city,
            "total": sum(row["sales"] for row in sold),
            "years": sorted({row["year"] for row in sold}),
        }
        for city, sold in by_city.items()
    ]
    return sorted(found, key=lambda r: -r["total"])


def run():
    return report(rows)


def grow(n):
    return report(make_rows(n))
