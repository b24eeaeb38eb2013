"""Which kinds the values of a module have, along every way of control.

In: a module. Out: `Kinds`, a table from nodes to kinds (`rtfsc.ir.kinds`). What an operation asked of a
local holds afterwards: past `(+ x 1)`, x is a number. Loops, the results of functions and the parameters of
`trusted` ones start from nothing and grow until they agree with themselves. Of imports is known what the
interface of their module tells; functions of the delegable set and the arguments of functions that others
may call are unknown.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from types import MappingProxyType
from typing import Final

from rtfs_runtime.builtins import BUILTINS
from rtfsc.ir import kind_facts, kind_needs, kind_rules, kinds, nodes
from rtfsc.ir.call_flow import NOTHING_KNOWN, CallFlow, Closed
from rtfsc.ir.census import occurs, things
from rtfsc.ir.kind_states import Env, State, join
from rtfsc.ir.kinds import ANY, NEVER, Kind
from rtfsc.ir.looks import Found, Looks
from rtfsc.ir.nodes import BuiltinRef, Call, Const, Expr, Fn, Global, If, Let, Local, Var
from rtfsc.ir.purity import FILLING

# what lies in more loops than these is not followed round after round
_NESTED_LOOPS = 4
_CALLABLE: Final = things(Fn, Global)
_NONE: Final[Closed] = MappingProxyType({})


class Kinds(Found):
    """What is known of a module; a node that nothing is known of has the kind ANY.

    The table goes by identity, so whoever asks holds the module. The module holds the table (`Module.memo`)
    and not the other way round: a cycle would leave the IR of each compilation to the collector.
    """

    def of(self, node: Expr) -> Kind:
        """Give the kind of a node's value."""
        found = self.table.get(id(node))
        if found is None:
            return kinds.of_constant(node.value) if isinstance(node, Const) else ANY
        return found


def infer_kinds(module: nodes.Module, closed: Closed = _NONE) -> Kinds:
    """Find the kinds of all nodes; `closed` is what `CallFlow` takes.

    Cost: paid once for each module, of which passes hand on most as they are.
    """
    found: Kinds | None = None if closed else module.memo.get("kinds")
    if found is None:
        flow = _Flow(module, closed)
        flow.run()
        found = flow.known
        if not closed:
            module.memo["kinds"] = found
    return found


