"""Calls the stages in order: text to forms, forms to IR, IR to IR, IR to code, code to an artifact.

In: a source, options, an `Env`. Out: a `Unit`; or what is wrong, as `CompileError` with its source. Nobody
else calls a stage. Where the arrows turn back, functions of this file are passed in: to the expander to make
a macro of its text, to the module store to compile an import.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from itertools import count
from typing import Any, Final, TypeVar

from rtfs_runtime import stack
from rtfs_runtime.artifact import Artifact, Dependency, check_python
from rtfs_runtime.builtins import BUILTINS
from rtfs_runtime.cache.l4_artifact import LocalArtifacts, Wanted
from rtfs_runtime.digest import digest
from rtfs_runtime.errors import RtfsError
from rtfs_runtime.imports import module_error
from rtfs_runtime.interface import Interface, Macro
from rtfs_runtime.loader import ModuleInstance, run
from rtfs_runtime.modulepath import SOURCE_SUFFIX
from rtfs_runtime.modulestore import ModuleStore, Request
from rtfs_runtime.session import Session
from rtfs_runtime.settings import Limits
from rtfs_runtime.toolchain import toolchain_digest
from rtfs_runtime.values import Symbol
from rtfsc.backend.codegen import generate
from rtfsc.backend.pack import pack
from rtfsc.check.findings import findings
from rtfsc.check.infer import Types, infer
from rtfsc.check.proofs import without_proven_checks
from rtfsc.diagnostics import fail
from rtfsc.expand.expander import Expander
from rtfsc.ir.kind_flow import Kinds, infer_kinds
from rtfsc.ir.kind_text import to_text
from rtfsc.ir.nodes import Module
from rtfsc.ir.verify import verify
from rtfsc.lower.context import Expander as MacroExpander
from rtfsc.lower.context import LowerContext
from rtfsc.lower.lower import lower
from rtfsc.options import DEFAULT, Options
from rtfsc.passes.pipeline import PIPELINE
from rtfsc.source import CompileError, Diagnostic, SourceFile, Span
from rtfsc.syntax.forms import Form, ListForm, SymbolForm
from rtfsc.syntax.parser import parse
from rtfsc.units import Env, Timing, Unit

T = TypeVar("T")

# stages after reading recurse over the IR: ten frames for each of 5,000 nested forms, twice that in
# expansions
_DEPTH: Final = 120_000
_MODULE_ERROR: Final = "Module error: "
MACRO_LIMITS: Final = Limits(recursion_depth=20_000, wall_clock_s=5.0)


def make_env(
    paths: Sequence[str] = (), options: Options = DEFAULT, cache: LocalArtifacts | None = None, **given: Any
) -> Env:
    """Make an environment whose imports are looked for in directories and compiled with some options."""
    modules = ModuleStore(tuple(paths), compiler(options), cache, options.key_text())
    return Env(modules, **given)


def compiler(
    options: Options = DEFAULT, timing: Timing | None = None
) -> Callable[[Request, ModuleStore], Artifact]:
    """Give the function that a module store compiles with."""
    return partial(_compile_request, options, timing)


def _compile_request(
    options: Options, timing: Timing | None, request: Request, modules: ModuleStore
) -> Artifact:
    try:
        source = SourceFile.from_bytes(request.path, request.data)
        return compile_unit(request, source, options, Env(modules, timing=timing)).artifact
    except CompileError as error:
        if not request.as_module:
            raise
        # RTFS imports it: the error is one of the program that does (language §7.2)
        first = error.diagnostics[0]
        if first.code == "E242":
            # what it imports is wrong, and the message says where
            raise module_error(first.message.removeprefix(_MODULE_ERROR)) from error
        raise module_error(f"{request.path}: {error}") from error


def compile_source(
    source: SourceFile, options: Options = DEFAULT, env: Env | None = None, *, as_module: bool = False
) -> Unit:
    """Compile a text; imports are compiled with the options of the environment.

    Raises: CompileError.
    """
    data = source.text.encode("utf-8", "surrogatepass")
    request = Request(data, os.path.basename(source.name), source.name, as_module)
    return compile_unit(request, source, options, env or make_env((), options))


def compile_file(path: str | os.PathLike[str], options: Options = DEFAULT, env: Env | None = None) -> Unit:
    """Compile a file; without an environment, its imports are looked for beside it.

    Raises: CompileError, OSError.
    """
    name = os.fspath(path)
    with open(name, "rb") as file:
        data = file.read()
    env = env or make_env((os.path.dirname(name) or ".",), options)
    return compile_unit(
        Request(data, os.path.basename(name), name, False), SourceFile.from_bytes(name, data), options, env
    )


def compile_text(text: str, options: Options = DEFAULT, env: Env | None = None, name: str = "<text>") -> Unit:
    """Compile a text that is in no file.

    Raises: CompileError.
    """
    return compile_source(SourceFile(name, text), options, env)


def examine(source: SourceFile, options: Options = DEFAULT, env: Env | None = None) -> tuple[Diagnostic, ...]:
    """Report what is wrong with a text, without writing code for it: errors, or else warnings."""
    data = source.text.encode("utf-8", "surrogatepass")
    request = Request(data, os.path.basename(source.name), source.name, False)
    compilation = Compilation(request, source, options, env or make_env((), options))
    try:
        compilation.guarded(lambda: compilation.checked(compilation.lowered(compilation.forms())))
    except CompileError as error:
        return error.diagnostics
    return tuple(compilation.context.warn)


def evaluate(
    text: str, *, paths: Sequence[str] = (), options: Options = DEFAULT, session: Session | None = None
) -> object:
    """Compile a text and give the value of its last form.

    Raises: CompileError, RtfsError.
    """
    env = make_env(paths, options)
    unit = compile_text(text, options, env)
    return (session or Session(modules=env.modules)).evaluate(unit.artifact, unit.source.name).value


def compile_unit(request: Request, source: SourceFile, options: Options, env: Env) -> Unit:
    """Run all stages over one text.

    Raises: CompileError; ArtifactError E509 on a Python that no code is written for.
    """
    check_python()
    compilation = Compilation(request, source, options, env)
    return compilation.guarded(compilation.unit)


class Compilation:
    """One unit on its way through the stages, one method per arrow; for `compile_unit`, and `dump`, which
    stops on the way."""

    def __init__(self, request: Request, source: SourceFile, options: Options, env: Env) -> None:
        self.request = request
        self.source = source
        self.options = options
        self.env = env
        self.dependencies: dict[str, Dependency] = {}
        self.interfaces: dict[str, Interface] = {}
        self._macros: Session | None = None
        self._cut = False
        self.context = LowerContext(
            source,
            module_name(request.filename),
            Expander(self._compile_macro),
            self._import_interface,
            BUILTINS,
            known_globals=env.known_globals,
            policy_matches=options.may_delegate,
        )

    def unit(self) -> Unit:
        """Go all the way."""
        module = self.optimized(self.checked(self.lowered(self.forms())))
        return Unit(self.source, module, self.artifact(module), tuple(self.context.warn))

    def guarded(self, job: Callable[[], T]) -> T:
        """Do a part of the way with room for the deepest program; errors get the source."""
        try:
            return stack.call(job, _DEPTH)
        except CompileError as error:
            if error.source is None:
                error.source = self.source
            raise

    def forms(self) -> list[Form]:
        """Read."""
        forms = self._timed("parse", lambda: parse(self.source).forms)
        if not self.request.as_module:
            return forms
        self._cut = len(forms) > 1
        return [_module_form(forms)]

    def watch_expansions(self, seen: Callable[[ListForm, Form], None]) -> None:
        """Tell someone of every expansion of a macro call."""
        self.context = replace(self.context, expander=_Watched(self.context.expander, seen))

    def lowered(self, forms: list[Form]) -> Module:
        """Expand and lower."""
        module = self._timed("lower", lambda: lower(forms, self.context))
        if self.options.interactive:
            # later input may define any global again: none is resolved ahead (ruling 26)
            module = replace(module, constants=frozenset())
        self._verify(module, "lower")
        return module

    def inferred(self, module: Module) -> Types:
        """Infer types and effects."""
        return self._timed("infer", lambda: infer(module, self.interfaces))

    def checked(self, module: Module) -> Module:
        """Warn of what certainly fails; drop checks that surely pass.

        Raises: CompileError for warnings, of lowering too, when they are to be errors.
        """
        types = self.inferred(module)
        warnings = self.context.warn
        warnings.extend(self._timed("check", lambda: findings(types, self.source)))
        if self.options.strict and warnings:
            raise CompileError([replace(warning, severity="error") for warning in warnings])
        if self.options.level == 0:
            return module
        module = self._timed("prove", lambda: without_proven_checks(module, types))
        self._verify(module, "check")
        return module

    def optimized(self, module: Module, last: str = "") -> Module:
        """Run the passes, up to and with the one named."""
        for row in PIPELINE:
            if row.level <= self.options.level:
                module = self._timed(row.name, partial(row.run, module, self.options))
                self._verify(module, row.name)
            if row.name == last:
                break
        return replace(module, constants=frozenset()) if self.options.interactive else module

    def artifact(self, module: Module) -> Artifact:
        """Write code and pack it."""
        dependencies = tuple(self.dependencies.values())
        code = self._timed("generate", lambda: generate(module, self.source, self._infer))
        module = replace(module, interface=_described(module, self._infer(module)))
        named = (self.request.filename, self.request.data)
        key = self._wanted().full_key(dependencies)
        try:
            return self._timed("pack", lambda: pack(code, module, named, dependencies, key))
        except ValueError as error:
            assert "deep" in str(error), f"a constant that marshal cannot write: {error}"
            whole = Span(0, len(self.source.text))
            raise fail("E404", f"Too deeply nested to write: {error}", whole) from None

    def _infer(self, module: Module) -> Kinds:
        return infer_kinds(module) if self.options.level else Kinds()

    def _wanted(self) -> Wanted:
        # a file of one module form gives one artifact, whoever asks for it
        request = self.request
        found = digest(request.data)
        return Wanted(found, request.filename, self._cut, self.options.key_text(), toolchain_digest())

    def _verify(self, module: Module, stage: str) -> None:
        if self.options.verify:
            verify(module, stage)

    def _timed(self, stage: str, job: Callable[[], T]) -> T:
        timing = self.env.timing
        if timing is None:
            return job()
        start = timing.clock()
        try:
            return job()
        finally:
            elapsed = timing.elapsed_s
            elapsed[stage] = elapsed.get(stage, 0.0) + timing.clock() - start

    def _import_interface(self, name: str, span: Span) -> Interface:
        try:
            found = self.env.modules.fetch(name).artifact
        except RtfsError as error:
            code = "E241" if error.kind == "ModuleNotFound" else "E242"
            raise fail(code, error.message, span, kind=error.kind) from error
        self.dependencies[name] = Dependency(name, found.interface_digest)
        self.interfaces[name] = found.interface
        # later input may import over it
        return found.interface._replace(kinds=()) if self.options.interactive else found.interface

    def _compile_macro(self, forms: list[Form], expander: MacroExpander) -> object:
        """Give the value of the last form: a function that expands a macro, over the pure definitions before
        it; `expander` knows the macros before it."""
        context = replace(self.context, expander=_Expanding(expander), known_globals=frozenset(), warn=[])
        module = self.optimized(lower(forms, context))
        if self._macros is None:
            self._macros = Session(modules=ModuleStore(()), limits=MACRO_LIMITS)
            # new names are counted by the unit, so that equal sources give equal bytes
            self._macros.namespace["gensym"] = partial(_new_symbol, count(1))
        instance = ModuleInstance("macros", module.interface, self.source.name)
        try:
            run(instance, generate(module, self.source), self._macros)
        except RtfsError as error:
            where = Span(forms[-1].start, forms[-1].end)
            raise fail("E232", f"A macro cannot be made: {error.message}", where, kind=error.kind) from error
        return _bounded(instance.value)


class _Watched:
    """An expander that tells of what it does."""

    def __init__(self, outer: MacroExpander, seen: Callable[[ListForm, Form], None]) -> None:
        self._outer = outer
        self._seen = seen
        self.define = outer.define
        self.note_definition = outer.note_definition
        self.adopt = outer.adopt
        self.exported = outer.exported
        self.fork = outer.fork

    def expand(self, form: ListForm, is_bound: Callable[[str], bool]) -> Form | None:
        """Expand and tell."""
        made = self._outer.expand(form, is_bound)
        if made is not None:
            self._seen(form, made)
        return made


class _Expanding:
    """An expander that lets the text of a macro use macros, and takes none of its definitions for the
    unit's."""

    def __init__(self, outer: MacroExpander) -> None:
        self.expand = outer.expand

    def define(self, form: ListForm) -> None:
        """Pass over a macro: those of the unit are known already."""

    def note_definition(self, form: ListForm) -> None:
        """Pass over a definition."""

    def adopt(self, macro: Macro, names: tuple[str, ...]) -> None:
        """Pass over an imported macro."""

    def exported(self, names: tuple[str, ...]) -> tuple[Macro, ...]:
        """Give none."""
        return ()

    def fork(self) -> MacroExpander:
        """Give itself: the text of a macro holds no module."""
        return self


