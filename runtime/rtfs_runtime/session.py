"""One configured runtime: its modules, its host, its links.

In: `Settings`. Out: `Session`, which runs plans and gives `Result`s; sessions share nothing but interned
keywords (ruling 27). Finding modules is left to the store, running their code to the loader, effects to the
host, deciding who answers to the linker.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TextIO, TypeAlias

from rtfs_runtime import abi, context, loader, stack
from rtfs_runtime.artifact import Artifact
from rtfs_runtime.border import from_python
from rtfs_runtime.builtins import BUILTINS, Builtin
from rtfs_runtime.calls import call_error
from rtfs_runtime.delegation.engine import DelegationEngine, StaticDelegationEngine
from rtfs_runtime.delegation.linker import Linker
from rtfs_runtime.errors import RtfsError, arity_error, undefined
from rtfs_runtime.host.host import Host
from rtfs_runtime.host.world import OutputClosed, World
from rtfs_runtime.imports import Imports, module_error
from rtfs_runtime.interface import Function, Interface
from rtfs_runtime.loader import ModuleInstance
from rtfs_runtime.maps import is_map
from rtfs_runtime.modulepath import find_file
from rtfs_runtime.modulestore import Found, ModuleStore
from rtfs_runtime.native import cleaned
from rtfs_runtime.providers.registry import ModelRegistry
from rtfs_runtime.settings import Settings
from rtfs_runtime.trace import Cost, Event, RunStart, Sink, Trace
from rtfs_runtime.values import Keyword

if TYPE_CHECKING:
    from rtfs_runtime.cache.l4_library import Library
    from rtfs_runtime.cache.manager import CacheManager
    from rtfs_runtime.delegation.dispatch import Dispatcher
    from rtfs_runtime.delegation.policy import Policy

Plan: TypeAlias = "str | os.PathLike[str]"
_ABSENT: Final = object()


class Result(NamedTuple):
    """What a run gave: its value, what its models took, what it did."""

    value: object
    cost: Cost
    trace: Trace


class Session:
    """One runtime: `Session(settings)`, or `Session(grants=…, policy=…)` with any field of `Settings`.

    Shape: `namespace` is the exact dict that modules see as `__builtins__`; `instances` are the modules by
           name. `last_trace` is that of the run that began last, for whoever got an error instead of a
           `Result`.
    """

    def __init__(
        self, settings: Settings | None = None, *, modules: ModuleStore | None = None, **given: Any
    ) -> None:
        unknown = [name for name in given if name not in Settings._fields]
        if unknown:
            raise TypeError(
                f"a session has no setting `{unknown[0]}`; there are {', '.join(Settings._fields)}"
            )
        settings = (settings or Settings())._replace(**given)
        self.settings = settings
        self.policy = settings.policy
        self.registry = _registry(settings.registry, settings.policy, settings.world)
        self.host = _make_host(self, settings)
        self._dispatcher: Dispatcher | None = None
        self.host.execute_model = lambda model_id, prompt: self._models().execute(model_id, prompt)
        engine = self._engine(settings.policy)
        self.linker = Linker(
            engine,
            settings.policy,
            lambda link: self._models().answerer(link),
            self._facts,
        )
        self.modules = modules or ModuleStore(
            tuple(settings.search_path), settings.compile_source, settings.cache, settings.compile_options
        )
        self.modules.delegates = _delegates(settings.policy)
        self.instances: dict[str, ModuleInstance] = {}
        self.imports = Imports()
        self.last_trace = self.host.trace
        self.namespace: dict[str, Any] = {**_builtins(self.host), **abi.ABI, **abi.session_abi(self)}

    @property
    def context(self) -> dict[str, object]:
        """What `@name` shows; programs see changes at once."""
        return self.host.context

    # What people and tools call

    def load(self, name: str) -> ModuleInstance:
        """Give the module of a name, loading it if need be.

        Raises: RtfsError ModuleNotFound, ModuleError.
        """
        return self._enter(RunStart(name), lambda: self.import_module(name)).value  # type: ignore[return-value]

    def run(self, plan: Plan, function: str | None = None, args: Iterable[object] = ()) -> Result:
        """Run a file, or the module of a name: call `function`, else `main`, else give the last value.

        `function` may also name a plan object: then its `:program` is called.

        Raises: RtfsError as the program does; what the compile function raises.
        """
        arguments = tuple(args)
        text = os.fspath(plan)
        start = RunStart(_stem(plan), os.path.abspath(text) if _is_path(text) else text, function, arguments)
        return self._enter(start, lambda: self._run(plan, function, arguments))

    async def arun(self, plan: Plan, function: str | None = None, args: Iterable[object] = ()) -> Result:
        """Run as `run` does, without blocking the loop; what the run waits for is waited for on this loop."""
        # loads asyncio, which the caller has loaded already
        from rtfs_runtime.host.waiting import run_on_thread

        arguments = tuple(args)
        depth = self.settings.limits.recursion_depth
        return await run_on_thread(lambda: self.run(plan, function, arguments), depth)

    def evaluate(self, artifact: Artifact, path: str = "<eval>") -> Result:
        """Run a compiled text and give the value of its last form; raises as `run`."""
        name = artifact.interface.module or _stem(path)
        return self._enter(RunStart(name), lambda: self._load(Found(artifact, path), name).value)

    def evaluate_in(self, instance: ModuleInstance, artifact: Artifact) -> object:
        """Run a compiled text in the globals of a module, as a REPL does; gives the value of its last
        form."""

        def job() -> object:
            loader.run(instance, artifact.code(instance.path), self)
            return instance.value

        return self._enter(RunStart(instance.name), job).value

    def call(self, module: str, function: str, *args: object) -> Result:
        """Call an exported function; arguments come in as Python's or the language's values."""
        start = RunStart(module, module, function, args)
        return self._enter(start, lambda: self._apply(self.import_module(module), function, args))

    def set_policy(self, policy: Policy | None, engine: DelegationEngine | None = None) -> None:
        """Change who answers what: every link is decided anew and takes effect at its next use.

        Raises: ModuleError when the policy names a function that was compiled as never delegated.
        """
        for instance in self.instances.values():
            self._check_delegable(instance.interface, instance.name, instance.path, policy)
        self.policy = policy
        self.modules.delegates = _delegates(policy)
        self._dispatcher = None
        if self.settings.caches is not None:
            self.settings.caches.l1.notify("policy-updated", "" if policy is None else policy.digest)
        if policy is not None:
            policy.register_models(self.registry, self.settings.world)
        self.linker.relink(engine or self._engine(policy), policy)

    def close(self) -> None:
        """Close files, models and caches; caches that were given stay open."""
        self.host.handles.close_all()
        self.registry.close()
        if self.settings.caches is None and "caches" in self.__dict__:
            self.caches.close()

    # What running code needs (`abi.SessionLike`, `loader.LoadingSession`)

    def import_module(self, name: str) -> ModuleInstance:
        """Give the module of a name to code that runs."""
        found = self.instances.get(name)
        return found or loader.import_module(lambda: self._find_module(name), self, name)

    def _find_module(self, name: str) -> Found:
        wanted = self.modules.fetch(name)
        self._check_delegable(wanted.artifact.interface, name, wanted.path, self.policy)
        return wanted

    def import_into(self, module: abi.ModuleLike, name: str, bindings: tuple[tuple[str, str], ...]) -> None:
        """Bind exports of another module."""
        loader.import_into(self, module, name, bindings)

    def define_module(self, module: abi.ModuleLike, name: str, code: Any, interface: Interface) -> object:
        """Run a module form inside a program."""
        return loader.define_module(self, module, code, interface)

    def lookup(self, name: str) -> object:
        """Give the host's value for a name that the program does not define; raises UndefinedSymbol."""
        found = self.context_value(name, _ABSENT)
        if found is _ABSENT:
            raise undefined(name)
        return found

    def context_value(self, name: str, default: object) -> object:
        """Give a context value, or the default."""
        return context.find_value(self, name, self.host.context, default)

    def link(self, module: Any, name: str, function: Any) -> Any:
        """Give what the slot of a function holds."""
        return self.linker.link(module, name, function)

    def link_anonymous(self, module: Any, function: Any, info: Function) -> Any:
        """Give what a hinted anonymous function is."""
        return self.linker.link_anonymous(module, function, info)

    def perform(self, capability_id: str, args: tuple[object, ...]) -> object:
        """Do an effect."""
        return self.host.perform(capability_id, args)

    def run_branches(
        self, names: tuple[str, ...], branches: tuple[Callable[[], object], ...]
    ) -> tuple[object, ...]:
        """Run the branches of a `parallel`; without names they are numbered."""
        # most programs have no branches
        from rtfs_runtime.branches import run_branches

        return run_branches(self.host, names, branches, self.settings.limits.recursion_depth)

    def define_capability(self, ids: tuple[str, ...], implementation: Any) -> None:
        """Let a function of a program answer calls of capabilities; the host's own come first."""
        self.host.define(ids, implementation)

    def step_started(self, name: str, options: Mapping[str, object]) -> None:
        """Enter a step."""
        around = self.host.here()
        path = around.next_path(name)
        scope = context.Scope(self, around, path, around.trace)
        scope.event = around.trace.begin("step", name, path, around.event_id)
        scope.event.detail.update({key: None for key, value in options.items() if value})
        context.step_in(scope)

    def step_ended(self, name: str, outcome: object, *, failed: bool) -> None:
        """Leave a step."""
        scope = context.step_out(self)
        if scope is not None and scope.event is not None:
            scope.trace.end(scope.event, outcome, failed=failed)

    def push_hints(self, hints: Mapping[object, object]) -> None:
        """Take the `runtime.*` entries of a call that is about to be made."""
        around = self.host.here()
        scope = context.Scope(self, around, around.path, around.trace)
        # a call's hints are no place of their own
        scope.event, scope.numbers, scope.values = around.event, around.numbers, around.values
        scope.hints = {_text(key): value for key, value in hints.items()} if is_map(hints) else {}
        context.step_in(scope)

    def pop_hints(self) -> None:
        """Forget the hints of the call that was made."""
        context.step_out(self)

    # The rest

    def _engine(self, policy: Policy | None) -> DelegationEngine:
        given = self.settings
        if given.engine is not None:
            return given.engine
        plans = None if given.caches is None else given.caches.l1
        if plans is not None:
            self.registry.tell(plans)
        engine = StaticDelegationEngine(given.static, policy, plans)
        if policy is None or not policy.asks_nearest:
            return engine
        # few policies let likeness decide
        from rtfs_runtime.delegation.l4_engine import nearest_engine

        return nearest_engine(engine, policy, lambda: self.library)

    def _models(self) -> Dispatcher:
        if self._dispatcher is None:
            # what asks models is loaded with the first one asked
            from rtfs_runtime.delegation.dispatch import Dispatcher, Models
            from rtfs_runtime.delegation.published import PublishedFunctions

            published = PublishedFunctions(self, lambda: self.library)
            models = Models(self.registry, self.caches, self.settings.template, published)
            self._dispatcher = Dispatcher(self.host, self.policy, models, self.settings.tenant)
        return self._dispatcher

    @cached_property
    def caches(self) -> CacheManager:
        """The caches of decisions and answers."""
        given = self.settings
        if given.caches is not None:
            return given.caches
        # most sessions ask no model, and keep nothing
        from rtfs_runtime.cache.manager import CacheManager

        def warn(problem: str) -> None:
            given.world.write_log(f"warning: {problem}\n")

        return CacheManager(given.cache_dir, given.world.now_s, warn, given.world.elapsed_s)

    @cached_property
    def library(self) -> Library:
        """The published modules that this session may execute."""
        given = self.settings
        if given.library is not None:
            return given.library
        # most sessions execute none
        from rtfs_runtime.cache.embedding import MiniLm
        from rtfs_runtime.cache.l4_library import open_library

        return open_library(given.cache_dir, given.world.now_s, MiniLm())

    def _facts(self) -> tuple[str, ...]:
        settings = self.settings
        grants = (f"{grant.kind}:{grant.value}" for grant in settings.grants.items)
        return (settings.tenant, *grants, *self.registry.ids())

    def _enter(self, start: RunStart, job: Callable[[], object]) -> Result:
        settings = self.settings
        trace = Trace(settings.world.elapsed_s, self._sink(start), settings.replay)
        self.last_trace = trace
        name = start.name
        scope = context.Scope(self, context.current(self), name, trace)
        limits = settings.limits

        def run() -> object:
            token = context.enter(scope)
            scope.event = trace.begin("run", name, name, 0)
            try:
                value = job()
            except OutputClosed as error:
                context.end_steps(self, scope, error)
                trace.end(scope.event, error, failed=True)
                raise BrokenPipeError("nobody reads the output") from None
            except BaseException as error:
                found = cleaned(error)
                context.end_steps(self, scope, found)
                trace.end(scope.event, found, failed=True)
                if found is error:
                    raise
                raise found from None
            finally:
                context.leave(token)
            trace.end(scope.event, value)
            return value

        value = stack.call(run, limits.recursion_depth, limits.wall_clock_s)
        return Result(value, trace.cost(), trace)

    def _sink(self, start: RunStart) -> Sink | None:
        settings = self.settings
        first = settings.sink
        if settings.ledger is None:
            return first
        if self.policy is not None:
            start = start._replace(policy=str(self.policy.path), policy_digest=self.policy.digest)
        texts = tuple(grant.text for grant in settings.grants.items)
        second = settings.ledger.open(start._replace(grants=texts, tenant=settings.tenant))
        if first is None:
            return second

        def both(event: Event) -> None:
            first(event)
            second(event)

        return both

    def _run(self, plan: Plan, function: str | None, args: tuple[object, ...]) -> object:
        instance = self._load_plan(plan)
        if function is None and "main" not in instance.globals:
            return instance.value
        return self._apply(instance, function or "main", args)

    def _load_plan(self, plan: Plan) -> ModuleInstance:
        text = os.fspath(plan)
        if not _is_path(text):
            return self.import_module(text)
        place = find_file(os.path.dirname(text), _stem(text))
        if place is None:
            raise RtfsError("ModuleNotFound", {"name": text})
        folder = os.path.dirname(os.path.realpath(text))
        if folder not in self.modules.paths:
            self.modules.paths = (folder, *self.modules.paths)
        self.host.context.setdefault("plan-dir", folder)
        found = self.modules.fetch_place(place)
        return self._load(found, found.artifact.interface.module or _stem(text))

    def _load(self, found: Found, name: str) -> ModuleInstance:
        self._check_delegable(found.artifact.interface, name, found.path, self.policy)
        return loader.load(found, self, name)

    def _apply(self, instance: ModuleInstance, name: str, args: tuple[object, ...]) -> object:
        function = instance.globals.get(name, _ABSENT)
        if function is _ABSENT:
            raise undefined(name)
        arguments = tuple(from_python(arg) for arg in args)
        if is_map(function):
            # few programs have objects
            from rtfs_runtime.objects import program_of

            function = program_of(name, function)
        try:
            return function(*arguments)
        except BaseException as error:
            raise cleaned(call_error(error, function, len(arguments))) from None

    def _check_delegable(self, interface: Interface, name: str, path: str, policy: Policy | None) -> None:
        """Refuse a module when a policy delegates what was compiled as local for good."""
        symbol = None if policy is None else interface.closed(name, policy.policy_matches)
        rule = None if policy is None or symbol is None else policy.rule_for(symbol)
        if policy is not None and rule is not None:
            raise module_error(
                f"rule {rule.where} ({rule.match}) delegates {symbol}, compiled as never delegated: "
                f"run `rtfsc build --policy {policy.path} {path}`"
            )


