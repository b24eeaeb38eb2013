"""Loading: globals of a module, its value, exports, imports, modules inside programs, errors."""

from __future__ import annotations

import traceback
from typing import Any

import pytest

from rtfs_runtime import loader
from rtfs_runtime.artifact import Artifact
from rtfs_runtime.errors import LimitExceeded, RtfsError, generic
from rtfs_runtime.imports import Imports
from rtfs_runtime.interface import EMPTY, Macro
from rtfs_runtime.loader import ModuleInstance
from rtfs_runtime.modulestore import Found
from tests.unit.artifact.handmade import artifact, module


def boom() -> None:
    raise generic("boom")


def exhaust() -> None:
    raise LimitExceeded("time", "1 s")


class Plain:
    """A session that knows its modules beforehand."""

    def __init__(self, **modules: Artifact) -> None:
        self.known = modules
        self.instances: dict[str, ModuleInstance] = {}
        self.imports = Imports()
        self.namespace: dict[str, Any] = {"boom": boom, "exhaust": exhaust, "bind": self.bind}

    def import_module(self, name: str) -> ModuleInstance:
        return loader.import_module(lambda: Found(self.known[name], f"{name}.rtfs"), self, name)

    def bind(self, module: ModuleInstance, name: str, *bindings: tuple[str, str]) -> None:
        loader.import_into(self, module, name, bindings)

    def run(self, made: Artifact, name: str = "main") -> ModuleInstance:
        return loader.load(Found(made, "/where/main.rtfs"), self, name)


def importing(name: str, *bindings: tuple[str, str]) -> str:
    return f"bind(globals_['#module'], {name!r}, *{bindings!r})\n"


HERE = "globals_ = (lambda: 0).__globals__\n"


def message(raised: pytest.ExceptionInfo[RtfsError]) -> str:
    assert raised.value.kind == "ModuleError"
    return str(raised.value.fields["message"])


def test_a_module_sees_the_session_and_nothing_of_python() -> None:
    session = Plain()
    instance = session.run(artifact("def f():\n    return boom\n"))
    assert instance.globals["__builtins__"] is session.namespace
    assert instance.globals["#module"] is instance
    assert instance.globals["f"]() is boom
    with pytest.raises(NameError):
        session.run(artifact("len"))


def test_the_value_is_that_of_the_last_form_or_the_description() -> None:
    session = Plain()
    assert session.run(artifact("1")).value is None
    assert session.run(module("a.b", "f = 1", "f")).value == {"name": "a.b", "exports": ("f",)}


def test_an_export_must_be_defined_a_macro_need_not() -> None:
    session = Plain()
    with pytest.raises(RtfsError) as raised:
        session.run(module("a", "f = 1", "f", "missing"))
    assert "missing" in message(raised)
    interface = EMPTY._replace(module="a", exports=("twice",), macros=(Macro("twice", ""),))
    session.run(artifact("", interface))


def test_imports_bind_names_and_load_once() -> None:
    session = Plain(m=module("m", "f = lambda: 0", "f"))
    text = HERE + importing("m", ("m/f", "f"), ("x/f", "f")) + importing("m", ("f", "f"))
    names = session.run(artifact(text)).globals
    assert names["m/f"] is names["x/f"] is names["f"] is session.instances["m"].globals["f"]


def test_importing_what_is_not_there() -> None:
    session = Plain(m=module("m", "f = 1", "f"))
    with pytest.raises(RtfsError) as raised:
        session.run(artifact(HERE + importing("m", ("g", "g"))))
    assert "'g'" in message(raised)


def test_relinking_reaches_importers_and_those_who_import_from_them() -> None:
    session = Plain(
        m=module("m", "f = 'old'", "f"),
        k=module("k", HERE + importing("m", ("f", "f")), "f"),
    )
    names = session.run(artifact(HERE + importing("k", ("k/f", "f")) + importing("m", ("f", "f")))).globals
    names["f"] = "redefined"
    session.instances["m"].rebind("f", "new")
    assert names["k/f"] == "new"
    assert session.instances["k"].globals["f"] == "new"
    assert names["f"] == "redefined"


def test_a_definition_that_raises_is_the_cause_of_a_module_error() -> None:
    session = Plain(m=module("m", "boom()", "f"), k=module("k", HERE + importing("m"), "f"))
    with pytest.raises(RtfsError) as raised:
        session.import_module("k")
    assert "boom" in message(raised)
    assert "'m'" in message(raised)
    cause = raised.value.__cause__
    assert isinstance(cause, RtfsError)
    assert cause.kind == "ModuleError"
    assert isinstance(cause.__cause__, RtfsError)
    assert cause.__cause__.kind == "Generic"
    assert session.instances == {}
    assert not session.imports.busy


def test_the_error_of_a_program_is_not_wrapped_nor_is_a_limit() -> None:
    session = Plain(m=module("m", "exhaust()", "f"))
    with pytest.raises(RtfsError) as raised:
        session.run(artifact("boom()"))
    assert raised.value.kind == "Generic"
    with pytest.raises(LimitExceeded):
        session.import_module("m")


def test_a_circle_is_told_in_order() -> None:
    session = Plain(a=module("a", HERE + importing("b"), "f"), b=module("b", HERE + importing("a"), "f"))
    with pytest.raises(RtfsError) as raised:
        session.import_module("a")
    assert message(raised) == "Circular dependency: a -> b -> a"


def test_a_module_inside_a_program_is_registered() -> None:
    session = Plain()
    outer = session.run(artifact("1"))
    interface = EMPTY._replace(module="in.ner", exports=("f",))
    value = loader.define_module(session, outer, compile("f = 7", "main.rtfs", "exec"), interface)
    assert value == {"name": "in.ner", "exports": ("f",)}
    assert "f" not in outer.globals
    assert session.instances["in.ner"].globals["f"] == 7
    with pytest.raises(RtfsError) as raised:
        loader.define_module(session, outer, compile("boom()", "main.rtfs", "exec"), interface)
    assert "boom" in message(raised)


def test_a_traceback_shows_the_source_out_of_the_artifact() -> None:
    session = Plain()
    made = artifact("\ndef f():\n    return boom()\n", source=b"\xef\xbb\xbf; one\n; two\n(boom) ; three\n")
    instance = session.run(made)
    with pytest.raises(RtfsError) as raised:
        instance.globals["f"]()
    shown = "".join(traceback.format_exception(raised.value))
    assert 'File "/where/main.rtfs", line 3' in shown
    assert "(boom) ; three" in shown
