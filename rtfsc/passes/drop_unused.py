"""Drop functions that passes made and nobody calls.

Before: a function's twin all of whose calls went to a twin of its own, or to a copy of its body. After: it is
gone. What the program itself defines stays: anybody may ask for it by name.
    (def "#known f" (fn f [n] {trusted} …)) (def f (fn f [n] …))  =>  (def f (fn f [n] …))
"""

from __future__ import annotations

from collections.abc import Container
from dataclasses import replace
from typing import Final

from rtfsc.ir.census import among, things
from rtfsc.ir.nodes import DefGlobal, Expr, Fn, Global, Module
from rtfsc.ir.walk import with_forms
from rtfsc.options import Options

_NAMES: Final = things(Global)


def run(module: Module, options: Options) -> Module:
    """Drop them in a module and in those nested in it."""
    module = with_forms(module, module.body, lambda inner: run(inner, options))
    made = {
        node.name: node
        for node in module.body
        if isinstance(node, DefGlobal) and isinstance(node.value, Fn) and node.value.trusted
    }
    if made:
        # what only those mention that are dropped themselves is dropped as well
        used: set[str] = set()
        todo: list[Expr] = [node for node in module.body if not _is_made(node, made)]
        while todo:
            for part in among(todo.pop(), _NAMES):
                if isinstance(part, Global) and part.name in made and part.name not in used:
                    used.add(part.name)
                    todo.append(made[part.name])
        dropped = made.keys() - used
        if dropped:
            body = tuple([node for node in module.body if not _is_made(node, dropped)])
            module = replace(module, body=body, constants=module.constants - dropped)
    return module


def _is_made(node: Expr, made: Container[str]) -> bool:
    return isinstance(node, DefGlobal) and node.name in made
