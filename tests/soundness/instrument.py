"""Programs that check what inference says of them while they run.

In: a lowered module and its types. Out: the module with calls of `#claim` around everything that something is
said of, and in `Claims` what did not come true: a value outside its type, an error where none may be, code
that is reached though types rule it out, a proven check that fails, a warning about what works.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest

from rtfs_runtime.errors import LimitExceeded, RtfsError
from rtfs_runtime.session import Session
from rtfs_runtime.types import ANY, compile_check, print_type
from rtfsc.check.findings import located
from rtfsc.check.infer import Types, infer
from rtfsc.driver import Compilation
from rtfsc.ir.nodes import (
    Blocks,
    BuiltinRef,
    Call,
    Cast,
    Const,
    DefGlobal,
    Define,
    Do,
    Effect,
    Expr,
    Fn,
    ForEach,
    If,
    Import,
    Jump,
    Let,
    Local,
    Module,
    Op,
    Raise,
    Scope,
    Try,
)
from rtfsc.ir.printer import print_expr
from rtfsc.ir.verify import verify
from rtfsc.ir.walk import Fresh, descendants, map_children
from tests.unit.check.values import holds

_CERTAIN = frozenset({"W101", "W102", "W103", "W107", "W004"})
_PLAIN = (Const, BuiltinRef, Jump, Import)


class Claims:
    """What was claimed, by number, and which claims were broken."""

    def __init__(self) -> None:
        self.nodes: list[tuple[Expr, object]] = []
        self.made = 0
        self.broken: list[str] = []

    def number(self, node: Expr, claim: object) -> int:
        """Enter a claim about a node."""
        self.nodes.append((node, claim))
        return len(self.nodes) - 1

    def value(self, number: int, value: object) -> object:
        """Take the value of a node whose type is known, or of one that should not have one."""
        node, claim = self.nodes[number]
        self.made += 1
        if isinstance(claim, str):
            self._break(node, claim)
        elif not holds(value, claim):  # type: ignore[arg-type]
            self._break(node, f"is no {print_type(claim)}")  # type: ignore[arg-type]
        return value

    def passes(self, number: int, value: object) -> object:
        """Take a value whose check is proven."""
        node, _ = self.nodes[number]
        self.made += 1
        if isinstance(node, Cast) and compile_check(node.want)(value) is not None:
            self._break(node, "the check fails")
        return value

    def failure(self, number: int, error: object) -> None:
        """Take the error of a node that may not fail."""
        limits = isinstance(error, LimitExceeded) or (
            isinstance(error, RtfsError) and error.kind == "StackOverflow"
        )
        if not limits:
            self._break(self.nodes[number][0], f"fails: {error}")

    def _break(self, node: Expr, what: str) -> None:
        self.broken.append(f"{print_expr(node)[:300]}: {what}")


class _Instrument:
    def __init__(self, module: Module, types: Types, claims: Claims, flagged: set[int]) -> None:
        self._types = types
        self._claims = claims
        self._flagged = flagged
        self.fresh = Fresh(module.next_id)

    def visit(self, node: Expr, *, tail: bool = False) -> Expr:
        """Instrument a node; nothing is put around calls in tail position, which would no longer be."""
        made = self._below(node, tail=tail)
        if id(node) in self._flagged:
            return self._claim("value", node, "works though there is a warning", made)
        if tail or isinstance(node, (*_PLAIN, Define, DefGlobal)):
            return made
        return self._around(node, made)

    def _below(self, node: Expr, *, tail: bool) -> Expr:
        match node:
            case If(test=test, then=then, orelse=orelse):
                branches = {"then": self.visit(then, tail=tail), "orelse": self.visit(orelse, tail=tail)}
                return replace(node, test=self.visit(test), **branches)
            case Do(items=items):
                last = self.visit(items[-1], tail=tail)
                return replace(node, items=(*map(self.visit, items[:-1]), last))
            case Let(init=init, body=body):
                return replace(node, init=self.visit(init), body=self.visit(body, tail=tail))
            case Scope(body=body):
                return replace(node, body=self.visit(body, tail=tail))
            case Blocks(args=args, blocks=blocks):
                inner = tuple(replace(block, body=self.visit(block.body, tail=True)) for block in blocks)
                return replace(node, args=tuple(map(self.visit, args)), blocks=inner)
            case Fn(body=body):
                return replace(node, body=self.visit(body, tail=True))
            case Call(callee=callee, args=args):
                # who is called must stay visible; a function literal is one too
                seen = self._below(callee, tail=False) if isinstance(callee, (Fn, Call)) else callee
                return replace(node, callee=seen, args=tuple(map(self._operand, args)))
            case Op(args=args):
                return replace(node, args=tuple(map(self._operand, args)))
            case Define(value=Fn() as value) | DefGlobal(value=Fn() as value):
                return replace(node, value=self._below(value, tail=False))
            case ForEach(items=items, body=body):
                return replace(node, items=self._below(items, tail=False), body=self.visit(body))
            case _:
                return map_children(node, self.visit)

    def _operand(self, node: Expr) -> Expr:
        plain = isinstance(node, (Const, Local, Fn))
        return self._below(node, tail=False) if plain else self.visit(node)

    def _around(self, node: Expr, made: Expr) -> Expr:
        types = self._types
        if not types.is_reached(node):
            plain = isinstance(node, (Local, Fn)) or _jumps_out(node)
            return made if plain else self._claim("value", node, "is reached", made)
        if isinstance(node, Cast) and types.proves(node):
            assert isinstance(made, Cast)
            made = replace(made, value=self._claim("passes", node, None, made.value))
        kind = types.of(node)
        if kind is not ANY:
            made = self._claim("value", node, kind, made)
        fallible = isinstance(node, (Call, Op, Cast, If, Let)) and not _jumps_out(node)
        if fallible and not types.effect(node) & Effect.FAILS:
            error = self.fresh.var("error")
            seen, same = (Local(error, span=node.span) for _ in range(2))
            told = self._claim("failure", node, None, seen)
            again = Raise(same, again=True, span=node.span)
            made = Try(made, error, Do((told, again), span=node.span), None, span=node.span)
        return made

    def _claim(self, name: str, node: Expr, claim: object, value: Expr) -> Expr:
        number = Const(self._claims.number(node, claim), span=node.span)
        return Op(f"claim_{name}", (number, value), span=node.span)


def _jumps_out(node: Expr) -> bool:
    below = list(descendants(node))
    own = {block.label for part in below if isinstance(part, Blocks) for block in part.blocks}
    return any(isinstance(part, Jump) and part.label not in own for part in below)


@contextmanager
def instrumented(monkeypatch: pytest.MonkeyPatch) -> Iterator[Claims]:
    """Let everything that is compiled and run check what inference says of it."""
    claims = Claims()

    def checked(self: Compilation, module: Module) -> Module:
        types = infer(module, self.interfaces)
        flagged = {id(node) for node, one in located(types, self.source) if one.code in _CERTAIN}
        instrument = _Instrument(module, types, claims, flagged)
        body = tuple([instrument.visit(node) for node in module.body])
        made = replace(module, body=body, next_id=instrument.fresh.next_id)
        verify(made, "instrument")
        return made

    init = Session.__init__

    def start(self: Session, *args: object, **named: object) -> None:
        init(self, *args, **named)  # type: ignore[arg-type]
        for name in ("value", "passes", "failure"):
            self.namespace[f"#claim_{name}"] = getattr(claims, name)

    with monkeypatch.context() as patch:
        patch.setattr(Compilation, "checked", checked)
        patch.setattr(Session, "__init__", start)
        yield claims
