"""A search tree of maps."""


def insert(node, key):
    if node is None:
        return {"key": key, "left": None, "right": None}
    if key < node["key"]:
        return {**node, "left": insert(node["left"], key)}
    if key > node["key"]:
        return {**node, "right": insert(node["right"], key)}
    return node


def walk(node):
    if node is None:
        return []
    return [*walk(node["left"]), node["key"], *walk(node["right"])]


def run():
    root = None
    for i in range(40):
        root = insert(root, i * 53 % 97)
    return walk(root)
