"""Types from text, at run time: the annotations of an interface, the schemas of capabilities and models.

In: text as `print_type` gives it, and the spellings that people type (`Int`, `T?`, `[:one-of …]`). Out: a
type. Sources of programs are read by the compiler's parser, not here. Source: language §5.1.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final, TypeAlias

from rtfs_runtime.type_predicates import PREDICATES
from rtfs_runtime.type_terms import (
    ANY,
    FN,
    INT,
    LIST,
    MAP,
    NEVER,
    NUMBER,
    PRIMS,
    VECTOR,
    Alias,
    And,
    Array,
    Enum,
    Field,
    FnType,
    ListOf,
    MapOf,
    MapType,
    Predicate,
    Prim,
    ResourceType,
    Tuple,
    Type,
    Val,
    Vector,
    optional,
    union,
)
from rtfs_runtime.values import Keyword

_TOKEN: Final = re.compile(
    r"""[\s,]+|(?P<open>[\[{(])|(?P<close>[\]})])|(?P<text>"(?:[^"\\]|\\.)*")|(?P<word>[^\s,\[\]{}()"]+)""",
    re.S,
)
_ESCAPE: Final = re.compile(r"\\(u[0-9a-fA-F]{4}|.)", re.S)
_ESCAPED: Final = {"n": "\n", "t": "\t", "r": "\r", "0": "\0", "b": "\b", "f": "\f"}
_CLOSES: Final = {"[": "]", "{": "}", "(": ")"}
MAX_DEPTH: Final = 200

Node: TypeAlias = "str | list[Node]"

_NAMES: Final[Mapping[str, Type]] = {
    **{name: Prim(name) for name in PRIMS},
    "integer": INT,
    "boolean": Prim("bool"),
    "str": Prim("string"),
    "function": FN,
    "any": ANY,
    "never": NEVER,
    "vector": VECTOR,
    "list": LIST,
    "map": MAP,
    "resource": Prim("resource-handle"),
    "number": NUMBER,
}


def read_type(text: str, names: Mapping[str, str] | None = None) -> Type:
    """Read one type; `names` gives the text of declared types, others stand for themselves.

    Raises: ValueError that says what is wrong.
    """
    return _Reader(names or {}).read(text)


class _Reader:
    def __init__(self, names: Mapping[str, str]) -> None:
        self.names = names
        self.inside: list[str] = []

    def read(self, text: str) -> Type:
        nodes = _nodes(text)
        if len(nodes) == 2 and nodes[1] == "?":
            return optional(self.type(nodes[0]))
        if len(nodes) != 1:
            raise ValueError(f"not one type: {text}")
        return self.type(nodes[0])

    def type(self, node: Node) -> Type:
        if isinstance(node, list):
            return self.bracketed(node)
        if node.endswith("?") and len(node.lstrip(":")) > 1:
            return optional(self.type(node[:-1]))
        if node.startswith('"'):
            raise ValueError(f"a string is no type: {node}")
        bare = node.removeprefix(":")
        known = _NAMES.get(bare) or _NAMES.get(bare.lower())
        return known if known is not None else self.alias(bare)

    def alias(self, name: str) -> Type:
        text = self.names.get(name)
        if text is None or name in self.inside:
            return Alias(name)
        self.inside.append(name)
        try:
            return Alias(name, self.read(text))
        finally:
            self.inside.pop()

    def types(self, nodes: list[Node]) -> list[Type]:
        found: list[Type] = []
        for node in nodes:
            if node == "?" and found:
                found[-1] = optional(found[-1])
            else:
                found.append(self.type(node))
        return found

    def bracketed(self, node: list[Node]) -> Type:
        if len(node) < 2 or not isinstance(node[1], str) or node[0] != "[":
            raise ValueError("a compound type starts with `[:` and its name")
        head, rest = node[1].removeprefix(":"), node[2:]
        match head:
            case "map" | "record" | "struct":
                return self.map(rest)
            case "enum" | "one-of":
                return Enum(_literal(item) for item in rest)
            case "val":
                return Val(_literal(_only(rest, head)))
            case "fn" | "=>":
                return self.function(rest)
            case "array":
                return self.array(rest)
            case "resource":
                return ResourceType(_word(_only(rest, head)))
            case "and":
                return And(self.type(rest[0]), (self.condition(item) for item in rest[1:]))
            case _:
                return self.plain(head, self.types(rest))

    def plain(self, head: str, kinds: list[Type]) -> Type:
        match head, kinds:
            case "vector", [element]:
                return Vector(element)
            case "list", [element]:
                return ListOf(element)
            case "tuple", _:
                return Tuple(kinds)
            case (("map-of" | "dict"), [key, value]):
                return MapOf(key, value)
            case (("union" | "or"), [_, *_]):
                return union(kinds)
            case "optional", [kind]:
                return optional(kind)
            case (("stream" | "capability" | "agent"), _):
                return ANY
        raise ValueError(f"no type [:{head} …] with {len(kinds)} parts")

    def map(self, nodes: list[Node]) -> Type:
        fields: list[Field] = []
        rest: Type | None = None
        for entry in _entries(nodes):
            key, kind, *mark = entry
            if key in (":*", "*"):
                rest = self.type(kind)
            else:
                fields.append(self.field(key, kind, mark))
        return MapType(fields, rest)

    def field(self, key: Node, kind: Node, mark: list[Node]) -> Field:
        name = _literal(key)
        if not isinstance(name, (Keyword, str, int)):
            raise ValueError("a key of a map is a keyword, a string or an integer")
        if mark not in ([], ["?"]):
            raise ValueError(f"after the type of key {name!r} only `?` may stand")
        return name, self.type(kind), bool(mark)

    def function(self, nodes: list[Node]) -> Type:
        if len(nodes) != 2 or not isinstance(nodes[0], list):
            raise ValueError("a function type is [:fn [PARAMETERS] RESULT]")
        params = nodes[0][1:]
        if "&" in params:
            place = params.index("&")
            rest = self.types(params[place + 1 :])
            return FnType(self.types(params[:place]), rest[0] if rest else ANY, self.type(nodes[1]))
        return FnType(self.types(params), None, self.type(nodes[1]))

    def array(self, nodes: list[Node]) -> Type:
        if len(nodes) == 2 and isinstance(nodes[1], list):
            sizes = tuple(None if size == "?" else int(_word(size)) for size in nodes[1][1:])
            return Array(self.type(nodes[0]), sizes)
        return Array(self.type(_only(nodes, "array")))

    def condition(self, node: Node) -> Type:
        """Read what follows the base in `[:and …]`: a predicate, bare or with operands, or a type."""
        whole = node if isinstance(node, list) else ["[", node]
        name = _word(whole[1]).removeprefix(":") if len(whole) > 1 else ""
        if name in PREDICATES:
            return Predicate(name, (_literal(item) for item in whole[2:]))
        return self.type(node)


def _nodes(text: str) -> list[Node]:
    """Read brackets as lists that begin with the opening bracket, everything else as words."""
    stack: list[list[Node]] = [[]]
    at = 0
    while at < len(text):
        found = _TOKEN.match(text, at)
        if found is None:
            raise ValueError(f"not a type: {text[at:]}")
        at = found.end()
        if found["open"]:
            stack.append([found["open"]])
            if len(stack) > MAX_DEPTH:
                raise ValueError(f"a type nests deeper than {MAX_DEPTH}")
        elif found["close"]:
            if len(stack) == 1 or _CLOSES[_word(stack[-1][0])] != found["close"]:
                raise ValueError(f"a bracket is missing in type {text}")
            whole = stack.pop()
            stack[-1].append(whole)
        elif found["text"] or found["word"]:
            stack[-1].append(found[0])
    if len(stack) != 1:
        raise ValueError(f"a bracket is missing in type {text}")
    return stack[0]


def _entries(nodes: list[Node]) -> list[list[Node]]:
    """Give the entries of a map type, `[:k T ?]` each or together in braces."""
    entries: list[list[Node]] = []
    for node in nodes:
        if not isinstance(node, list) or len(node) < 3:
            raise ValueError("an entry of a map type is [KEY TYPE] or [KEY TYPE ?]")
        if node[0] == "[":
            entries.append(node[1:])
            continue
        rest = node[1:]
        while rest:
            size = 3 if len(rest) > 2 and rest[2] == "?" else 2
            if len(rest) < size:
                raise ValueError("a key of a map type has no type")
            entries.append(rest[:size])
            rest = rest[size:]
    return entries


def _only(nodes: list[Node], head: str) -> Node:
    if len(nodes) != 1:
        raise ValueError(f"[:{head} …] takes one part")
    return nodes[0]


def _word(node: Node) -> str:
    if isinstance(node, str):
        return node
    raise ValueError("a name is wanted where a bracket stands")


def _literal(node: Node) -> object:
    if isinstance(node, list) and node[0] == "[":
        return tuple(_literal(item) for item in node[1:])
    text = _word(node)
    if text.startswith('"'):
        return _ESCAPE.sub(_unescape, text[1:-1])
    if text.startswith(":") and len(text) > 1:
        return Keyword(text[1:])
    if text in ("true", "false", "nil"):
        return {"true": True, "false": False, "nil": None}[text]
    for read in (int, float):
        try:
            return read(text)
        except ValueError:
            pass
    raise ValueError(f'{text} is no literal: write :{text} or "{text}"')


def _unescape(found: re.Match[str]) -> str:
    mark = found[1]
    return chr(int(mark[1:], 16)) if len(mark) == 5 else _ESCAPED.get(mark, mark)
