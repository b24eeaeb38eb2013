"""`rtfsc trust`: from a key to a pinned function, and what is refused on the way."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest

from rtfs_runtime.artifact import decode
from rtfsc.cli.app import main

SORTING = """(module sorting (:exports [up down])
  (defn up [xs :[:vector :int]] :[:vector :int] "Smallest first." (vec (sort xs)))
  (defn down [xs :[:vector :int]] :[:vector :int] "Largest first." (vec (reverse (sort xs)))))"""
TYPE = "[:fn [[:vector :int]] [:vector :int]]"


@pytest.fixture(autouse=True)
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RTFS_TRUST_DIR", str(tmp_path / "trust"))
    monkeypatch.setenv("RTFS_CACHE_DIR", str(tmp_path / "cache"))
    # without the encoder: what is published is found by its type
    monkeypatch.setattr("rtfs_runtime.cache.embedding._PACKAGE", "no_such_package_of_ours")
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def artifact(tmp_path: Path) -> Path:
    (tmp_path / "sorting.rtfs").write_text(SORTING)
    assert main(["build", "sorting.rtfs", "-o", "out"]) == 0
    return tmp_path / "out" / "sorting.rtfsc"


def run(capsys: pytest.CaptureFixture[str], *arguments: str, code: int = 0) -> str:
    capsys.readouterr()
    assert main(["trust", *arguments]) == code, capsys.readouterr()
    out, err = capsys.readouterr()
    return out if code == 0 else err


def test_from_a_key_to_a_pin(artifact: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "nobody is trusted yet" in run(capsys, "list")
    made = run(capsys, "keygen", "me")
    secret = tmp_path / "trust" / "keys" / "me.pem"
    assert str(secret) in made
    assert stat.S_IMODE(secret.stat().st_mode) == 0o600
    address = decode(artifact.read_bytes()).address().hex()
    run(capsys, "sign", str(artifact))
    assert decode(artifact.read_bytes()).address().hex() == address
    assert "signed by me, and its source gives it" in run(capsys, "verify", "--rebuild", str(artifact))
    assert f"{address}/down  sorting/down {TYPE}  Largest first." in run(capsys, "publish", str(artifact))
    found = json.loads(run(capsys, "find", "--type", TYPE, "--json"))
    assert [(one["function"], one["status"]) for one in found] == [("down", "Verified"), ("up", "Verified")]
    assert "nothing is published that" in run(capsys, "find", "--type", "[:fn [:int] :int]")
    plan = tmp_path / "plan.rtfs"
    plan.write_text('(defn order [xs :[:vector :int]] :[:vector :int] "Order." xs)\n(order [3 1 2])')
    run(capsys, "pin", "plan/order", f"{address}/down")
    assert f"pin plan/order {address}/down" in run(capsys, "list")
    assert main(["run", str(plan)]) == 0
    assert capsys.readouterr().out == "[3 2 1]\n"
    run(capsys, "pin", "plan/order", "--remove")
    assert main(["run", str(plan)]) == 0
    assert capsys.readouterr().out == "[3 1 2]\n"


def test_a_key_that_was_revoked_signs_in_vain(artifact: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(capsys, "keygen", "me")
    run(capsys, "sign", str(artifact))
    run(capsys, "revoke", "me")
    assert "revoked" in run(capsys, "list")
    assert "E513" in run(capsys, "verify", str(artifact), code=1)
    assert "E513" in run(capsys, "publish", str(artifact), code=2)


def test_another_user_trusts_a_key(
    artifact: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    made = run(capsys, "keygen", "me")
    public = made.split("public: ")[1].split()[0]
    run(capsys, "sign", str(artifact))
    monkeypatch.setenv("RTFS_TRUST_DIR", str(tmp_path / "another"))
    assert "E511" in run(capsys, "verify", str(artifact), code=1)
    run(capsys, "add", "friend", public)
    assert "signed by friend" in run(capsys, "verify", str(artifact))
    assert "there is no secret key" in run(capsys, "sign", str(artifact), code=2)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("verify", "sorting.rtfs"), "E501"),
        (("verify", "out/sorting.rtfsc"), "E510"),
        (("verify", "none.rtfsc"), "none.rtfsc"),
        (("sign", "out/sorting.rtfsc"), "no secret key"),
        (("publish", "out/sorting.rtfsc"), "no secret key"),
        (("keygen", "../me"), "a key's name"),
        (("add", "me", "xyz"), "hexadecimal"),
        (("add", "me", "00"), "32 bytes"),
        (("find", "--type", ":int"), "not the type of a function"),
        (("find", "--type", "[:fn"), "not a type"),
        (("find", "sort"), "pip install"),
        (("pin", "m/f", "00/f"), "nothing is published at 00/f"),
        (("pin", "m/f"), "ADDRESS/FUNCTION"),
        (("pin", "m/f", "--remove"), "not pinned"),
        (("revoke", "nobody"), "no key and no address"),
    ],
)
def test_what_makes_no_sense_is_refused(
    artifact: Path, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], said: str
) -> None:
    code = 1 if arguments[0] == "verify" and arguments[1] != "none.rtfsc" else 2
    assert said in run(capsys, *arguments, code=code)


def test_a_rebuilt_artifact_that_differs(artifact: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(capsys, "keygen", "me")
    run(capsys, "sign", str(artifact))
    # the source inside another artifact, under its own name
    Path("sorting.rtfs").write_text(SORTING.replace("reverse", "identity"))
    assert main(["build", "sorting.rtfs", "-o", "out2"]) == 0
    one, two = decode(artifact.read_bytes()), decode(Path("out2/sorting.rtfsc").read_bytes())
    one._parts = one._parts._replace(code=two._parts.code)
    artifact.write_bytes(one.encode())
    run(capsys, "sign", str(artifact))
    assert "signed by me" in run(capsys, "verify", str(artifact))
    assert "compiles to other code" in run(capsys, "verify", "--rebuild", str(artifact), code=1)
