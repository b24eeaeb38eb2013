"""IR as text: stable, readable, and read back by `rtfsc.ir.reader`.

In: a module or an expression. Out: s-expressions. A variable shows as `name.number`, a global as `$name`, a
builtin as `%name`, constants as in RTFS. With `details`, `(at START END expr)` gives spans; with `facts`,
`(is TYPE EFFECT expr)` what inference says of a node. Iterative: a program of any depth can be shown; deep
indentation stops growing.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from typing import Final, TypeAlias, assert_never

from rtfs_runtime.interface import EMPTY
from rtfs_runtime.printer import readable
from rtfs_runtime.types import ANY, Type, print_type, to_data
from rtfs_runtime.values import Keyword, List, Resource, Symbol, Timestamp, Uuid
from rtfsc.ir.nodes import (
    Blocks,
    BuiltinRef,
    Call,
    Cast,
    Const,
    DefGlobal,
    Define,
    DefModule,
    Do,
    Effect,
    Expr,
    Fn,
    Fold,
    ForEach,
    Global,
    If,
    Import,
    Jump,
    Late,
    Let,
    Local,
    Map,
    Module,
    Op,
    Parallel,
    Raise,
    Scope,
    Try,
    Var,
    Vector,
)  # fmt: skip
from rtfsc.ir.walk import fold

WIDTH: Final = 120
_DEEPEST_INDENT: Final = 60
_NOT_BARE: Final = re.compile(r"""[\s()\[\]{}"]""")
_LIKE_ANOTHER_ATOM: Final = re.compile(r"[:$%']|[-+]?\d|##")
TEXT_KINDS: Final[dict[str, type[Timestamp] | type[Uuid] | type[Resource]]] = {
    "timestamp": Timestamp,
    "uuid": Uuid,
    "resource": Resource,
}
_KIND_OF_TEXT: Final = {kind: name for name, kind in TEXT_KINDS.items()}


class _Group:
    """Something in brackets: laid out on one line when it fits, else its parts below one another."""

    __slots__ = ("closer", "opener", "parts", "width")

    def __init__(self, opener: str, parts: list[_Doc], closer: str) -> None:
        self.opener = opener
        self.parts = parts
        self.closer = closer
        self.width: int = (
            1 + len(parts) + sum([part.width if isinstance(part, _Group) else len(part) for part in parts])
        )


_Doc: TypeAlias = str | _Group
Facts: TypeAlias = Callable[[Expr], "tuple[Type, Effect] | None"]
"""What is said of a node; None for nothing."""


def _nothing(_node: Expr) -> None:
    return None


def print_module(module: Module, *, details: bool = False, facts: Facts = _nothing) -> str:
    """Print a module; with `details`, reading gives an equal one."""
    return _layout(_Writer(details=details, facts=facts).module(module)) + "\n"


def print_expr(node: Expr, *, details: bool = False) -> str:
    """Print an expression."""
    return _layout(_Writer(details=details).expr(node))


def _parens(*parts: _Doc) -> _Group:
    return _Group("(", list(parts), ")")


def _brackets(parts: Iterable[_Doc]) -> _Group:
    return _Group("[", list(parts), "]")


def _braces(parts: Iterable[_Doc]) -> _Group:
    return _Group("{", list(parts), "}")


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _word(name: str) -> str:
    return _quoted(name) if not name or _NOT_BARE.search(name) else name


def _var(var: Var) -> str:
    name = var.name
    return f"{_quoted(name) if _LIKE_ANOTHER_ATOM.match(name) else _word(name)}.{var.id}"


def _params(params: tuple[Var, ...], rest: Var | None = None) -> _Group:
    texts = [_var(var) for var in params]
    return _brackets(texts if rest is None else [*texts, "&", _var(rest)])


def _atom(value: object) -> str:
    if isinstance(value, Keyword):
        return f":{_word(value.text)}"
    if isinstance(value, Symbol):
        return f"'{_word(value.text)}"
    return _quoted(value) if isinstance(value, str) else readable(value)


def _data(value: object) -> _Doc:
    """Lay out a constant; iterative, as quoted data is as deep as its author likes."""
    opened = _open_data(value)
    if not isinstance(opened, tuple):
        return opened
    stack = [opened]
    while True:
        group, items = stack[-1]
        for item in items:
            opened = _open_data(item)
            if isinstance(opened, tuple):
                stack.append(opened)
                break
            group.parts.append(opened)
        else:
            stack.pop()
            done = _Group(group.opener, group.parts, group.closer)
            if not stack:
                return done
            stack[-1][0].parts.append(done)


