"""One program in several languages, ready to run.

In: the name of a program of `pairs`. Out: a function without arguments for each language that has it: Python,
RTFS, Hy, and Basilisp where it can run the RTFS text as the Clojure that it often is. Packages of the other
languages are optional: `pip install -e '.[bench]'`.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

from benchmarks.installed import NotInstalled
from rtfs_runtime.border import to_python
from rtfs_runtime.session import Session
from rtfsc.driver import compile_file, make_env
from rtfsc.options import Options

FOLDER = Path(__file__).parent / "pairs"
Runner = Callable[..., object]


def names() -> list[str]:
    """List the programs."""
    return sorted(path.stem for path in FOLDER.glob("*.rtfs"))


def about(name: str) -> str:
    """Say what a program does: its first line."""
    return (FOLDER / f"{name}.rtfs").read_text(encoding="utf-8").splitlines()[0].lstrip("; ")


def python(name: str, function: str = "run") -> Runner:
    """Give the Python side.

    Raises: NotInstalled, when it is a program of a package that is missing.
    """
    return _function(_module(f"pair_{name}", FOLDER / f"{name}.py"), function)


def compiled(name: str, function: str = "run", options: Options | None = None) -> Runner:
    """Give the RTFS side."""
    options = options or Options()
    env = make_env((str(FOLDER),), options)
    unit = compile_file(FOLDER / f"{name}.rtfs", options, env)
    session = Session(modules=env.modules)
    session.evaluate(unit.artifact, unit.source.name)
    found: Runner = next(iter(session.instances.values())).globals[function]
    return found


def hy(name: str, function: str = "run") -> Runner:
    """Give the Hy side.

    Raises: NotInstalled.
    """
    if importlib.util.find_spec("hy") is None:
        raise NotInstalled("Hy is not installed: pip install -e '.[bench]'")
    # from now on Python's own loaders read its files
    importlib.import_module("hy")
    return _function(_module(f"pair_hy_{name}", FOLDER / f"{name}.hy"), function)


def basilisp(name: str) -> Runner | None:
    """Give what Basilisp makes of the RTFS text; None when it is no Clojure, or has another result there.

    Raises: NotInstalled.
    """
    if importlib.util.find_spec("basilisp") is None:
        raise NotInstalled("Basilisp is not installed: pip install -e '.[bench]'")
    main: Any = importlib.import_module("basilisp.main")
    compiler: Any = importlib.import_module("basilisp.lang.compiler")
    reader: Any = importlib.import_module("basilisp.lang.reader")
    runtime: Any = importlib.import_module("basilisp.lang.runtime")
    main.init()
    path = FOLDER / f"{name}.rtfs"
    context = compiler.CompilerContext(filename=str(path))
    with runtime.ns_bindings(f"pair-{name}") as namespace:
        namespace.refer_all(runtime.Namespace.get(runtime.CORE_NS_SYM))
        try:
            for form in reader.read_str(path.read_text(encoding="utf-8"), resolver=runtime.resolve_alias):
                last = compiler.compile_and_exec_form(form, context, namespace)
            run = last.value
            if plain(run()) != plain(python(name)()):
                return None
        # another language's compiler and library may raise anything for a text that is not theirs
        except Exception:
            return None
    # a sequence is computed when it is read
    return lambda: plain(run())


def plain(value: object) -> object:
    """Make values of all languages comparable: tuples, lists and sequences, keywords and strings meet.

    Floats keep twelve digits: from 3.12 on Python's `sum` corrects its rounding.
    """
    value = to_python(value, str)
    if isinstance(value, float):
        return float(f"{value:.12g}")
    if value is None or isinstance(value, (str, int)):
        return value
    if hasattr(value, "items"):
        return {str(plain(key)).lstrip(":"): plain(item) for key, item in value.items()}
    if hasattr(value, "__iter__"):
        return [plain(item) for item in value]
    return str(value).lstrip(":")


def _module(name: str, path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _function(module: ModuleType, name: str) -> Runner:
    found: Runner = getattr(module, name)
    return found
