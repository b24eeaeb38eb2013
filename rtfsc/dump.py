"""Shows what a stage gives, as text.

In: a source and the name of a stage. Out: text; IR and forms in the syntax that their readers take back.
Stages: see `stages`.
"""

from __future__ import annotations

import dis
import io
from collections.abc import Callable
from functools import partial
from types import CodeType, MappingProxyType
from typing import Final

from rtfs_runtime.artifact import Artifact
from rtfs_runtime.modulestore import Request
from rtfs_runtime.types import Type
from rtfsc.driver import Compilation, make_env
from rtfsc.ir.nodes import (
    BuiltinRef,
    Const,
    DefGlobal,
    Define,
    Do,
    Effect,
    Expr,
    Fn,
    Global,
    Jump,
    Late,
    Let,
    Local,
    Module,
    Raise,
    Scope,
)
from rtfsc.ir.printer import print_module
from rtfsc.options import DEFAULT, Options
from rtfsc.passes.pipeline import PIPELINE
from rtfsc.source import SourceFile
from rtfsc.syntax.forms import Form
from rtfsc.syntax.lexer import FormLexer
from rtfsc.syntax.printer import print_form
from rtfsc.units import Env


def dump(source: SourceFile, stage: str, options: Options = DEFAULT, env: Env | None = None) -> str:
    """Show a stage of a program; a name of `stages`.

    Raises: CompileError; KeyError for a stage that is none.
    """
    data = source.text.encode("utf-8", "surrogatepass")
    request = Request(data, source.name.rpartition("/")[2], source.name, False)
    compilation = Compilation(request, source, options, env or make_env((), options))
    show = _SHOWS.get(stage) or _show_pass(stage)
    return compilation.guarded(lambda: show(compilation))


def stages() -> tuple[str, ...]:
    """Name the stages, in order."""
    before = list(_SHOWS)
    at = before.index("bytecode")
    return (*before[:at], *(row.name for row in PIPELINE), *before[at:])


def _tokens(compilation: Compilation) -> str:
    lines = []
    for token in FormLexer([]).tokenize(compilation.source.text):
        lines.append(f"{token.index} {token.type} {compilation.source.text[token.index : token.end]!r}\n")
    return "".join(lines)


def _forms(compilation: Compilation) -> str:
    return "".join(print_form(form) + "\n" for form in compilation.forms())


def _expand(compilation: Compilation) -> str:
    """Show each expansion of a macro call, in the order they are made."""
    shown: list[str] = []

    def show(call: Form, made: Form) -> None:
        shown.append(f"{print_form(call)}\n=> {print_form(made)}\n")

    compilation.watch_expansions(show)
    compilation.lowered(compilation.forms())
    return "\n".join(shown)


def _lower(compilation: Compilation) -> str:
    return print_module(compilation.lowered(compilation.forms()))


_PLAIN: Final = (Const, Local, Late, BuiltinRef, Global, Fn, Let, Do, Scope, Define, DefGlobal, Jump, Raise)
"""Nodes that say nothing, or what a part of theirs says."""


def _check(compilation: Compilation) -> str:
    module = compilation.lowered(compilation.forms())
    types = compilation.inferred(module)

    def facts(node: Expr) -> tuple[Type, Effect] | None:
        return None if isinstance(node, _PLAIN) else (types.of(node), types.effect(node))

    return print_module(module, facts=facts)


def _checked(compilation: Compilation) -> Module:
    return compilation.checked(compilation.lowered(compilation.forms()))


def _show_pass(name: str) -> Callable[[Compilation], str]:
    if all(row.name != name for row in PIPELINE):
        raise KeyError(name)
    return partial(_after, name)


def _after(name: str, compilation: Compilation) -> str:
    return print_module(compilation.optimized(_checked(compilation), name))


def _artifact_of(compilation: Compilation) -> Artifact:
    return compilation.artifact(compilation.optimized(_checked(compilation)))


def _bytecode(compilation: Compilation) -> str:
    out = io.StringIO()
    todo = [_artifact_of(compilation).code(compilation.source.name)]
    while todo:
        code = todo.pop()
        out.write(f"{code.co_qualname}, line {code.co_firstlineno}\n")
        # `dis` prints the addresses of nested code objects, which differ from run to run
        for instruction in dis.get_instructions(code):
            shown = "<code>" if isinstance(instruction.argval, CodeType) else instruction.argrepr
            line = instruction.positions.lineno if instruction.positions else None
            out.write(
                f"  {line or '':>4} {instruction.offset:>4} {instruction.opname} {shown}".rstrip() + "\n"
            )
        todo += reversed([const for const in code.co_consts if isinstance(const, CodeType)])
    return out.getvalue()


def _artifact(compilation: Compilation) -> str:
    artifact = _artifact_of(compilation)
    stamp, meta = artifact.stamp, artifact.meta
    rows = {
        "kind": meta.kind,
        "module": meta.module,
        "file": meta.filename,
        "format": stamp.format,
        "abi": stamp.abi,
        "python": stamp.tag,
        "key": artifact.key.hex(),
        "address": artifact.address().hex(),
        "bytes": len(artifact.encode()),
        "imports": " ".join(f"{one.module}@{one.interface_digest.hex()}" for one in meta.dependencies),
        "interface": artifact.interface.to_text(),
    }
    return "".join(f"{name}: {value}\n" for name, value in rows.items())


_SHOWS: Final = MappingProxyType(
    {
        "tokens": _tokens,
        "forms": _forms,
        "expand": _expand,
        "lower": _lower,
        "check": _check,
        "bytecode": _bytecode,
        "artifact": _artifact,
    }
)