class _Flow(Looks):
    def __init__(self, module: nodes.Module, closed: Closed) -> None:
        self.known = Kinds()
        super().__init__(CallFlow(module, closed), self.known)
        self._locals: dict[Var, Kind] = {}
        self._labels: dict[int, State] = {}

    # -- one node; `env` becomes what holds afterwards

    def visit(self, node: Expr, env: Env) -> Kind:
        # two thirds of all nodes are one of these: no call for them
        if isinstance(node, Const):
            # the table need not say what the node does
            return kinds.of_constant(node.value)
        if isinstance(node, Local):
            kind = ANY if node.var in self._changing else env.get(node.var, ANY)
        else:
            kind = _VISITS[node.__class__](self, node, env)
        key = id(node)
        before = self._table.setdefault(key, kind)
        if before is not kind:
            self._table[key] = kinds.join(before, kind)
        return kind

    def _each(self, items: tuple[Expr, ...], env: Env) -> list[Kind]:
        visit = self.visit
        return [visit(item, env) for item in items]

    def _unknown(self, node: Expr, env: Env) -> Kind:
        return ANY

    def _global(self, node: Global, env: Env) -> Kind:
        flow = self._flow
        return self.ask(node.name, None) if flow.is_value(node.name) else flow.imported(node.name)[0]

    def _let(self, node: Let, env: Env) -> Kind:
        init = node.init
        if isinstance(init, Fn) and not _is_delegated(init):
            self._locals[node.var] = self.function(init, env)
            self._table[id(init)] = kinds.OTHER
            env[node.var] = kinds.OTHER
        else:
            env[node.var] = self.visit(init, env)
        return self.visit(node.body, env)

    def _if(self, node: If, env: Env) -> Kind:
        yes, no = self.test(node.test, env)
        return self._either(node, (yes, no), env)

    def _either(self, node: If, ways: tuple[Env | None, Env | None], env: Env) -> Kind:
        kind = NEVER
        after: Env | None = None
        for way, branch in zip(ways, (node.then, node.orelse), strict=True):
            if way is None:
                continue
            found = self.visit(branch, way)
            kind = kinds.join(kind, found)
            if found:
                after = way if after is None else join(after, way)
        if after is not None and after is not env:
            env.clear()
            env.update(after)
        return kind

    def _do(self, node: nodes.Do, env: Env) -> Kind:
        return self._each(node.items, env)[-1]

    def _fn(self, node: Fn, env: Env) -> Kind:
        self.function(node, env)
        return kinds.OTHER

    def function(self, fn: Fn, env: Env, params: tuple[Kind, ...] = ()) -> Kind:
        inner = dict(env)
        inner.update(zip(fn.params, params, strict=False))
        if fn.rest is not None:
            inner[fn.rest] = kinds.LIST | kinds.ANYTHING_HELD
        if fn.self_var is not None:
            inner[fn.self_var] = kinds.OTHER
        # the check of what it gives may be proven, and gone
        return kinds.narrowed(self.visit(fn.body, inner), kinds.of_type(fn.return_type) | kinds.BUFFER)

    def _call(self, node: Call, env: Env) -> Kind:
        callee = node.callee
        match callee:
            case BuiltinRef(name=name):
                return self._builtin(node, name, env)
            case Const(value=value):
                args = self._each(node.args, env)
                source = args[0] if args else ANY
                part = kinds.part(source, value)
                if part is not None:
                    return part
                if source & kinds.OTHER:
                    return ANY
                return kinds.join(kinds.element(source), args[1] if len(args) > 1 else kinds.NIL)
            case Global(name=name) if self._reaches(node, name):
                return self.ask(name, self._each(node.args, env))
            case Local(var=var) if var in self._locals:
                self._each(node.args, env)
                return self._locals[var]
        self.visit(callee, env)
        self._each(node.args, env)
        # a call with metadata of its own may be answered by a model
        known = self._flow.imported(callee.name) if isinstance(callee, Global) else NOTHING_KNOWN
        return known[1] if node.site is None else ANY

    def _reaches(self, node: Call, name: str) -> bool:
        # a call with metadata of its own may be answered by a model
        known = self._flow.functions.get(name)
        return known is not None and known.takes(len(node.args)) and node.site is None

    def _builtin(self, node: Call, name: str, env: Env) -> Kind:
        # functions are called when all arguments are known
        args = [kinds.OTHER if isinstance(arg, Fn) else self.visit(arg, env) for arg in node.args]
        needs = kind_needs.wanted(name, args)
        if needs is not None:
            for arg, need in zip(node.args, needs, strict=False):
                if isinstance(arg, Local):
                    known = env.get(arg.var, ANY)
                    if not kinds.within(known, need):
                        env[arg.var] = kinds.narrowed(known, need)
        plain = BUILTINS[name].name
        made = self._callbacks(node, plain, args, env) if occurs(node) & _CALLABLE else None
        if NEVER in args:
            return NEVER
        if made is not None:
            return made
        detailed = kind_rules.of_parts(plain, node.args, args)
        found = kind_rules.of_builtin(name, args) if detailed is None else detailed
        if plain == "get" and len(args) == 2 and kinds.within(args[0], kinds.MAP):
            key = kind_facts.contained(node, self._changing)
            return kinds.element(args[0]) if key in env and detailed is None else found
        if found & kinds.NEGATIVE and kind_facts.is_natural_difference(env, node, name, self._changing):
            found &= ~kinds.NEGATIVE
        return found

    def _callbacks(self, node: Call, name: str, args: list[Kind], env: Env) -> Kind | None:
        """Visit the functions given to a builtin; give the kind of what it makes of the results of the first,
        where it makes something."""
        made = None
        for at, arg in enumerate(node.args):
            if not isinstance(arg, (Fn, Global)):
                continue
            given = kind_needs.given(name, args) if at == 0 else []
            if isinstance(arg, Fn):
                self._table[id(arg)] = kinds.OTHER
                found = self.function(arg, env, tuple(given))
                if at == 0 and not _is_delegated(arg):
                    made = kind_needs.of_calls(name, found)
            elif self._flow.imported(arg.name) is not NOTHING_KNOWN:
                if at == 0:
                    made = kind_needs.of_calls(name, self._flow.imported(arg.name)[1])
            elif given and ANY not in given:
                known = self._flow.functions.get(arg.name)
                if known is not None and known.takes(len(given)):
                    made = kind_needs.of_calls(name, self.ask(arg.name, given))
        return made

    def _op(self, node: nodes.Op, env: Env) -> Kind:
        if node.name == "hand_over" and isinstance(node.args[0], Global):
            return self.ask(node.args[0].name, self._each(node.args[1:], env))
        args = self._each(node.args, env)
        if node.name == "list_append" and isinstance(node.args[0], Local):
            env[node.args[0].var] = kinds.join(args[0], kinds.holding(kinds.BUFFER, args[1]))
        for arg, kind, need in zip(node.args, args, kind_needs.OP_NEEDS.get(node.name, ()), strict=False):
            if isinstance(arg, Local):
                env[arg.var] = kinds.narrowed(kind, need)
        detailed = kind_rules.of_parts(node.name, node.args, args)
        made = kind_rules.of_op(node.name, args) if detailed is None else detailed
        if node.name in FILLING:
            changed = node.args[0]
            while isinstance(changed, nodes.Op) and changed.name in FILLING:
                changed = changed.args[0]
            if isinstance(changed, Local):
                # the variable is read again where the change is an effect
                env[changed.var] = made
        return made

    def _vector(self, node: nodes.Vector, env: Env) -> Kind:
        return kinds.of_vector(self._each(node.items, env))

    def _map(self, node: nodes.Map, env: Env) -> Kind:
        return kinds.of_map(dict(zip(node.keys, self._each(node.values, env), strict=True)))

    def _cast(self, node: nodes.Cast, env: Env) -> Kind:
        kind = self.visit(node.value, env)
        want = kinds.of_type(node.want)
        known = kinds.narrowed(kind, want)
        plain = int(known)
        if plain & ~kinds.BASE & ~want:
            # what a collection holds is checked as well
            known = plain & kinds.BASE | plain & want & ~kinds.BASE
        if isinstance(node.value, Local):
            env[node.value.var] = known
        return known

    def _scope(self, node: nodes.Scope, env: Env) -> Kind:
        self._changing.update(node.vars)
        return self.visit(node.body, env)

    def _define(self, node: nodes.Define | nodes.DefGlobal, env: Env) -> Kind:
        return self.visit(node.value, env)

    def _raise(self, node: nodes.Raise, env: Env) -> Kind:
        self.visit(node.value, env)
        return NEVER

    def _try(self, node: nodes.Try, env: Env) -> Kind:
        kind = self.visit(node.body, dict(env))
        if node.handler is not None:
            kind = kinds.join(kind, self.visit(node.handler, dict(env)))
        if node.final is not None:
            self.visit(node.final, dict(env))
        return kind

    def _jump(self, node: nodes.Jump, env: Env) -> Kind:
        args = self._each(node.args, env)
        state = self._labels[node.label]
        if NEVER not in args and state.enter(args, env):
            self._changed.add(node.label)
        return NEVER

    def _blocks(self, node: nodes.Blocks, env: Env) -> Kind:
        args = self._each(node.args, env)
        changed = {block.label for block in node.blocks}
        outer, self._changed = self._changed, set()
        states = [self._state(block.label, len(block.params)) for block in node.blocks]
        states[0].enter(args, env)
        self._loops += 1
        kind, after = NEVER, None
        ends: dict[int, Env] = {}
        work = deque(
            [block for block, state in zip(node.blocks, states, strict=True) if state.env is not None]
        )
        own = {block.label: block for block in node.blocks}
        while work:
            block = work.popleft()
            found, env_after = self._block(block)
            kind = kinds.join(kind, found)
            if found:
                ends[block.label] = env_after
            work.extend(own[label] for label in sorted(self._changed & changed) if own[label] not in work)
            outer |= self._changed - changed
            self._changed = set()
        self._loops -= 1
        self._changed = outer
        for end in ends.values():
            after = end if after is None else join(after, end)
        if after is not None:
            env.clear()
            env.update(after)
        return kind

    def _state(self, label: int, count: int) -> State:
        """Give the state of a loop or block: what held in an earlier round of an outer loop, or when its form
        was looked at before, holds still."""
        state = self._labels.get(label)
        if state is None:
            # what lies deep in loops takes one round
            state = self._labels[label] = State(count, settled=self._loops >= _NESTED_LOOPS)
        state.rounds = 0
        return state

    def _block(self, block: nodes.Block) -> tuple[Kind, Env]:
        state = self._labels[block.label]
        assert state.env is not None
        env = dict(state.env)
        env.update(zip(block.params, state.kinds, strict=True))
        return self.visit(block.body, env), env

    def _for_each(self, node: nodes.ForEach, env: Env) -> Kind:
        items = self.visit(node.items, env)
        inner = dict(env)
        inner[node.var] = kinds.element(items)
        kind_facts.bound(inner, node.var, node.items, self._known, self._changing)
        kind = self.visit(node.body, inner)
        match node.mode:
            case "collect":
                return kinds.holding(kinds.TUPLE, kind)
            case "flatten":
                return kinds.holding(kinds.TUPLE, kinds.element(kind))
            case "last":
                return kinds.join(kind, kinds.NIL)
        return kinds.NIL

    def _fold(self, node: nodes.Fold, env: Env) -> Kind:
        args = self._each(node.args, env)
        items = self.visit(node.items, env)
        state = self._state(node.label, len(node.params))
        state.enter(args, env)
        self._loops += 1
        outer = self._changed
        kind, after = NEVER, None
        while True:
            self._changed = set()
            assert state.env is not None
            inner = dict(state.env)
            inner[node.var] = kinds.element(items)
            inner.update(zip(node.params, state.kinds, strict=True))
            kind_facts.bound(inner, node.var, node.items, self._known, self._changing)
            found = self.visit(node.body, inner)
            outer |= self._changed - {node.label}
            if node.label not in self._changed:
                break
        self._loops -= 1
        if found:
            kind, after = found, inner
        assert state.env is not None
        last = dict(state.env)
        last.update(zip(node.params, state.kinds, strict=True))
        self._changed = set()
        found = self.visit(node.done, last)
        outer |= self._changed
        self._changed = outer
        if found:
            kind = kinds.join(kind, found)
            after = last if after is None else join(after, last)
        if after is not None:
            env.clear()
            env.update(after)
        return kind

    def _parallel(self, node: nodes.Parallel, env: Env) -> Kind:
        found = kinds.union(self._each(node.branches, env))
        return kinds.holding(kinds.DICT if node.names else kinds.TUPLE, found)


def _is_delegated(fn: Fn) -> bool:
    """Tell whether a model may answer instead of the body."""
    return fn.hint is not None and fn.hint.target != "local"


_VISITS: dict[type, Callable[..., Kind]] = {
    Global: _Flow._global,
    Let: _Flow._let,
    If: _Flow._if,
    Call: _Flow._call,
    Fn: _Flow._fn,
    nodes.Blocks: _Flow._blocks,
    nodes.ForEach: _Flow._for_each,
    nodes.Late: _Flow._unknown,
    BuiltinRef: _Flow._unknown,
    nodes.Import: _Flow._unknown,
    nodes.DefModule: _Flow._unknown,
    nodes.Do: _Flow._do,
    nodes.Op: _Flow._op,
    nodes.Vector: _Flow._vector,
    nodes.Map: _Flow._map,
    nodes.Cast: _Flow._cast,
    nodes.Scope: _Flow._scope,
    nodes.Define: _Flow._define,
    nodes.DefGlobal: _Flow._define,
    nodes.Raise: _Flow._raise,
    nodes.Try: _Flow._try,
    nodes.Jump: _Flow._jump,
    nodes.Fold: _Flow._fold,
    nodes.Parallel: _Flow._parallel,
}
