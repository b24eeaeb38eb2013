"""Programs as inference sees them: what tests of `rtfsc.check` start from.

In: text. Out: a lowered module and its types.
"""

from __future__ import annotations

from typing import NamedTuple

from rtfs_runtime.modulestore import Request
from rtfs_runtime.types import Type, print_type
from rtfsc.check.infer import Types
from rtfsc.driver import Compilation, make_env
from rtfsc.ir.nodes import DefGlobal, Effect, Expr, Fn, Module
from rtfsc.ir.walk import descendants
from rtfsc.options import DEFAULT, Options
from rtfsc.source import SourceFile


class Inferred(NamedTuple):
    """A module and what is known of it."""

    module: Module
    types: Types

    def function(self, name: str) -> Fn:
        """Find a global function."""
        for node in self.module.body:
            if isinstance(node, DefGlobal) and node.name == name and isinstance(node.value, Fn):
                return node.value
        raise AssertionError(name)

    def nodes(self) -> list[Expr]:
        """List all nodes."""
        return [part for node in self.module.body for part in descendants(node)]


def inferred(text: str, options: Options = DEFAULT) -> Inferred:
    """Lower a program and infer its types."""
    source = SourceFile("p.rtfs", text)
    request = Request(text.encode(), "p.rtfs", "p.rtfs", False)
    compilation = Compilation(request, source, options, make_env((), options))

    def job() -> Inferred:
        module = compilation.lowered(compilation.forms())
        return Inferred(module, compilation.inferred(module))

    return compilation.guarded(job)


def last(text: str) -> tuple[str, Effect]:
    """Give the type, as text, and the effect of the last form."""
    module, types = inferred(text)
    node = module.body[-1]
    return print_type(types.of(node)), types.effect(node)


def result(text: str, name: str = "f") -> Type:
    """Give the result type of a function."""
    found = inferred(text)
    return found.types.result_of(found.function(name))