def _new_symbol(numbers: Iterator[int]) -> Symbol:
    return Symbol(f"g__{next(numbers)}")


def _described(module: Module, known: Kinds) -> Interface:
    """Give the interface of a module with what was found of its exports."""
    interface = module.interface
    rows = [
        (name, to_text(known.looks[name].result))
        for name in interface.exports
        if name in known.looks and name in module.constants and name not in interface.delegable
    ]
    return interface._replace(kinds=tuple([row for row in rows if row[1]]))


def _bounded(function: object) -> object:
    """Give a function that runs under the limits of macros."""
    assert callable(function)

    def bounded(*args: object) -> object:
        return stack.call(lambda: function(*args), MACRO_LIMITS.recursion_depth, MACRO_LIMITS.wall_clock_s)

    return bounded


def module_name(filename: str) -> str:
    """Give the module name that a file has by its place."""
    return filename.removesuffix(SOURCE_SUFFIX).replace("/", ".")


def _module_form(forms: list[Form]) -> Form:
    for form in forms:
        if isinstance(form, ListForm) and form.items:
            head = form.items[0]
            if isinstance(head, SymbolForm) and head.name == "module":
                return form
    where = Span(0, forms[-1].end if forms else 0)
    hints = ("An imported file holds a module → (module name (:exports [f]) (defn f [] 1))",)
    raise fail("E243", "The file has no module form", where, hints=hints, kind="ModuleError")
