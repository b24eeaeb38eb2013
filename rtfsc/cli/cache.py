"""`rtfsc cache stats|show|why|rm|clear|tune`: what the caches of this user hold.

In: the cache directory (`RTFS_CACHE_DIR`, else the platform's). Out: tables; `--json` gives the same as data.
"""

from __future__ import annotations

import contextlib
import json
import os
import time
from collections.abc import Iterator
from typing import Annotated, Final

import typer

from rtfs_runtime.cache.differences import nearest_difference
from rtfs_runtime.cache.inference_result import InferenceResult, read_result
from rtfs_runtime.cache.l4_artifact import local_artifacts
from rtfs_runtime.cache.layer import SerializationError, StorageError
from rtfs_runtime.cache.manager import L2, L3
from rtfs_runtime.cache.sqlite import ANY_LABELS, FILE_NAME, Entry, Labels, SqliteStore, remove_file
from rtfs_runtime.userdirs import cache_directory
from rtfsc.cli import cache_tune
from rtfsc.cli.outcome import CommandError

app = typer.Typer(help="Show and clear what was answered and compiled before.", no_args_is_help=True)
app.command("tune")(cache_tune.command)

_SHOWN_KEY: Final = 12
# the other counts of L3 are what `tune` shows
_LIKENESS: Final = ("served", "saved_tokens", "saved_usd")
_SHOWN_TEXT: Final = 44
_Model = Annotated[str | None, typer.Option("--model", help="Only answers of this model.", metavar="ID")]
_Function = Annotated[
    str | None, typer.Option("--function", help="Only answers for this function.", metavar="MODULE/NAME")
]
_Json = Annotated[bool, typer.Option("--json", help="Print data as JSON.")]
_Key = Annotated[str, typer.Argument(help="The beginning of a key, as `show` prints it.", metavar="KEY")]


@app.command("stats")
def stats(as_json: _Json = False) -> None:
    """Show how much is kept, how often it was used, and what that saved."""
    rows: dict[str, dict[str, object]] = {}
    with _answers() as store:
        if store is not None:
            rows["answers"] = {"entries": store.count(), "size_bytes": _file_bytes(store.path)}
            rows["answers"] |= {name: _number(value) for name, value in store.counts().items()}
        else:
            rows["answers"] = {"entries": 0}
    with _answers(L3) as store:
        if store is not None and store.count():
            rows["likeness"] = {"entries": store.count()}
            counts = store.counts()
            rows["likeness"] |= {name: _number(counts[name]) for name in _LIKENESS if name in counts}
    rows["compiled"] = {"entries": local_artifacts().stats().size}
    if as_json:
        typer.echo(json.dumps({"directory": cache_directory(), "layers": rows}))
        return
    typer.echo(f"in {cache_directory()}")
    for name, row in rows.items():
        typer.echo(f"{name:<9} " + ", ".join(_shown_count(key, value) for key, value in row.items()))


@app.command("show")
def show(
    key: Annotated[
        str | None, typer.Argument(help="The beginning of a key: show this answer whole.", metavar="[KEY]")
    ] = None,
    model: _Model = None,
    function: _Function = None,
    limit: Annotated[int, typer.Option(help="How many, the latest first.", min=1)] = 20,
    as_json: _Json = False,
) -> None:
    """List the answers that are kept, or show one of them."""
    if key is not None:
        with _answers() as store:
            entry, found = _one(store, key)
        typer.echo(json.dumps(_data(entry, found), indent=None if as_json else 2, ensure_ascii=False))
        return
    entries = _find(model, function)[::-1]
    shown = entries[:limit]
    if as_json:
        typer.echo(json.dumps([_data(*one) for one in shown], ensure_ascii=False))
        return
    for entry, found in shown:
        asked, answered = _brief(found.about.shown), _brief(found.output)
        age = _age(time.time() - entry.created_s)
        typer.echo(
            f"{entry.key.hex()[:_SHOWN_KEY]}  {age:>5}  {entry.labels.function} "
            f"[{entry.labels.model}]  {asked} → {answered}"
        )
    if len(entries) > len(shown):
        typer.echo(f"… and {len(entries) - len(shown)} more: --limit {len(entries)} shows all")
    elif not entries:
        typer.echo("no answers are kept")


@app.command("why")
def why(key: _Key) -> None:
    """Say why the request of an answer was new: what tells it from the nearest one before it."""
    typer.echo(why_new(key))


def why_new(key: str) -> str:
    """Tell what tells the request of an answer from the nearest one before it. Raises: CommandError."""
    with _answers() as store:
        entry, found = _one(store, key)
        assert store is not None
        labels = Labels(None, entry.labels.function, entry.labels.tenant, None)
        earlier = [
            (one, result)
            for one, result in _read(store.find(labels))
            if one.created_s <= entry.created_s and one.key != entry.key
        ]
    difference = nearest_difference(found.about, [result for _, result in earlier])
    if difference is None:
        return f"it was the first request of {entry.labels.function or 'its function'} that is still kept"
    near = next(one.key for one, result in earlier if result is difference.nearest)
    age = _age(entry.created_s - difference.nearest.created_at)
    return (
        f"a miss: {entry.key.hex()[:_SHOWN_KEY]} differs from {near.hex()[:_SHOWN_KEY]}, "
        f"answered {age} before, in {', '.join(difference.parts) or 'nothing (that one was out of date)'}"
    )


