"""Count words."""

text = "the quick brown fox jumps over the lazy dog and the dog barks at the quick fox while the sun sets"


def tally(words):
    counts = {}
    for word in words:
        counts[word] = counts.get(word, 0) + 1
    return counts


def run():
    words = (text + " " + text + " " + text).split(" ")
    counts = tally(words)
    return sorted(counts.items(), key=lambda entry: -entry[1])[:5]


def grow(n):
    return tally([f"w{i * i % 1000}" for i in range(n)])
