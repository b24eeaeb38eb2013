"""The module store: which artifact is fresh, what the cache knows, what is compiled; never a stale one."""

from __future__ import annotations

import os
import random
from pathlib import Path

import pytest

from rtfs_runtime.artifact import Artifact, ArtifactError, Dependency
from rtfs_runtime.cache.l4_artifact import LocalArtifacts
from rtfs_runtime.errors import RtfsError
from rtfs_runtime.interface import EMPTY
from rtfs_runtime.modulepath import find_file
from rtfs_runtime.modulestore import ModuleStore, Request, Uncompiled
from tests.unit.artifact.handmade import artifact


class Compiler:
    """Compiles texts of a line `export NAME`, lines `import NAME`, and anything else; counts what it does."""

    def __init__(self) -> None:
        self.seen: list[str] = []

    def __call__(self, request: Request, modules: ModuleStore) -> Artifact:
        self.seen.append(request.filename)
        lines = request.data.decode().split("\n")
        exports = tuple(line.removeprefix("export ") for line in lines if line.startswith("export "))
        imports = [line.removeprefix("import ") for line in lines if line.startswith("import ")]
        dependencies = tuple(Dependency(name, modules.interface_digest(name)) for name in imports)
        name = request.filename.removesuffix(".rtfs")
        interface = EMPTY._replace(module=name if exports else "", exports=exports)
        return artifact("", interface, name=name, source=request.data, dependencies=dependencies)


class Folder:
    """A folder of sources, a cache beside it."""

    def __init__(self, path: Path) -> None:
        self.path = path / "src"
        self.path.mkdir()
        self.cache = LocalArtifacts(str(path / "cache"))
        self.compiler = Compiler()

    def write(self, name: str, text: str) -> None:
        (self.path / name).write_text(text)

    def store(self, *, compiles: bool = True, options: str = "{}") -> ModuleStore:
        return ModuleStore((str(self.path),), self.compiler if compiles else None, self.cache, options)

    def build(self, name: str) -> Artifact:
        made = self.store().fetch(name).artifact
        (self.path / f"{name}.rtfsc").write_bytes(made.encode())
        self.compiler.seen.clear()
        return made


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


def kind(raised: pytest.ExceptionInfo[RtfsError]) -> tuple[str, str]:
    return raised.value.kind, raised.value.message


def test_a_source_is_compiled_once_and_then_found_without_a_compiler(folder: Folder) -> None:
    folder.write("m.rtfs", "export f")
    assert folder.store().fetch("m").artifact.interface.exports == ("f",)
    found = folder.store(compiles=False).fetch("m")
    assert found.artifact.interface.exports == ("f",)
    assert found.path == str(folder.path / "m.rtfs")
    assert folder.compiler.seen == ["m.rtfs"]


CHANGES = [("text", "export g"), ("options", '{"level":0}'), ("import", "export other")]


@pytest.mark.parametrize(("what", "new"), CHANGES)
def test_whatever_can_change_the_output_is_seen(folder: Folder, what: str, new: str) -> None:
    folder.write("k.rtfs", "export base")
    folder.write("m.rtfs", "export f\nimport k")
    folder.store().fetch("m")
    if what != "options":
        path = folder.path / ("m.rtfs" if what == "text" else "k.rtfs")
        before = path.stat()
        path.write_text(new)
        # a key holds no time stamp, so keeping it hides nothing
        os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    options = new if what == "options" else "{}"
    with pytest.raises(RtfsError) as raised:
        folder.store(compiles=False, options=options).fetch("m")
    assert "not compiled" in kind(raised)[1]


def test_an_import_that_changes_back_is_found_again(folder: Folder) -> None:
    folder.write("m.rtfs", "export f\nimport k")
    for text in ("export a", "export b", "export a"):
        folder.write("k.rtfs", text)
        folder.store().fetch("m")
    assert folder.compiler.seen == ["m.rtfs", "k.rtfs", "k.rtfs", "m.rtfs"]


def test_a_module_earlier_on_the_path_wins(folder: Folder, tmp_path: Path) -> None:
    folder.write("m.rtfs", "export f\nimport k")
    folder.write("k.rtfs", "export a")
    folder.store().fetch("m")
    earlier = tmp_path / "earlier"
    earlier.mkdir()
    (earlier / "k.rtfs").write_text("export b")
    store = ModuleStore((str(earlier), str(folder.path)), folder.compiler, folder.cache)
    assert store.interface_digest("k") == store.fetch("m").artifact.meta.dependencies[0].interface_digest


@pytest.mark.parametrize("new", ["export ff", "export g"])
def test_an_artifact_of_another_text_is_passed_over(folder: Folder, new: str) -> None:
    folder.write("m.rtfs", "export f")
    folder.build("m")
    assert folder.store(compiles=False).fetch("m").artifact.interface.exports == ("f",)
    folder.write("m.rtfs", new)
    assert folder.store().fetch("m").artifact.interface.exports == (new.removeprefix("export "),)


def test_an_artifact_alone_is_enough(folder: Folder) -> None:
    folder.write("m.rtfs", "export f")
    folder.build("m")
    (folder.path / "m.rtfs").unlink()
    store = ModuleStore((str(folder.path),))
    assert store.fetch("m").path == str(folder.path / "m.rtfs")


