"""IR from text: the inverse of `rtfsc.ir.printer`, for goldens and tests of passes.

In: the text of a module. Out: the module. Spans that the text leaves out are (0, 0); what it says of types
and effects is passed over, as inference finds it again. Recursive: made for text that people write, not for
programs of any depth.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any, Final

from rtfs_runtime.interface import EMPTY, Hint, Interface
from rtfs_runtime.numbers_text import parse_int_text
from rtfs_runtime.types import ANY, Type, from_data
from rtfs_runtime.values import Keyword, List, Symbol
from rtfsc.ir import nodes
from rtfsc.ir.nodes import Block, Expr, Module, Var
from rtfsc.ir.printer import TEXT_KINDS
from rtfsc.source import Span

_TOKEN: Final = re.compile(r"""[:$%']?"(?:[^"\\]|\\.)*"(?:\.\d+)?|[()\[\]{}]|[^\s()\[\]{}"]+|(?P<bad>\S)""")
_INTEGER: Final = re.compile(r"[-+]?\d+\Z")
_FLOAT: Final = re.compile(r"-?\d+\.\d+\Z")
_VAR: Final = re.compile(r"(.+)\.(\d+)\Z", re.DOTALL)
_CLOSERS: Final = {"(": ")", "[": "]", "{": "}"}
_WORDS: Final[dict[str, object]] = {
    "nil": None,
    "true": True,
    "false": False,
    "##Inf": math.inf,
    "##-Inf": -math.inf,
    "##NaN": math.nan,
}
_NOWHERE: Final = Span(0, 0)


class _Seq:
    """Something in brackets."""

    __slots__ = ("bracket", "items")

    def __init__(self, bracket: str) -> None:
        self.bracket = bracket
        self.items: list[_Item] = []


_Item = str | _Seq


def read_module(text: str) -> Module:
    """Read a module.

    Raises: ValueError, when the text is not what the printer gives.
    """
    item = _read(text)
    if not isinstance(item, _Seq) or item.items[:1] != ["module"]:
        raise ValueError("a module is (module name …)")
    return _Reader().module(item.items[1:])


def read_expr(text: str) -> Expr:
    """Read an expression whose types, if any, are names of one word."""
    return _Reader().expr(_read(text))


def _read(text: str) -> _Item:
    top = _Seq("")
    stack = [top]
    for found in _TOKEN.finditer(text):
        token = found[0]
        if found["bad"]:
            raise ValueError(f"unexpected {token!r} at {found.start()}")
        if token in _CLOSERS:
            stack.append(_Seq(token))
            stack[-2].items.append(stack[-1])
        elif token in ")]}":
            if _CLOSERS.get(stack.pop().bracket) != token:
                raise ValueError(f"unmatched {token!r} at {found.start()}")
        else:
            stack[-1].items.append(token)
    if len(stack) != 1 or len(top.items) != 1:
        raise ValueError("expected one form, complete")
    return top.items[0]


def _seq(item: _Item, bracket: str) -> list[_Item]:
    if not isinstance(item, _Seq) or item.bracket != bracket:
        raise ValueError(f"expected {bracket}, got {item!r}")
    return item.items


def _text(item: _Item) -> str:
    """Read a word, quoted where it has to be."""
    if isinstance(item, _Seq):
        raise ValueError(f"expected a word, got {item.bracket}")
    return str(json.loads(item, strict=False)) if item.startswith('"') else item


def _texts(item: _Item) -> tuple[str, ...]:
    return tuple(_text(part) for part in _seq(item, "["))


def _var(item: _Item) -> Var:
    found = _VAR.match(item) if isinstance(item, str) else None
    if found is None:
        raise ValueError(f"expected a variable, got {item!r}")
    return Var(_text(found[1]), int(found[2]))


def _vars(item: _Item) -> tuple[Var, ...]:
    return tuple(_var(part) for part in _seq(item, "["))


def _atom(token: str) -> object:
    if token in _WORDS:
        return _WORDS[token]
    if token.startswith(":"):
        return Keyword(_text(token[1:]))
    if token.startswith("'"):
        return Symbol(_text(token[1:]))
    if _INTEGER.match(token):
        return parse_int_text(token)
    return float(token) if _FLOAT.match(token) else _text(token)


def _data(item: _Item) -> object:
    if isinstance(item, str):
        return _atom(item)
    if item.bracket == "[":
        return tuple(_data(part) for part in item.items)
    if item.bracket == "{":
        parts = [_data(part) for part in item.items]
        return dict(zip(parts[::2], parts[1::2], strict=True))
    head, *rest = item.items
    if head == "list":
        return List(_data(part) for part in rest)
    return TEXT_KINDS[_text(head)](_text(rest[0]))


class _Reader:
    def __init__(self) -> None:
        self._types: dict[str, Type] = {}

    def module(self, items: list[_Item]) -> Module:
        options = _options(items[1])
        types = _seq(options["types"], "{") if "types" in options else []
        for text, data in zip(types[::2], types[1::2], strict=True):
            self._types[_text(text)] = from_data(_data(data))  # type: ignore[arg-type]
        return Module(
            _text(items[0]),
            self.exprs(items[2:]),
            Interface.from_text(_text(options["interface"])) if "interface" in options else EMPTY,
            int(_text(options["next"])),
            frozenset(_texts(options["constants"])) if "constants" in options else frozenset(),
            "is-module" in options,
        )

    def _type(self, item: _Item) -> Type:
        text = _text(item)
        if text == ":any":
            return ANY
        found = self._types.get(text)
        return found if found is not None else from_data(("prim", 0, 1, text.removeprefix(":")))

    def exprs(self, items: list[_Item]) -> tuple[Expr, ...]:
        return tuple([self.expr(item) for item in items])

    def expr(self, item: _Item) -> Expr:
        if isinstance(item, str):
            return self._atom(item)
        if item.bracket == "[":
            return nodes.Vector(self.exprs(item.items), span=_NOWHERE)
        if item.bracket == "{":
            keys: Any = [_data(part) for part in item.items[::2]]
            return nodes.Map(tuple(keys), self.exprs(item.items[1::2]), span=_NOWHERE)
        head = _text(item.items[0])
        if head.startswith("call"):
            callee, *args = self.exprs(item.items[1:])
            site = int(head.removeprefix("call@")) if "@" in head else None
            return nodes.Call(callee, tuple(args), site, span=_NOWHERE)
        if head not in _FORMS:
            raise ValueError(f"no such form: {head}")
        return _FORMS[head](self, item.items[1:])

    def _atom(self, token: str) -> Expr:
        if token.startswith("$"):
            return nodes.Global(_text(token[1:]), span=_NOWHERE)
        if token.startswith("%"):
            return nodes.BuiltinRef(_text(token[1:]), span=_NOWHERE)
        constant = token in _WORDS or token[0] in ":'" or _INTEGER.match(token) or _FLOAT.match(token)
        if constant or (token[0] == '"' == token[-1]):
            return nodes.Const(_atom(token), span=_NOWHERE)
        return nodes.Local(_var(token), span=_NOWHERE)

    def at(self, items: list[_Item]) -> Expr:
        start, end, item = items
        return replace(self.expr(item), span=Span(int(_text(start)), int(_text(end))))

    def known(self, items: list[_Item]) -> Expr:
        _kind, _effect, item = items
        return self.expr(item)

    def function(self, items: list[_Item]) -> Expr:
        options = _options(items[2]) if len(items) == 4 else {}
        params = list(_seq(items[1], "["))
        rest = None
        if "&" in params:
            rest = _var(params.pop())
            params.pop()
        types = _seq(options["types"], "[") if "types" in options else []
        return nodes.Fn(
            _text(items[0]),
            tuple([_var(param) for param in params]),
            rest,
            self.expr(items[-1]),
            _var(options["self"]) if "self" in options else None,
            _texts(options["names"]) if "names" in options else (),
            tuple([self._type(kind) for kind in types]),
            self._type(options.get("rest-type", ":any")),
            self._type(options.get("returns", ":any")),
            _text(options["doc"]) if "doc" in options else "",
            Hint(*_texts(options["hint"])) if "hint" in options else None,  # type: ignore[arg-type]
            "trusted" in options,
            span=_NOWHERE,
        )

    def protected(self, items: list[_Item]) -> Expr:
        body = self.expr(items[0])
        clauses = {_text(_seq(item, "(")[0]): _seq(item, "(")[1:] for item in items[1:]}
        caught = clauses.get("catch")
        final = clauses.get("finally")
        return nodes.Try(
            body,
            _var(caught[0]) if caught is not None else None,
            self.expr(caught[1]) if caught is not None else None,
            self.expr(final[0]) if final is not None else None,
            span=_NOWHERE,
        )

    def blocks(self, items: list[_Item]) -> Expr:
        blocks = []
        for item in items[1:]:
            _, label, params, body = _seq(item, "(")
            blocks.append(Block(int(_text(label)), _vars(params), self.expr(body)))
        return nodes.Blocks(self.exprs(_seq(items[0], "[")), tuple(blocks), span=_NOWHERE)

    def cast(self, items: list[_Item]) -> nodes.Cast:
        kind, prefix, value = items
        return nodes.Cast(self.expr(value), self._type(kind), _text(prefix), span=_NOWHERE)

    def proven(self, items: list[_Item]) -> Expr:
        return replace(self.cast(items), proven=True)

    def for_each(self, items: list[_Item]) -> Expr:
        mode, var, source, body = items
        return nodes.ForEach(_var(var), self.expr(source), self.expr(body), _text(mode), span=_NOWHERE)

    def fold(self, items: list[_Item]) -> Expr:
        label, var, source, params, args, body, done = items
        return nodes.Fold(
            int(_text(label)),
            _var(var),
            self.expr(source),
            _vars(params),
            self.exprs(_seq(args, "[")),
            self.expr(body),
            self.expr(done),
            span=_NOWHERE,
        )

    def imported(self, items: list[_Item]) -> Expr:
        lists = [
            tuple([(left, right) for left, right in map(_texts, _seq(pairs, "["))]) for pairs in items[1:]
        ]
        return nodes.Import(_text(items[0]), *lists, span=_NOWHERE)

    def nested(self, items: list[_Item]) -> Expr:
        return nodes.DefModule(_Reader().module(_seq(items[0], "(")[1:]), span=_NOWHERE)


def _options(item: _Item) -> dict[str, _Item]:
    parts = _seq(item, "{")
    return {_text(name).removeprefix(":"): value for name, value in zip(parts[::2], parts[1::2], strict=True)}


_FORMS: Final[Mapping[str, Callable[[_Reader, list[_Item]], Expr]]] = MappingProxyType(
    {
        "at": _Reader.at,
        "is": _Reader.known,
        "fn": _Reader.function,
        "try": _Reader.protected,
        "blocks": _Reader.blocks,
        "cast": _Reader.cast,
        "proven": _Reader.proven,
        "for-each": _Reader.for_each,
        "fold": _Reader.fold,
        "import": _Reader.imported,
        "def-module": _Reader.nested,
        "const": lambda r, i: nodes.Const(_data(i[0]), span=_NOWHERE),
        "late": lambda r, i: nodes.Late(_var(i[0]), span=_NOWHERE),
        "op": lambda r, i: nodes.Op(_text(i[0]), r.exprs(i[1:]), span=_NOWHERE),
        "if": lambda r, i: nodes.If(*r.exprs(i), span=_NOWHERE),
        "do": lambda r, i: nodes.Do(r.exprs(i), span=_NOWHERE),
        "let": lambda r, i: nodes.Let(_var(i[0]), *r.exprs(i[1:]), span=_NOWHERE),
        "scope": lambda r, i: nodes.Scope(_vars(i[0]), *r.exprs(i[1:]), span=_NOWHERE),
        "define": lambda r, i: nodes.Define(_var(i[0]), *r.exprs(i[1:]), span=_NOWHERE),
        "def": lambda r, i: nodes.DefGlobal(_text(i[0]), *r.exprs(i[1:]), span=_NOWHERE),
        "raise": lambda r, i: nodes.Raise(r.expr(i[0]), span=_NOWHERE),
        "raise-again": lambda r, i: nodes.Raise(r.expr(i[0]), again=True, span=_NOWHERE),
        "jump": lambda r, i: nodes.Jump(int(_text(i[0])), r.exprs(i[1:]), span=_NOWHERE),
        "parallel": lambda r, i: nodes.Parallel(_texts(i[0]), r.exprs(i[1:]), span=_NOWHERE),
    }
)
