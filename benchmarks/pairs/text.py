"""Build a string piece by piece."""


def csv(rows):
    return "\n".join([",".join([f"<{cell}>" for cell in row]) for row in rows])


def caesar(text, shift):
    out = ""
    for c in text:
        out += "_" if c == " " else f"{shift}{c}"
    return out


def run():
    return csv([[i, i * i, f"row {i}"] for i in range(40)]) + caesar("some text to be encoded", 3)


def grow(n):
    return csv([[i, i * i, f"row {i}"] for i in range(n)])