def test_an_artifact_against_another_interface(folder: Folder) -> None:
    folder.write("k.rtfs", "export a")
    folder.write("m.rtfs", "export f\nimport k")
    folder.build("m")
    (folder.path / "m.rtfs").unlink()
    folder.write("k.rtfs", "export b")
    folder.store().fetch("k")
    with pytest.raises(RtfsError, match="built against another k: run `rtfsc build`") as raised:
        folder.store(compiles=False).fetch("m")
    assert isinstance(raised.value.__cause__, ArtifactError)
    made = folder.store().fetch("m").artifact
    assert made.meta.dependencies[0].interface_digest == folder.store().interface_digest("k")


def test_an_artifact_of_another_python_is_compiled_from_its_source(folder: Folder) -> None:
    folder.write("m.rtfs", "export f")
    made = folder.build("m")
    other = Artifact(made.meta, made.key, made.stamp._replace(tag="cpython-310-1"), made._parts)
    (folder.path / "m.rtfsc").write_bytes(other.encode())
    (folder.path / "m.rtfs").unlink()
    assert folder.store().fetch("m").artifact.stamp == made.stamp
    with pytest.raises(RtfsError, match="cpython-310-1"):
        ModuleStore((str(folder.path),)).fetch("m")


@pytest.mark.parametrize("has_source", [True, False])
def test_a_damaged_artifact(folder: Folder, has_source: bool) -> None:
    folder.write("m.rtfs", "export f")
    folder.build("m")
    path = folder.path / "m.rtfsc"
    path.write_bytes(path.read_bytes()[:-1])
    if has_source:
        assert folder.store().fetch("m").artifact.interface.exports == ("f",)
        return
    (folder.path / "m.rtfs").unlink()
    with pytest.raises(RtfsError, match="damaged") as raised:
        folder.store().fetch("m")
    assert raised.value.kind == "ModuleError"


def test_damage_in_the_cache_is_a_miss(folder: Folder, tmp_path: Path) -> None:
    folder.write("m.rtfs", "export f\nimport k")
    folder.write("k.rtfs", "export a")
    folder.store().fetch("m")
    for path in sorted((tmp_path / "cache").rglob("*.*")):
        path.write_bytes(path.read_bytes()[:-1] + b"!")
    folder.compiler.seen.clear()
    assert folder.store().fetch("m").artifact.interface.exports == ("f",)
    assert folder.compiler.seen == ["m.rtfs", "k.rtfs"]


def test_what_is_not_there(folder: Folder) -> None:
    with pytest.raises(RtfsError) as raised:
        folder.store().fetch("no.such")
    assert kind(raised) == ("ModuleNotFound", "Module not found: no.such")


def test_a_program_cannot_be_imported(folder: Folder) -> None:
    folder.write("m.rtfs", "no exports")
    folder.build("m")
    with pytest.raises(RtfsError, match="module form"):
        folder.store(compiles=False).fetch("m")


def test_a_program_without_compiler_and_cache_says_how(folder: Folder) -> None:
    folder.write("m.rtfs", "export f")
    place = find_file(str(folder.path), "m")
    assert place is not None
    with pytest.raises(Uncompiled, match="rtfsc build"):
        ModuleStore(()).fetch_place(place)


def test_a_circle_is_told_in_order(folder: Folder) -> None:
    folder.write("a.rtfs", "export f\nimport b")
    folder.write("b.rtfs", "export f\nimport c")
    folder.write("c.rtfs", "export f\nimport b")
    with pytest.raises(RtfsError) as raised:
        folder.store().fetch("a")
    assert kind(raised) == ("ModuleError", "Module error: Circular dependency: b -> c -> b")


def test_sources_first_passes_over_artifacts(folder: Folder) -> None:
    folder.write("m.rtfs", "export f")
    folder.build("m")
    ModuleStore((str(folder.path),), folder.compiler, sources_first=True).fetch("m")
    assert folder.compiler.seen == ["m.rtfs"]


def test_nothing_stale_in_random_changes(folder: Folder) -> None:
    """A program of three modules changes at random; every look-up gives what compiling anew gives."""
    chance = random.Random(7)
    texts = {
        "a": ["export f\nimport b", "export f\nimport c", "export g\nimport b\nimport c"],
        "b": ["export x\nimport c", "export y\nimport c", "export x"],
        "c": ["export u", "export v"],
    }
    for _ in range(300):
        name = chance.choice("abc")
        folder.write(f"{name}.rtfs", chance.choice(texts[name]))
        for module in "abc":
            path = folder.path / f"{module}.rtfs"
            if not path.exists():
                folder.write(path.name, texts[module][0])
        options = chance.choice(("{}", '{"level":0}'))
        found = folder.store(options=options).fetch("a").artifact
        fresh = ModuleStore((str(folder.path),), Compiler()).fetch("a").artifact
        assert found.encode() == fresh.encode()
        if chance.random() < 0.2:
            (folder.path / "a.rtfsc").write_bytes(found.encode())
