"""Python's `import` of compiled modules: where they are found, under which names, what callers see."""

from __future__ import annotations

import importlib
import inspect
import sys
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from rtfs_runtime import importer
from rtfs_runtime.errors import RtfsError
from rtfs_runtime.interface import EMPTY
from rtfs_runtime.planmodule import python_names
from rtfs_runtime.session import Session
from rtfs_runtime.values import List
from tests.unit.artifact.handmade import artifact, function, module

TEXT = """
def f(x, y):
    return x, y
def g(*r):
    return r
names = f.__globals__
names["is-valid?"] = lambda x: x
names["a-b"] = names["a_b"] = lambda: 1
k = {"rows": (1, 2)}
def give():
    return k
"""

EXPORTS = ("f", "g", "is-valid?", "a-b", "a_b", "k", "give")
FUNCTIONS = (
    function("f", "the-x", "y?", param_types=(":int", "[:vector :int]"), return_type=":string", doc="Do f."),
    function("g", rest="r", rest_type=":string"),
    function("is-valid?", "[a b]"),
)
INTERFACE = EMPTY._replace(module="plan", exports=EXPORTS, functions=FUNCTIONS, values=("k",))


@pytest.fixture
def session() -> Session:
    return Session()


@pytest.fixture
def folder(tmp_path: Path, session: Session) -> Iterator[Path]:
    before = set(sys.modules)
    finder = importer.install([str(tmp_path)], lambda: session)
    yield tmp_path
    sys.meta_path.remove(finder)
    for name in set(sys.modules) - before:
        del sys.modules[name]


@pytest.fixture
def plan(folder: Path) -> Any:
    (folder / "plan.rtfsc").write_bytes(artifact(TEXT, INTERFACE, name="plan", source=b"; plan").encode())
    return importlib.import_module("plan")


def test_exports_under_both_names(plan: Any) -> None:
    assert plan.is_valid(1) == getattr(plan, "is-valid?")(1) == 1
    assert {"f", "k", "is-valid?", "is_valid", "a-b", "a_b"} <= set(dir(plan))
    assert plan.__all__ == list(EXPORTS)
    with pytest.raises(AttributeError, match="nothing"):
        _ = plan.nothing


NAMES = [
    (("a-b",), {"a-b": "a-b", "a_b": "a-b"}),
    (("a-b", "a_b"), {"a-b": "a-b", "a_b": "a_b"}),
    (("ok?", "ok!"), {"ok?": "ok?", "ok!": "ok!"}),
    (("ok?", "ok"), {"ok?": "ok?", "ok": "ok"}),
    (("if?", "->x", "+"), {"if?": "if?", "->x": "->x", "+": "+"}),
    (("save-all!",), {"save-all!": "save-all!", "save_all": "save-all!"}),
]


@pytest.mark.parametrize(("exports", "names"), NAMES)
def test_a_python_name_only_where_one_export_can_be_meant(
    exports: tuple[str, ...], names: dict[str, str]
) -> None:
    assert python_names(exports) == names


class Color(StrEnum):
    RED = "red"


def test_what_comes_in_is_converted(plan: Any) -> None:
    assert plan.f([1, [2]], {"a": [Color.RED]}) == ((1, (2,)), {"a": ("red",)})
    assert plan.f(y=(1,), the_x=2) == (2, (1,))
    assert isinstance(plan.f(List((1,)), 1)[0], List)
    with pytest.raises(TypeError, match="no value of the language"):
        plan.f(object(), 1)


def test_nothing_that_goes_out_is_shared(plan: Any) -> None:
    plan.k["rows"] = "changed"
    plan.give()["rows"] = "changed"
    assert plan.k == plan.give() == {"rows": (1, 2)}


def test_functions_describe_themselves(plan: Any) -> None:
    signature = "(the_x: int, y: '[:vector :int]') -> str"
    assert str(inspect.signature(plan.f)) == signature
    assert plan.f.__doc__ == "Do f."
    assert plan.f.__annotations__ == {"the_x": int, "y": "[:vector :int]", "return": str}
    assert str(inspect.signature(plan.g)) == "(*r: str)"
    assert str(inspect.signature(plan.is_valid)) == "(arg0)"
    assert plan.f.__name__ == "f"
    assert inspect.isfunction(plan.f)


