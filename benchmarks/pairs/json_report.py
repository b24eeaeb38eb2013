"""Nested data, from and to JSON."""

import json
from collections import Counter

text = json.dumps(
    {"users": [{"name": f"u{i}", "age": 20 + i * 7 % 50, "tags": ["a", f"t{i % 3}"]} for i in range(25)]}
)


def summary(data):
    users = data["users"]
    old = [u for u in users if u["age"] > 40]
    return {
        "count": len(users),
        "old": [u["name"] for u in old],
        "tags": dict(Counter(tag for u in users for tag in u["tags"])),
    }


def run():
    return summary(json.loads(text))
