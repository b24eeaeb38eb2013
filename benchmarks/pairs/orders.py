"""Records through a pipeline."""

orders = [
    {
        "id": i,
        "state": "open" if i % 3 == 0 else "paid",
        "lines": [{"qty": k + 1, "price": 1.5 * (i + k)} for k in range(i % 4)],
    }
    for i in range(120)
]


def total(order):
    return sum(line["qty"] * line["price"] for line in order["lines"])


def run():
    rows = [{"id": order["id"], "total": total(order)} for order in orders if order["state"] == "paid"]
    return [{**row, "big": True} for row in rows if row["total"] > 50]