def _open_data(value: object) -> _Doc | tuple[_Group, Iterator[object]]:
    if isinstance(value, tuple):
        return _brackets(()), iter(value)
    if isinstance(value, List):
        return _parens("list"), iter(value)
    if isinstance(value, dict):
        return _braces(()), chain.from_iterable(value.items())
    if isinstance(value, (Timestamp, Uuid, Resource)):
        return _parens(_KIND_OF_TEXT[type(value)], _quoted(value.text))
    return _atom(value)


class _Writer:
    def __init__(self, *, details: bool, facts: Facts = _nothing) -> None:
        self._details = details
        self._facts = facts
        # how the module's types are named in its text: two types may print alike, so the text alone
        # does not say which
        self._types: dict[Type, str] = {}
        self._texts: set[str] = set()

    def module(self, module: Module) -> _Group:
        body = [self.expr(node) for node in module.body]
        options: list[_Doc] = [f":next {module.next_id}"]
        if module.is_module:
            options.append(":is-module true")
        if module.constants:
            options.append(
                _labelled(":constants", _brackets(_word(name) for name in sorted(module.constants)))
            )
        if module.interface != EMPTY:
            options.append(f":interface {_quoted(module.interface.to_text())}")
        if self._types:
            entries = ((text, _data(to_data(kind))) for kind, text in self._types.items())
            options.append(_labelled(":types", _braces(chain.from_iterable(entries))))
        return _parens("module", _word(module.name), _braces(options), *body)

    def expr(self, node: Expr) -> _Doc:
        return fold(node, self._node)

    def _type(self, kind: Type) -> str:
        text = self._types.get(kind)
        if text is None:
            plain = text = _quoted(print_type(kind))
            count = 1
            while text in self._texts:
                count += 1
                text = f'{plain[:-1]}#{count}"'
            self._types[kind] = text
            self._texts.add(text)
        return text

    def _node(self, node: Expr, below: list[_Doc]) -> _Doc:
        shown = self._shape(node, below)
        known = self._facts(node)
        if known is not None:
            shown = _parens("is", self._type(known[0]), str(int(known[1])), shown)
        if not self._details:
            return shown
        return _parens("at", str(node.span.start), str(node.span.end), shown)

    def _shape(self, node: Expr, below: list[_Doc]) -> _Doc:
        match node:
            case Local(var=var):
                return _var(var)
            case Const(value=value):
                shown = _data(value)
                return shown if isinstance(shown, str) else _parens("const", shown)
            case Global(name=name):
                return f"${_word(name)}"
            case BuiltinRef(name=name):
                return f"%{_word(name)}"
            case Late(var=var):
                return _parens("late", _var(var))
            case Call(site=site):
                return _parens("call" if site is None else f"call@{site}", *below)
            case Op(name=name):
                return _parens("op", _word(name), *below)
            case If():
                return _parens("if", *below)
            case Do():
                return _parens("do", *below)
            case Vector():
                return _brackets(below)
            case Map(keys=keys):
                pairs = zip((_atom(key) for key in keys), below, strict=True)
                return _braces(chain.from_iterable(pairs))
            case Fn():
                return self._function(node, below[0])
            case _:
                return self._other(node, below)

    def _other(
        self,
        node: Let
        | Scope
        | Define
        | DefGlobal
        | Cast
        | Try
        | Raise
        | Blocks
        | Jump
        | ForEach
        | Fold
        | Parallel
        | Import
        | DefModule,
        below: list[_Doc],
    ) -> _Doc:
        match node:
            case Let(var=var):
                return _parens("let", _var(var), *below)
            case Scope(vars=variables):
                return _parens("scope", _params(variables), *below)
            case Define(var=var):
                return _parens("define", _var(var), *below)
            case DefGlobal(name=name):
                return _parens("def", _word(name), *below)
            case Cast(want=want, prefix=prefix, proven=proven):
                return _parens("proven" if proven else "cast", self._type(want), _quoted(prefix), *below)
            case Try(var=var, handler=handler, final=final):
                parts = [below[0]]
                if var is not None and handler is not None:
                    parts.append(_parens("catch", _var(var), below[1]))
                if final is not None:
                    parts.append(_parens("finally", below[-1]))
                return _parens("try", *parts)
            case Raise(again=again):
                return _parens("raise-again" if again else "raise", *below)
            case Blocks(args=args, blocks=blocks):
                bodies = zip(blocks, below[len(args) :], strict=True)
                shown = (_parens("block", str(b.label), _params(b.params), body) for b, body in bodies)
                return _parens("blocks", _brackets(below[: len(args)]), *shown)
            case Jump(label=label):
                return _parens("jump", str(label), *below)
            case ForEach(var=var, mode=mode):
                return _parens("for-each", mode, _var(var), *below)
            case Fold(label=label, var=var, params=params):
                count = len(params)
                head = (str(label), _var(var), below[count], _params(params), _brackets(below[:count]))
                return _parens("fold", *head, *below[count + 1 :])
            case Parallel(names=names):
                return _parens("parallel", _brackets(_word(name) for name in names), *below)
            case Import(module=name):
                lists = (node.bindings, node.results, node.values)
                tables = [_brackets(_brackets(map(_word, pair)) for pair in pairs) for pairs in lists]
                return _parens("import", _word(name), *tables)
            case DefModule(module=module):
                return _parens("def-module", _Writer(details=self._details, facts=self._facts).module(module))
            case _:
                assert_never(node)

    def _function(self, fn: Fn, body: _Doc) -> _Doc:
        options: list[_Doc] = []
        if fn.self_var is not None:
            options.append(f":self {_var(fn.self_var)}")
        if fn.param_names:
            options.append(_labelled(":names", _brackets(_quoted(name) for name in fn.param_names)))
        if fn.param_types:
            options.append(_labelled(":types", _brackets(self._type(kind) for kind in fn.param_types)))
        if fn.rest_type is not ANY:
            options.append(f":rest-type {self._type(fn.rest_type)}")
        if fn.return_type is not ANY:
            options.append(f":returns {self._type(fn.return_type)}")
        if fn.trusted:
            options.append(":trusted true")
        if fn.doc:
            options.append(f":doc {_quoted(fn.doc)}")
        if fn.hint is not None:
            options.append(
                _labelled(":hint", _brackets(_quoted(text) for text in fn.hint if text is not None))
            )
        shown: list[_Doc] = [_braces(options)] if options else []
        return _parens("fn", _word(fn.name), _params(fn.params, fn.rest), *shown, body)


