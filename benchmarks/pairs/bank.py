"""Records changed by events."""

events = [
    {"account": f"a{i % 7}", "kind": "withdraw" if i % 3 == 0 else "deposit", "amount": 1 + i * 37 % 50}
    for i in range(80)
]


def apply_event(accounts, event):
    old = accounts.get(event["account"], {"balance": 0, "moves": 0})
    match event["kind"]:
        case "deposit":
            change = event["amount"]
        case "withdraw":
            change = -event["amount"]
        case _:
            change = 0
    accounts[event["account"]] = {"balance": old["balance"] + change, "moves": old["moves"] + 1}
    return accounts


def run():
    accounts = {}
    for event in events:
        accounts = apply_event(accounts, event)
    return accounts
