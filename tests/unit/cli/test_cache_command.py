"""`rtfsc cache`: what it shows and forgets."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from rtfs_runtime.cache.l2_inference import InferenceCache
from rtfs_runtime.cache.manager import CacheManager
from rtfs_runtime.cache.sqlite import FILE_NAME, SqliteStore
from rtfsc.cli.app import main
from tests.unit.cache.requests import BY, ask, reply


@pytest.fixture(autouse=True)
def directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("RTFS_CACHE_DIR", str(tmp_path / "caches"))
    return tmp_path / "caches"


def fill(directory: Path, *texts: str) -> list[str]:
    """Answer some requests, a second apart, and give their keys."""
    now_s = [1000.0]
    manager = CacheManager.open(str(directory), lambda: now_s[0])
    keys = []
    for text in texts:
        now_s[0] += 1
        keys.append(_answer(manager.l2, text))
    manager.close()
    return keys


def _answer(l2: InferenceCache, text: str) -> str:
    _, lookup = l2.answer(ask(text), BY, lambda _: reply(f"answer to {text}"))
    return lookup.key.hex()


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert main(["cache", *arguments]) == 0
    return capsys.readouterr().out


def refused(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert main(["cache", *arguments]) == 2
    return capsys.readouterr().err


def test_nothing_is_kept_at_first(capsys: pytest.CaptureFixture[str], directory: Path) -> None:
    assert "answers   0 entries" in run(capsys, "stats")
    assert run(capsys, "show") == "no answers are kept\n"
    assert run(capsys, "rm", "--model", "small") == "0 forgotten\n"
    run(capsys, "clear")
    assert not directory.exists()


def test_stats(capsys: pytest.CaptureFixture[str], directory: Path) -> None:
    fill(directory, "one", "two", "one")
    out = run(capsys, "stats")
    assert str(directory) in out
    assert "2 entries" in out and "1 hits, 2 misses, 2 puts, 13 tokens saved, $0.003 saved" in out
    data = json.loads(run(capsys, "stats", "--json"))
    assert data["layers"]["answers"]["hits"] == 1
    assert data["layers"]["compiled"] == {"entries": 0}


def test_show(capsys: pytest.CaptureFixture[str], directory: Path) -> None:
    keys = fill(directory, "one", "two", "three")
    lines = run(capsys, "show", "--limit", "2").splitlines()
    assert lines[0].startswith(keys[2][:12]) and "shop/mood [small]  three → answer to three" in lines[0]
    assert lines[2] == "… and 1 more: --limit 3 shows all"
    assert run(capsys, "show", "--model", "big") == "no answers are kept\n"
    assert len(run(capsys, "show", "--function", "shop/mood").splitlines()) == 3
    one = json.loads(run(capsys, "show", keys[0][:7]))
    assert (one["key"], one["input"], one["output"]) == (keys[0], "one", "answer to one")
    rows = json.loads(run(capsys, "show", "--json"))
    assert [row["output"] for row in rows] == ["answer to three", "answer to two", "answer to one"]


def test_why(capsys: pytest.CaptureFixture[str], directory: Path) -> None:
    keys = fill(directory, "one", "two")
    assert "the first request of shop/mood" in run(capsys, "why", keys[0])
    assert run(capsys, "why", keys[1]) == (
        f"a miss: {keys[1][:12]} differs from {keys[0][:12]}, answered 1 s before, in the arguments\n"
    )


def test_explain_takes_a_key_too(capsys: pytest.CaptureFixture[str], directory: Path) -> None:
    keys = fill(directory, "one", "two")
    assert main(["explain", keys[1][:12]]) == 0
    assert capsys.readouterr().out.startswith(f"a miss: {keys[1][:12]} differs")
    assert main(["explain", "abcdef0123"]) == 2
    assert "no answer has a key" in capsys.readouterr().err


def test_explain_says_why_a_file_is_compiled(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.dont_write_bytecode", False)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "help.rtfs").write_text("(module help (:exports [f]) (defn f [x] x))")
    (tmp_path / "plan.rtfs").write_text("(import help) (defn main [] (help/f 1))")

    def explained() -> str:
        assert main(["explain", "plan.rtfs"]) == 0
        return capsys.readouterr().out.strip().rpartition("compiled: ")[2]

    assert explained() == "a miss: this file was not compiled before, or nothing of it is kept"
    assert main(["run", "plan.rtfs"]) == 0
    capsys.readouterr()
    assert explained().startswith("a hit: the same source")
    (tmp_path / "help.rtfs").write_text("(module help (:exports [f]) (defn f [x y] x))")
    assert explained() == "a miss: it differs from the last time in the interface of help, which it imports"
    (tmp_path / "plan.rtfs").write_text("(import help) (defn main [] (help/f 1 2))")
    assert explained() == "a miss: it differs from the last time in the source"
    assert main(["run", "plan.rtfs"]) == 0
    (tmp_path / "delegation.toml").write_text('[[rules]]\nmatch = "other/*"\ntarget = "local-model:m"\n')
    assert explained().endswith("in the options, the policy or the compiler itself")


def test_rm(capsys: pytest.CaptureFixture[str], directory: Path) -> None:
    keys = fill(directory, "one", "two", "three")
    assert run(capsys, "rm", keys[1]) == "1 forgotten\n"
    assert keys[1][:12] not in run(capsys, "show")
    assert "no answer has a key" in refused(capsys, "rm", keys[1])
    assert "name a KEY" in refused(capsys, "rm")
    assert run(capsys, "rm", "--function", "shop/mood") == "2 forgotten\n"
    assert "hexadecimal" in refused(capsys, "show", "xyz")


def test_clear_also_removes_what_is_damaged(capsys: pytest.CaptureFixture[str], directory: Path) -> None:
    fill(directory, "one")
    (directory / FILE_NAME).write_text("nothing of ours" * 100)
    assert "rtfsc cache clear --answers" in refused(capsys, "show")
    assert run(capsys, "clear", "--answers") == "answers forgotten\n"
    assert run(capsys, "show") == "no answers are kept\n"
    assert run(capsys, "clear", "--compiled") == "compiled code forgotten\n"


def test_tune(capsys: pytest.CaptureFixture[str], directory: Path) -> None:
    assert "no pairs were seen yet" in run(capsys, "tune")
    store = SqliteStore(str(directory / FILE_NAME), "l3")
    name = "english-1\tshop/mood\tsmall\t\t"
    store.add_counts({f"{name}right\t91": 20, f"{name}right\t76": 4})
    other = "english-1\tshop/topic\tsmall\tacme\t"
    store.add_counts({f"{other}right\t91": 20, f"{other}wrong\t88": 1})
    store.close()
    out = run(capsys, "tune")
    assert "shop/mood [small]: answers from likeness 0.75 on (at most 0.92% wrong)" in out
    assert "24 pairs seen, 0 wrong" in out
    assert "shop/topic [small] of acme: off: up to 20.7% may be wrong, 1.0% is allowed" in out
    plot = next(line for line in out.splitlines() if line.strip().startswith("0.90"))
    assert plot.count("█") == 40 and plot.endswith("20 right    0 wrong")
    assert "shop/mood" not in run(capsys, "tune", "--function", "shop/topic")
    data = json.loads(run(capsys, "tune", "--json", "--max-error", "0.3"))
    assert [one["threshold"] for one in data] == [0.7, 0.7]
    assert data[1]["wrong"] == {"0.88": 1}
