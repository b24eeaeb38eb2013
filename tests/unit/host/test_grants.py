"""Grants: how they are spelled, what they cover, and what a refusal says."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from rtfs_runtime.errors import RtfsError
from rtfs_runtime.host.grants import Grant, Grants, Need, flag, real_path


@pytest.mark.parametrize(
    ("text", "grant"),
    [
        ("print", Grant("print")),
        ("time", Grant("time")),
        ("http:API.example.com", Grant("http", "api.example.com")),
        ("http:localhost:8080", Grant("http", "localhost:8080")),
        ("env:HOME", Grant("env", "HOME")),
        ("cap:reports", Grant("cap", "reports")),
        (":crm/customer", Grant("cap", "crm/customer")),
        ("ccos.io.*", Grant("cap", "ccos.io.*")),
    ],
)
def test_spellings(text: str, grant: Grant) -> None:
    assert Grants.parse([text]).items == (grant,)


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("prnt", "did you mean `print`"),
        ("raed:/tmp", "did you mean `read`"),
        ("print:yes", "write `print`"),
        ("read:", "write `read:NAME`"),
        ("read", "write `read:NAME`"),
        ("zzz", "`cap:zzz`"),
    ],
)
def test_wrong_spellings_name_the_right_one(text: str, hint: str) -> None:
    with pytest.raises(ValueError, match=hint):
        Grants.parse([text])


@pytest.mark.parametrize(
    ("grant", "need", "covered"),
    [
        ("http:*.example.com", Need("http", "api.example.com"), True),
        ("http:example.com", Need("http", "example.com:8080"), True),
        ("http:example.com:80", Need("http", "example.com"), False),
        ("http:example.com", Need("http", "example.com.evil.org"), False),
        ("env:AWS_*", Need("env", "AWS_KEY"), True),
        ("env:HOME", Need("env", "HOMEPATH"), False),
        ("crm/*", Need("cap", "crm/customer"), True),
        ("crm/*", Need("cap", "crmx"), False),
        ("print", Need("input"), False),
        ("read:/data", Need("write", "/data/x"), False),
        ("read:/data", Need("read", "/database/x"), False),
        ("read:/", Need("read", "/data/x"), True),
    ],
)
def test_what_a_grant_covers(grant: str, need: Need, covered: bool) -> None:
    assert Grants.parse([grant]).items[0].covers(need) is covered


def test_nothing_is_granted_by_default() -> None:
    with pytest.raises(RtfsError) as caught:
        Grants().check("ccos.io.println", "write", [Need("print")])
    assert caught.value.kind == "SecurityViolation"
    assert caught.value.message.endswith("--allow print")


def test_the_flag_of_a_refusal_allows_it(tmp_path: Path) -> None:
    folder = tmp_path / "a folder"
    folder.mkdir()
    need = Need("read", str(folder / "x.txt"))
    with pytest.raises(RtfsError) as caught:
        Grants().check("ccos.io.read-file", "read", [need])
    word = caught.value.message.rpartition("--allow ")[2]
    assert word == f"'read:{folder}'"
    Grants.parse([word.strip("'")]).check("ccos.io.read-file", "read", [need])


@pytest.mark.parametrize(
    ("need", "word"),
    [
        (Need("cap", "crm/customer"), "crm/customer"),
        (Need("cap", "reports"), "cap:reports"),
        (Need("cap", "a b"), "'cap:a b'"),
        (Need("env", "HOME"), "env:HOME"),
        (Need("http", "localhost:8080"), "http:localhost:8080"),
    ],
)
def test_flags_read_back(need: Need, word: str) -> None:
    assert flag(need) == word
    assert Grants.parse([word.strip("'")]).items[0].covers(need)


def test_neither_dots_nor_links_lead_out(tmp_path: Path) -> None:
    inside, outside = tmp_path / "in", tmp_path / "out"
    inside.mkdir()
    outside.mkdir()
    (outside / "secret").write_text("s")
    os.symlink(outside, inside / "link")
    grant = Grants.parse([f"read:{inside}"]).items[0]
    assert grant.covers(Need("read", real_path(f"{inside}/new/../x")))
    assert not grant.covers(Need("read", real_path(f"{inside}/../out/secret")))
    assert not grant.covers(Need("read", real_path(f"{inside}/link/secret")))


def test_a_granted_link_means_what_it_points_to(tmp_path: Path) -> None:
    real = tmp_path / "real"
    real.mkdir()
    os.symlink(real, tmp_path / "link")
    grant = Grants.parse(["read:link"], base=tmp_path).items[0]
    assert grant.covers(Need("read", real_path(str(real / "x"))))


def test_a_run_may_read_its_own_folder_and_talk(tmp_path: Path) -> None:
    grants = Grants.for_run(tmp_path / "plan.rtfs")
    grants.check("x", "read", [Need("read", real_path(str(tmp_path / "data" / "d.json"))), Need("print")])
    with pytest.raises(RtfsError):
        grants.check("x", "write", [Need("write", real_path(str(tmp_path / "d.json")))])


def test_a_capability_granted_as_a_whole_needs_nothing_else() -> None:
    Grants.parse(["ccos.io.read-file"]).check("ccos.io.read-file", "read", [Need("read", "/anywhere")])


def test_grants_add_up() -> None:
    both = Grants.parse(["print"]) | Grants.parse(["time", "print"])
    assert both.items == (Grant("print"), Grant("time"))