def _delegates(policy: Policy | None) -> Callable[[str], bool] | None:
    return None if policy is None else policy.policy_matches


def _is_path(plan: str) -> bool:
    return plan.endswith((".rtfs", ".rtfsc")) or os.sep in plan


def _stem(path: Plan) -> str:
    return os.path.splitext(os.path.basename(path))[0]


def _text(key: object) -> str:
    return key.text if isinstance(key, Keyword) else str(key)


def _writer(output: TextIO) -> Callable[[str], None]:
    def write(text: str) -> None:
        output.write(text)

    return write


def _make_host(session: Session, settings: Settings) -> Host:
    world = settings.world
    if settings.output is not None:
        world = world._replace(write_out=_writer(settings.output))
    host = Host(session, settings.capabilities, settings.grants, world, settings.sink)
    host.output_left = settings.limits.output_chars
    host.context.update((name, from_python(value)) for name, value in settings.context.items())
    return host


def _registry(given: ModelRegistry | None, policy: Policy | None, world: World) -> ModelRegistry:
    registry = ModelRegistry.with_defaults() if given is None else given.copy()
    if policy is not None:
        policy.register_models(registry, world)
    return registry


def _builtins(host: Host) -> dict[str, Any]:
    return {name: _bound(row, host) if row.host else row.function for name, row in BUILTINS.items()}


def _bound(row: Builtin, host: Host) -> Callable[..., object]:
    """Make a builtin that acts through the host, with the arity of its row."""
    function, low, high = row.function, row.min_args, row.max_args

    def bound(*args: object) -> object:
        if len(args) < low or (high is not None and len(args) > high):
            raise arity_error(row.name, row.expected, len(args))
        return function(host, *args)

    bound.__name__ = bound.__qualname__ = row.name
    bound.__doc__ = row.doc
    bound.__rtfs_builtin__ = row  # type: ignore[attr-defined]
    return bound


_default: list[Session] = []
_making: Final = threading.Lock()


def has_default() -> bool:
    """Tell whether plain imports have a session already."""
    return bool(_default)


def default_session() -> Session:
    """Give the session of plain Python imports of plans, made when first wanted; see `set_default`."""
    with _making:
        if not _default:
            _default.append(Session())
        return _default[0]


def set_default(session: Session) -> None:
    """Make a session that of plain imports; modules that were imported before stay with theirs."""
    with _making:
        _default[:] = [session]
