"""Names of modules to files."""

from __future__ import annotations

from pathlib import Path

import pytest

from rtfs_runtime.modulepath import Place, file_names, find_module

NAMES = [
    ("m", ("m",)),
    ("a.b.c", ("a/b/c",)),
    ("my.pkg/util", ("my/pkg/util",)),
    ("com.acme:v1.2/util", ("com/acme/v1.2/util", "com/acme/util")),
    ("com.acme:v1.2/util.text", ("com/acme/v1.2/util/text", "com/acme/util/text")),
    ("a-b", ("a-b",)),
    ("../secret", ()),
    ("..", ()),
    ("a..b", ()),
    ("/etc/passwd", ()),
    ("a/../../b", ()),
    ("a:../b", ("a/b",)),
    ("a\\b", ()),
    ("a\0b", ()),
    ("C:x/y", ("C/x/y", "C/y")),
    ("", ()),
]


@pytest.mark.parametrize(("module", "names"), NAMES)
def test_file_names(module: str, names: tuple[str, ...]) -> None:
    assert file_names(module) == names


def test_directories_are_tried_in_order_and_versions_first(tmp_path: Path) -> None:
    first, second = tmp_path / "1", tmp_path / "2"
    for path in (first / "x" / "u.rtfs", second / "x" / "v1" / "u.rtfs", second / "x" / "u.rtfsc"):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    paths = (str(first), str(second))
    assert find_module("x:v1/u", paths) == Place("x/u.rtfs", str(first / "x" / "u.rtfs"), None)
    found = find_module("x:v1/u", paths[1:])
    assert found is not None
    assert found.filename == "x/v1/u.rtfs"
    compiled = find_module("x/u", paths[1:])
    assert compiled is not None
    assert compiled.source_path is None
    assert compiled.path == str(second / "x" / "u.rtfs")
    assert find_module("nothing", paths) is None
