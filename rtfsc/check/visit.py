"""How inference visits each class of node, calls and functions excepted.

In: a walk and a node. Out: the type of the node; effects gather in the walk. A branch that types rule out is
not visited.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final, cast

from rtfs_runtime.types import ANY, ERROR, FN, NEVER, NIL, MapKey, Type, from_data
from rtfs_runtime.values import Keyword
from rtfsc.check import calls, facts
from rtfsc.check.lattice import (
    element,
    falsy,
    join,
    list_of,
    meet,
    record,
    truthy,
    tuple_of,
    vector_of,
)
from rtfsc.check.operations import of_operation
from rtfsc.check.relations import fits, strict
from rtfsc.check.tables import FAILS, LOOPS, UNKNOWN, WRITES, constant
from rtfsc.check.walk import Visit, Walk
from rtfsc.ir import nodes
from rtfsc.ir.nodes import Block, Blocks, Call, Cast, Const, Expr, Late, Let, Local, Op, Raise, Var


def _const(walk: Walk, node: Const) -> Type:
    return constant(node.value)


def _local(walk: Walk, node: Local) -> Type:
    return walk.read(node)


def _late(walk: Walk, node: Late) -> Type:
    walk.effect |= FAILS
    return walk.tables.variables.get(node.var.id, ANY)


def _global(walk: Walk, node: nodes.Global) -> Type:
    kind, effect = walk.outer.value(node.name, walk.index)
    walk.effect |= effect
    return kind


def _builtin(walk: Walk, node: nodes.BuiltinRef) -> Type:
    return FN


def _let(walk: Walk, node: Let) -> Type:
    var, init, body = node.var, node.init, node.body
    walk.bind(var, walk.visit(init))
    match init:
        case Local(var=other):
            walk.same[var.id] = walk.same.get(other.id, other.id)
        case Cast(want=want):
            walk.wants[var.id] = want
        case Op(name="check_items", args=args):
            _items_checked(walk, args)
        case Call() | Op() | nodes.If() | Let():
            walk.tests[var.id] = init
        case _:
            pass
    if isinstance(body, Blocks) and not body.args:
        _expect_match(walk, node, body.blocks[-1])
    return walk.visit(body)


def _items_checked(walk: Walk, args: tuple[Expr, ...]) -> None:
    items, data = args
    if isinstance(items, Local) and isinstance(data, Const):
        want = strict(from_data(cast(Any, data.value)))
        walk.note(items, meet(walk.read(items), list_of(want)))


def _expect_match(walk: Walk, node: Let, last: Block) -> None:
    match last.body:
        case Raise(value=Op(name="match_failure")):
            walk.blocks.subjects[last.label] = (Local(node.var, span=node.span), id(node))
            walk.tables.sites[id(node)] = node
            want = _passed(walk, node.init)
            if want is not None:
                walk.tables.declared[id(node)] = want


def _if(walk: Walk, node: nodes.If) -> Type:
    tested = walk.visit(node.test)
    then = _branch(walk, node, tested, truth=True)
    return join(then, _branch(walk, node, tested, truth=False))


def _branch(walk: Walk, node: nodes.If, tested: Type, *, truth: bool) -> Type:
    if (truthy(tested) if truth else falsy(tested)) is NEVER:
        return NEVER
    known = walk.narrowed
    walk.narrowed = dict(known)
    walk.dead = False
    facts.assume(walk, node.test, truth=truth)
    dead, walk.dead = walk.dead, False
    kind = NEVER if dead else walk.visit(node.then if truth else node.orelse)
    walk.narrowed = known
    return kind


def _do(walk: Walk, node: nodes.Do) -> Type:
    types = walk.visit_all(node.items)
    return NEVER if NEVER in types else types[-1]


# containers


def _vector(walk: Walk, node: nodes.Vector) -> Type:
    types = walk.visit_all(node.items)
    return NEVER if NEVER in types else tuple_of(types)


def _map(walk: Walk, node: nodes.Map) -> Type:
    return _record(cast("tuple[MapKey, ...]", node.keys), walk.visit_all(node.values))


def _record(keys: tuple[MapKey, ...], types: list[Type]) -> Type:
    if NEVER in types:
        return NEVER
    return record([(key, kind, False) for key, kind in zip(keys, types, strict=True)], NEVER)


def _parallel(walk: Walk, node: nodes.Parallel) -> Type:
    # branches may run at the same time: what one finds out holds for none of the others
    types = [walk.aside(branch) for branch in node.branches]
    if node.names:
        return _record(tuple(map(Keyword, node.names)), types)
    return NEVER if NEVER in types else tuple_of(types)


def _for_each(walk: Walk, node: nodes.ForEach) -> Type:
    items = walk.visit(node.items)
    if items is NEVER:
        return NEVER
    item = element(items)
    gathers = node.mode in ("collect", "flatten")
    if item is NEVER:
        return vector_of(NEVER) if gathers else NIL
    walk.bind(node.var, item)
    kind = walk.aside(node.body)
    if gathers:
        return vector_of(kind if node.mode == "collect" or kind is ANY else element(kind))
    return join(kind, NIL) if node.mode == "last" else NIL


def _fold(walk: Walk, node: nodes.Fold) -> Type:
    types = walk.visit_all(node.args)
    items = walk.visit(node.items)
    labels = walk.blocks
    labels.params[node.label] = node.params
    labels.entered.add(node.label)
    labels.heads.add(node.label)
    if not walk.exact:
        types = [ANY for _ in types]
    _pass(walk, node.params, types)
    item = element(items)
    kind: Type = NEVER
    if item is not NEVER:
        walk.bind(node.var, item)
        kind = walk.aside(node.body)
    return NEVER if items is NEVER else join(kind, walk.aside(node.done))


# checks and errors


def _cast(walk: Walk, node: Cast) -> Type:
    kind = walk.visit(node.value)
    tables = walk.tables
    sure = fits(kind, node.want) or _passed(walk, node.value) is node.want
    tables.proven[id(node)] = tables.proven.get(id(node), True) and sure
    tables.sites[id(node)] = node
    if sure:
        return kind
    walk.effect |= FAILS
    return meet(kind, strict(node.want))


def _passed(walk: Walk, node: Expr) -> Type | None:
    """Give the annotation that a value has passed already."""
    match node:
        case Local(var=var):
            return walk.wants.get(walk.same.get(var.id, var.id))
        case Cast(want=want):
            return want
        case Call(callee=nodes.Global(name=name), site=None):
            return walk.outer.returns(name)
        case Let(body=body) | nodes.Scope(body=body):
            return _passed(walk, body)
        case nodes.Do(items=items):
            return _passed(walk, items[-1])
        case nodes.If(then=then, orelse=orelse):
            found = _passed(walk, then)
            return found if found is not None and _passed(walk, orelse) is found else None
        case _:
            return None


def _try(walk: Walk, node: nodes.Try) -> Type:
    kind = walk.aside(node.body)
    if node.var is not None and node.handler is not None:
        walk.bind(node.var, ERROR)
        kind = join(kind, walk.aside(node.handler))
    if node.final is not None and walk.aside(node.final) is NEVER:
        return NEVER
    return kind


def _raise(walk: Walk, node: Raise) -> Type:
    walk.visit(node.value)
    walk.effect |= FAILS
    return NEVER


# blocks


def _blocks(walk: Walk, node: Blocks) -> Type:
    types = walk.visit_all(node.args)
    labels = walk.blocks
    for block in node.blocks:
        labels.params[block.label] = block.params
        labels.entered.discard(block.label)
        labels.arriving.pop(block.label, None)
        if not walk.exact:
            walk.tables.variables.update(dict.fromkeys([var.id for var in block.params], ANY))
    _pass(walk, node.blocks[0].params, types)
    known = walk.narrowed
    kind: Type = NEVER
    for at, block in enumerate(node.blocks):
        kind = join(kind, _block(walk, block, known, is_first=at == 0))
    walk.narrowed = known
    return kind


def _block(walk: Walk, block: Block, known: dict[int, Type], *, is_first: bool) -> Type:
    labels, label = walk.blocks, block.label
    arriving = labels.arriving.get(label)
    labels.entered.add(label)
    if is_first or label in labels.heads or not walk.exact:
        arriving = known
    elif arriving is None:
        # nobody jumps here but perhaps a block that is still to come: that makes it a head
        return NEVER
    walk.narrowed = dict(arriving)
    for param in block.params:
        walk.narrowed.pop(param.id, None)
    subject = labels.subjects.get(label)
    if subject is not None:
        leftovers = walk.tables.leftovers
        leftovers[subject[1]] = join(leftovers.get(subject[1], NEVER), walk.read(subject[0]))
    return walk.visit(block.body)


def _pass(walk: Walk, params: tuple[Var, ...], types: list[Type]) -> bool:
    """Give parameters their arguments; tell whether one grew."""
    variables = walk.tables.variables
    grown = False
    for param, kind in zip(params, types, strict=True):
        old = variables.get(param.id, NEVER)
        new = join(old, kind)
        if new is not old:
            variables[param.id] = new
            grown = True
    return grown


def _jump(walk: Walk, node: nodes.Jump) -> Type:
    types = walk.visit_all(node.args)
    if NEVER in types:
        return NEVER
    labels, label = walk.blocks, node.label
    grown = _pass(walk, labels.params[label], types)
    if label not in labels.entered:
        labels.arrive(label, walk.narrowed)
        return NEVER
    walk.effect |= LOOPS
    if grown or label not in labels.heads:
        labels.heads.add(label)
        walk.grew()
    return NEVER


# definitions


def _scope(walk: Walk, node: nodes.Scope) -> Type:
    walk.settable.update([var.id for var in node.vars])
    if not walk.exact:
        walk.tables.variables.update(dict.fromkeys([var.id for var in node.vars], ANY))
    if walk.scopes == 0 and id(node) not in walk.scanned:
        walk.scanned.add(id(node))
        calls.find_functions(walk, node)
    walk.scopes += 1
    kind = walk.visit(node.body)
    walk.scopes -= 1
    return kind


def _define(walk: Walk, node: nodes.Define) -> Type:
    own = walk.functions.get(node.var.id)
    if own is not None and own.fn is node.value:
        kind = calls.define_function(walk, own)
    else:
        kind = walk.visit(node.value)
    if walk.bind(node.var, kind):
        # a function before this definition may have been taken to see less
        walk.grew()
    return kind


def _def_global(walk: Walk, node: nodes.DefGlobal) -> Type:
    kind = walk.visit(node.value)
    walk.effect |= WRITES
    return kind


def _outside(walk: Walk, node: Expr) -> Type:
    walk.effect = UNKNOWN
    return ANY


def _op(walk: Walk, node: Op) -> Type:
    kind, effect = of_operation(node.name, walk.visit_all(node.args), node.args)
    walk.effect |= int(effect)
    walk.tables.sites[id(node)] = node
    return kind


VISITS: Final[Mapping[type, Visit]] = MappingProxyType(
    {
        nodes.Const: _const,
        nodes.Local: _local,
        nodes.Late: _late,
        nodes.Global: _global,
        nodes.BuiltinRef: _builtin,
        nodes.Let: _let,
        nodes.Scope: _scope,
        nodes.Define: _define,
        nodes.DefGlobal: _def_global,
        nodes.If: _if,
        nodes.Do: _do,
        nodes.Fn: calls.visit_function,
        nodes.Call: calls.visit_call,
        nodes.Op: _op,
        nodes.Vector: _vector,
        nodes.Map: _map,
        nodes.Cast: _cast,
        nodes.Try: _try,
        nodes.Raise: _raise,
        nodes.Blocks: _blocks,
        nodes.Jump: _jump,
        nodes.ForEach: _for_each,
        nodes.Fold: _fold,
        nodes.Parallel: _parallel,
        nodes.Import: _outside,
        nodes.DefModule: _outside,
    }
)
