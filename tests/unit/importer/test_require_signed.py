"""Imports and sessions that load only what a trusted key signed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from rtfs_runtime import signing, trust
from rtfs_runtime.artifact import ArtifactError, join_signature, split_signature
from rtfs_runtime.errors import RtfsError
from rtfs_runtime.modulestore import ModuleStore
from rtfs_runtime.session import Session
from rtfs_runtime.trust import Trust
from rtfsc.driver import compile_text, compiler

ROOT = Path(__file__).parents[3]
PLAN = "(module plan (:exports [f]) (defn f [x] (+ x 1)))"


class Folder:
    """A folder with a signed plan, and a store that wants signatures."""

    def __init__(self, path: Path) -> None:
        self.pem, self.key = signing.generate_key("mine")
        self.believed = trust.add_key(Trust(), self.key)
        self.file = path / "plan.rtfsc"
        content = compile_text(PLAN, name="plan.rtfs").artifact.encode()
        self.file.write_bytes(join_signature(content, signing.sign(content, self.pem)))
        self.modules = ModuleStore((str(path),), compiler())
        self.modules.require_signed(self.believed)

    def refused(self) -> str:
        with pytest.raises(RtfsError) as caught:
            self.modules.forget()
            Session(modules=self.modules).call("plan", "f", 1)
        assert isinstance(caught.value.__cause__, ArtifactError)
        return caught.value.__cause__.code


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


def test_what_is_signed_is_loaded(folder: Folder) -> None:
    assert Session(modules=folder.modules).call("plan", "f", 1).value == 2


def test_a_source_beside_it_must_be_its_own(folder: Folder, tmp_path: Path) -> None:
    (tmp_path / "plan.rtfs").write_text(PLAN)
    assert Session(modules=folder.modules).call("plan", "f", 1).value == 2
    (tmp_path / "plan.rtfs").write_text(PLAN.replace("1", "2"))
    assert folder.refused() == "E510"
    folder.file.unlink()
    assert folder.refused() == "E510"


def test_all_else_is_refused(folder: Folder) -> None:
    data = folder.file.read_bytes()
    content, _ = split_signature(data)
    folder.file.write_bytes(content)
    assert folder.refused() == "E510"
    folder.file.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
    assert folder.refused() == "E512"
    stranger, _ = signing.generate_key()
    folder.file.write_bytes(join_signature(content, signing.sign(content, stranger)))
    assert folder.refused() == "E511"


def test_a_text_is_not_compiled(folder: Folder) -> None:
    with pytest.raises(ArtifactError, match="E510"):
        folder.modules.fetch_text("(+ 1 2)", "<text>")


IMPORT = """
import sys
sys.path[:0] = [{root!r}, {runtime!r}]
import rtfsc
rtfsc.install([{folder!r}], require_signed=True)
import plan
print(plan.f(1))
try:
    import other
except ImportError as error:
    print(str(error)[:4])
"""


def test_imports_of_python_too(folder: Folder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    trust.write_trust(str(tmp_path / "trust"), folder.believed)
    monkeypatch.setenv("RTFS_TRUST_DIR", str(tmp_path / "trust"))
    (tmp_path / "other.rtfs").write_text(PLAN)
    script = IMPORT.format(root=str(ROOT), runtime=str(ROOT / "runtime"), folder=str(tmp_path))
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.stdout.split() == ["2", "E510"], done.stderr