@app.command("rm")
def remove(
    key: Annotated[str | None, typer.Argument(help="The beginning of a key.", metavar="[KEY]")] = None,
    model: _Model = None,
    function: _Function = None,
) -> None:
    """Forget one answer, or those of a model or a function."""
    if (key is None) == (model is None and function is None):
        raise CommandError("name a KEY, or --model or --function; `rtfsc cache clear` forgets everything")
    entries = _find(model, function)
    with _answers() as store:
        if key is not None:
            entries = [_one(store, key)]
        gone = sum(store.remove(entry.key) for entry, _ in entries) if store is not None else 0
    typer.echo(f"{gone} forgotten")


@app.command("clear")
def clear(
    answers: Annotated[bool, typer.Option("--answers", help="Only the answers of models.")] = False,
    compiled: Annotated[bool, typer.Option("--compiled", help="Only compiled code.")] = False,
) -> None:
    """Forget everything that is kept; a damaged file goes too."""
    everything = answers == compiled
    if answers or everything:
        try:
            # the file as a whole: what is damaged cannot be emptied
            remove_file(os.path.join(cache_directory(), FILE_NAME))
        except StorageError as error:
            raise CommandError(str(error)) from None
        typer.echo("answers forgotten")
    if compiled or everything:
        artifacts = local_artifacts()
        artifacts.clear()
        if artifacts.problems:
            raise CommandError(artifacts.problems[0])
        typer.echo("compiled code forgotten")


@contextlib.contextmanager
def _answers(layer: str = L2) -> Iterator[SqliteStore | None]:
    """Open the answers, or another layer beside them; None when nothing was ever kept."""
    path = os.path.join(cache_directory(), FILE_NAME)
    if not os.path.exists(path):
        yield None
        return
    store = SqliteStore(path, layer, busy_s=5.0)
    try:
        yield store
    except StorageError as error:
        raise CommandError(f"{error}; `rtfsc cache clear --answers` makes a new one") from None
    finally:
        store.close()


def _find(model: str | None, function: str | None) -> list[tuple[Entry, InferenceResult]]:
    with _answers() as store:
        if store is None:
            return []
        return _read(store.find(ANY_LABELS._replace(model=model, function=function)))


def _one(store: SqliteStore | None, key: str) -> tuple[Entry, InferenceResult]:
    try:
        prefix = bytes.fromhex(key[: len(key) // 2 * 2])
    except ValueError:
        raise CommandError(f"a key is hexadecimal, as `rtfsc cache show` prints it, not {key!r}") from None
    entries = [] if store is None or not prefix else _read(store.find(key_prefix=prefix))
    entries = [one for one in entries if one[0].key.hex().startswith(key.lower())]
    if len(entries) != 1:
        known = "no answer has" if not entries else f"{len(entries)} answers have"
        raise CommandError(f"{known} a key that begins with {key}: `rtfsc cache show` lists them")
    return entries[0]


def _read(entries: list[Entry]) -> list[tuple[Entry, InferenceResult]]:
    found = []
    for entry in entries:
        with contextlib.suppress(SerializationError):
            found.append((entry, read_result(entry.value)))
    return found


def _data(entry: Entry, found: InferenceResult) -> dict[str, object]:
    return {
        "key": entry.key.hex(),
        "function": entry.labels.function,
        "model": entry.labels.model,
        "model_version": found.model_version,
        "tenant": entry.labels.tenant,
        "input": found.about.shown,
        "output": found.output,
        "confidence": found.confidence,
        "tokens": [found.usage.input_tokens, found.usage.output_tokens],
        "cost_usd": found.usage.cost_usd,
        "inference_time_s": found.inference_time_s,
        "created_s": entry.created_s,
        "expires_s": entry.expires_s,
    }


def _file_bytes(path: str) -> int:
    return sum(os.path.getsize(each) for each in (path, path + "-wal") if os.path.exists(each))


def _number(value: float) -> float | int:
    return int(value) if value == int(value) else round(value, 6)


def _shown_count(name: str, value: object) -> str:
    if name == "size_bytes":
        assert isinstance(value, int)
        return f"{value / 1024:.0f} KB"
    if name == "saved_usd":
        return f"${value:.6f}".rstrip("0").rstrip(".") + " saved"
    return f"{value} {name.replace('saved_tokens', 'tokens saved')}"


def _age(seconds: float) -> str:
    for limit, unit, size in ((120, "s", 1), (7200, "min", 60), (172_800, "h", 3600)):
        if seconds < limit:
            return f"{max(seconds, 0) / size:.0f} {unit}"
    return f"{seconds / 86_400:.0f} d"


def _brief(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= _SHOWN_TEXT else text[: _SHOWN_TEXT - 1] + "…"
