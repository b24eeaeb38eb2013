"""Put one more level of a small recursion into its function.

Before: any IR. After: where a small function that only its module calls calls itself, its body stands, once:
half of the calls are gone.
    (def "#known fib" (fn fib [n] (if (< n 2) n (+ ("#known fib" (- n 1)) …))))
    =>  (fn fib [n] (if (< n 2) n (+ (let n (- n 1) (if (< n 2) n (+ ("#known fib" (- n 1)) …))) …)))

What is put in keeps its places and is in a frame of the same name: errors come from where they came. Calls in
tail position are loops by now; functions with loops are left as they are.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from rtfsc.ir.nodes import Blocks, Call, Const, DefGlobal, Expr, Fn, Fold, ForEach, Global, Let, Local, Module
from rtfsc.ir.walk import descendants, jumps_back, known_functions, map_children, with_forms
from rtfsc.options import Options
from rtfsc.passes.copying import Copier

# what a call saves is little beside what a larger body does
_SMALL: Final = 30
_MOST_CALLS: Final = 3


def run(module: Module, options: Options) -> Module:
    """Rewrite the small recursive functions of a module and of those nested in it."""
    known = known_functions(module)
    copier = Copier(module.next_id)
    forms = [
        replace(node, value=_unrolled(fn, node.name, copier))
        if isinstance(node, DefGlobal)
        and (fn := known.get(node.name)) is not None
        and _is_small(fn, node.name)
        else node
        for node in module.body
    ]
    return with_forms(module, forms, lambda inner: run(inner, options), copier.next_id)


def _is_small(fn: Fn, name: str) -> bool:
    if not fn.trusted or fn.rest is not None or fn.self_var is not None:
        return False
    size = calls = 0
    for part in descendants(fn.body):
        if isinstance(part, (Fn, Fold, ForEach)) or (isinstance(part, Blocks) and jumps_back(part)):
            return False
        size += not isinstance(part, (Const, Local))
        calls += _calls_itself(part, name, len(fn.params))
        if size > _SMALL:
            return False
    return 0 < calls <= _MOST_CALLS


def _calls_itself(node: Expr, name: str, count: int) -> bool:
    match node:
        case Call(callee=Global(name=called), args=args, site=None):
            return called == name and len(args) == count
        case _:
            return False


def _unrolled(fn: Fn, name: str, copier: Copier) -> Fn:
    def go(node: Expr) -> Expr:
        node = map_children(node, go)
        if not isinstance(node, Call) or not _calls_itself(node, name, len(fn.params)):
            return node
        params, made = copier.copy_block(fn.params, fn.body)
        for param, arg in zip(reversed(params), reversed(node.args), strict=True):
            made = Let(param, arg, made, span=made.span)
        return made

    return replace(fn, body=go(fn.body))