def test_a_changed_slot_is_seen_and_the_slot_holds_no_wrapper(plan: Any, session: Session) -> None:
    instance = session.instances["plan"]
    wrapper, raw = plan.f, instance.globals["f"]
    assert wrapper is not raw
    instance.rebind("f", lambda x, y: "other")
    assert wrapper(1, 2) == "other"


def test_the_module_is_the_sessions(plan: Any, session: Session, folder: Path) -> None:
    assert session.load("plan") is session.instances["plan"]
    assert plan.__file__ == str(folder / "plan.rtfs")
    assert inspect.getsource(plan) == "; plan\n"


async def _twice(plan: Any) -> object:
    return await plan.f.aio([1], y=2), await plan.give.aio()


def test_the_asynchronous_twin(plan: Any) -> None:
    import asyncio

    assert asyncio.run(_twice(plan)) == (((1,), 2), {"rows": (1, 2)})


def write(folder: Path, name: str, value: int) -> None:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    rtfs_name = name.removesuffix(".rtfsc").replace("/", ".")
    path.write_bytes(module(rtfs_name, f"k = {value}", "k").encode())


def imported(name: str) -> Any:
    importlib.invalidate_caches()
    return importlib.import_module(name)


def test_a_folder_of_plans(folder: Path, monkeypatch: pytest.MonkeyPatch, session: Session) -> None:
    write(folder, "orders/late-fees.rtfsc", 1)
    monkeypatch.syspath_prepend(str(folder))
    assert imported("orders.late_fees").k == 1
    assert list(session.instances) == ["orders.late-fees"]


def test_a_folder_with_a_hyphen(folder: Path, session: Session) -> None:
    write(folder, "late-orders/fees.rtfsc", 2)
    assert imported("late_orders.fees").k == 2
    assert list(session.instances) == ["late-orders.fees"]


def test_a_python_package_that_holds_plans(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(folder, "shop/fees.rtfsc", 3)
    (folder / "shop" / "__init__.py").write_text("from .fees import k\n")
    monkeypatch.syspath_prepend(str(folder))
    assert imported("shop").k == 3


def test_a_plan_with_plans_below_it(folder: Path) -> None:
    write(folder, "shop.rtfsc", 4)
    write(folder, "shop/fees.rtfsc", 5)
    assert (imported("shop").k, imported("shop.fees").k) == (4, 5)


def test_python_comes_first_and_two_hyphened_names_are_refused(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(folder, "both.rtfsc", 1)
    (folder / "both.py").write_text("k = 'python'\n")
    write(folder, "a-b_c.rtfsc", 1)
    write(folder, "a_b-c.rtfsc", 1)
    monkeypatch.syspath_prepend(str(folder))
    assert imported("both").k == "python"
    with pytest.raises(ImportError, match=r"a-b_c or a_b-c"):
        imported("a_b_c")


def test_what_cannot_be_loaded(folder: Path) -> None:
    (folder / "broken.rtfsc").write_bytes(b"\x93RTFSC\r\n")
    (folder / "plain.rtfs").write_text("1")
    with pytest.raises(ImportError, match="E502"):
        imported("broken")
    with pytest.raises(ImportError, match="rtfsc build"):
        imported("plain")
    with pytest.raises(ModuleNotFoundError):
        imported("nowhere")


def test_the_error_of_a_plan_is_its_own(folder: Path, session: Session) -> None:
    made = module("wrong", "f()", "f")
    (folder / "wrong.rtfsc").write_bytes(made.encode())

    def fails() -> None:
        raise RtfsError("Generic", {"message": "no"})

    session.namespace["f"] = fails
    with pytest.raises(RtfsError):
        imported("wrong")
    assert "wrong" not in sys.modules


def test_installing_twice_is_installing_once() -> None:
    before = list(sys.meta_path)
    finder = importer.install(["/some/where"], Session)
    try:
        assert importer.install(["/some/where"], Session) is finder
        assert len(sys.meta_path) == len(before) + 1
    finally:
        sys.meta_path.remove(finder)


def test_a_plan_module_before_it_is_open() -> None:
    from rtfs_runtime.planmodule import PlanModule

    empty: ModuleType = PlanModule("x")
    assert "f" not in dir(empty)
    with pytest.raises(AttributeError):
        _ = empty.f
