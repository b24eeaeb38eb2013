"""Breadth-first search."""

graph = {i: [i * 2 % 60, (i * 2 + 1) % 60, (i * 2 + 31) % 60] for i in range(60)}


def search(start):
    queue = [start]
    seen = {start: 0}
    for node in queue:
        far = seen[node] + 1
        for following in graph[node]:
            if following not in seen:
                seen[following] = far
                queue.append(following)
    return seen


def run():
    return sum(sum(search(start).values()) for start in [0, 5, 17])