def _labelled(label: str, group: _Group) -> _Group:
    """Put a label before a group: both stay together when parts go below one another."""
    return _Group(f"{label} {group.opener}", group.parts, group.closer)


def _layout(doc: _Doc) -> str:
    """Write a layout as text: first parts stay on the line of the opening bracket, the rest goes below."""
    out: list[str] = []
    # (document, its indentation, what follows it)
    todo: list[tuple[_Doc, int, str]] = [(doc, 0, "")]
    while todo:
        item, indent, after = todo.pop()
        if isinstance(item, str):
            out.append(item + after)
        elif item.width + len(item.opener) + indent + len(after) <= WIDTH:
            _write_flat(item, out.append)
            out.append(after)
        else:
            _open_group(item, indent, after, out, todo)
    return "".join(out)


def _open_group(
    group: _Group, indent: int, after: str, out: list[str], todo: list[tuple[_Doc, int, str]]
) -> None:
    out.append(group.opener)
    inner = min(indent + 2, _DEEPEST_INDENT)
    parts = group.parts
    first = next((at for at, part in enumerate(parts) if at and isinstance(part, _Group)), len(parts))
    below: list[tuple[_Doc, int, str]] = [
        (" ".join([part for part in parts[:first] if isinstance(part, str)]), inner, "")
    ]
    if parts and isinstance(parts[0], _Group):
        below = [(parts[0], inner, "")]
        first = 1
    for part in parts[first:]:
        below.append(("\n" + " " * inner, inner, ""))
        below.append((part, inner, ""))
    below.append((group.closer + after, inner, ""))
    todo.extend(reversed(below))


def _write_flat(group: _Group, write: Callable[[str], object]) -> None:
    todo: list[_Doc] = [group]
    while todo:
        item = todo.pop()
        if isinstance(item, str):
            write(item)
            continue
        todo.append(item.closer)
        for at in range(len(item.parts) - 1, -1, -1):
            todo.append(item.parts[at])
            if at:
                todo.append(" ")
        todo.append(item.opener)
