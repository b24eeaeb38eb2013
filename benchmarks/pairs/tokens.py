"""Parse and evaluate arithmetic, character by character."""


def is_digit(c):
    return "0" <= c <= "9"


def tokens(text):
    i, number, out = 0, None, []
    while i < len(text):
        c = text[i]
        if is_digit(c):
            number = 10 * (number or 0) + int(c)
            i += 1
        elif number is None:
            if c != " ":
                out.append(c)
            i += 1
        else:
            out.append(number)
            number = None
    if number is not None:
        out.append(number)
    return out


def product(ts, at):
    value = ts[at]
    at += 1
    while at < len(ts) and ts[at] == "*":
        value *= ts[at + 1]
        at += 2
    return value, at


def total(ts):
    value, at = product(ts, 0)
    while at < len(ts):
        more, at = product(ts, at + 1)
        value += more
    return value


def run():
    return total(tokens("12 * 3 + 4 * 5 * 6 + 700 + 8 * 9 + 10 * 11 * 12 + 13"))
