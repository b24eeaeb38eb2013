"""`rtfsc trust keygen|add|list|sign|verify|publish|find|pin|revoke`: who is believed, and what is published.

In: artifacts and keys. Out: signatures, a trust list (`RTFS_TRUST_DIR`, else the platform's place), published
modules below the cache directory. A signature is checked before a byte is decoded, in each of these commands.
"""

from __future__ import annotations

import json
import os
import time
from typing import Annotated, Final

import typer

from rtfs_runtime import signing
from rtfs_runtime import trust as trusts
from rtfs_runtime.artifact import ArtifactError, decode, join_signature, split_signature
from rtfs_runtime.cache.embedding import Embedder, MiniLm
from rtfs_runtime.cache.l4_library import Library, Published, open_library, type_hash
from rtfs_runtime.cache.layer import CacheError
from rtfs_runtime.cache.store import write_file
from rtfs_runtime.type_reader import read_type
from rtfs_runtime.types import FnType
from rtfs_runtime.userdirs import trust_directory
from rtfsc.cli.outcome import CommandError

app = typer.Typer(help="Sign, publish, find, pin compiled modules; say whom to trust.", no_args_is_help=True)

_Artifact = Annotated[str, typer.Argument(help="An artifact.", metavar="FILE.rtfsc")]
_Key = Annotated[str | None, typer.Option("--key", help="The key's name; needed when there are several.")]
_SHOWN_TEXT: Final = 60


@app.command("keygen")
def keygen(name: Annotated[str, typer.Argument(help="What to call the key.", metavar="NAME")]) -> None:
    """Make a pair of keys: the secret one is kept for this user alone, the public one is trusted."""
    if not name or not all(char.isalnum() or char in "-_." for char in name) or name.startswith("."):
        raise CommandError(f"a key's name has letters, digits, `-`, `_` and `.`, not {name!r}")
    path = _secret_path(name)
    if os.path.exists(path):
        raise CommandError(f"there is a key {name} already: {path}")
    directory = trust_directory()
    pem, public = signing.generate_key(name)
    trust = trusts.add_key(trusts.read_trust(directory), public)
    try:
        os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(pem)
    except OSError as error:
        raise CommandError(str(error)) from None
    trusts.write_trust(directory, trust)
    typer.echo(f"{public.id} {name}")
    typer.echo(f"secret: {path}")
    typer.echo(f"public: {public.raw.hex()}")
    typer.echo(f"others trust it with `rtfsc trust add {name} {public.raw.hex()}`")


@app.command("add")
def add(
    name: Annotated[str, typer.Argument(help="What to call the key.", metavar="NAME")],
    public: Annotated[str, typer.Argument(help="The public key, as `keygen` prints it.", metavar="PUBLIC")],
) -> None:
    """Trust a key: what it signed is loaded."""
    try:
        key = signing.public_key(bytes.fromhex(public), name)
    except ValueError:
        raise CommandError(f"a public key is hexadecimal, not {public!r}") from None
    directory = trust_directory()
    trusts.write_trust(directory, trusts.add_key(trusts.read_trust(directory), key))
    typer.echo(f"{key.id} {name}")


@app.command("list")
def show() -> None:
    """Show the keys that are trusted, what was revoked, and what is pinned."""
    trust = trusts.read_trust(trust_directory())
    for key in trust.keys.values():
        revoked = "  revoked" if key.id in trust.revoked_keys else ""
        typer.echo(f"key {key.id} {key.name}{revoked}")
    for address in sorted(trust.revoked_artifacts):
        typer.echo(f"revoked {address}")
    for symbol, pointer in trust.pins.items():
        typer.echo(f"pin {symbol} {pointer}")
    if trust == trusts.Trust():
        typer.echo("nobody is trusted yet: `rtfsc trust keygen NAME` makes a key")


@app.command("sign")
def sign(
    files: Annotated[list[str], typer.Argument(help="Artifacts.", metavar="FILE.rtfsc...")], key: _Key = None
) -> None:
    """Sign artifacts; what they contain stays as it is, and an older signature goes."""
    pem = _secret(key)
    for path in files:
        content, _ = split_signature(_read(path))
        # not one byte of what nobody wrote on purpose is signed
        decode(content)
        _write(path, join_signature(content, signing.sign(content, pem)))
        typer.echo(f"signed {path}")


@app.command("verify")
def verify(
    files: Annotated[list[str], typer.Argument(help="Artifacts.", metavar="FILE.rtfsc...")],
    rebuild: Annotated[
        bool, typer.Option("--rebuild", help="Compile the source inside again, and compare.")
    ] = False,
) -> None:
    """Say who signed artifacts; exit code 1 when one is not signed by a trusted key."""
    trust = trusts.read_trust(trust_directory())
    wrong = False
    for path in files:
        try:
            content, key = trusts.admit(_read(path), trust, path)
            if rebuild:
                _check_rebuilt(content, path)
        except ArtifactError as error:
            wrong = True
            typer.echo(f"{error}", err=True)
        else:
            typer.echo(f"{path}: signed by {key.name or key.id}{', and its source gives it' * rebuild}")
    if wrong:
        raise typer.Exit(1)


@app.command("publish")
def publish(file: _Artifact, key: _Key = None) -> None:
    """Put a module where it can be found and pinned; it is signed first when it is not."""
    data = _read(file)
    content, block = split_signature(data)
    if block is None:
        decode(content)
        data = join_signature(content, signing.sign(content, _secret(key)))
    library = _library(_encoder())
    try:
        records = library.publish_module(data)
    except CacheError as error:
        raise CommandError(str(error)) from None
    finally:
        library.close()
    for record in records:
        typer.echo(_line(record))
    if not records:
        typer.echo("published; it exports no functions")


@app.command("find")
def find(
    text: Annotated[str | None, typer.Argument(help="What it should do.", metavar="[TEXT]")] = None,
    kind: Annotated[
        str | None, typer.Option("--type", help="What it takes and gives, exactly: '[:fn [:string] :int]'.")
    ] = None,
    limit: Annotated[int, typer.Option(help="How many.", min=1)] = 10,
    as_json: Annotated[bool, typer.Option("--json", help="Print data as JSON.")] = False,
) -> None:
    """Look for published functions; this suggests, and only a pin decides."""
    encoder = None if text is None else MiniLm()
    library = _library(encoder)
    try:
        vector = None if encoder is None or text is None else encoder.embed(text)
        found = library.query(None if kind is None else _hash_of(kind), vector)[:limit]
        rows = [(record, likeness, library.status(record)) for record, likeness in found]
    except CacheError as error:
        raise CommandError(str(error)) from None
    finally:
        library.close()
    if as_json:
        shown = [
            {"pointer": one.pointer, "module": one.module, "function": one.name, "doc": one.doc,
             "type": one.signature_text, "key": one.key_id, "likeness": round(likeness, 4), "status": status}
            for one, likeness, status in rows
        ]  # fmt: skip
        typer.echo(json.dumps(shown, ensure_ascii=False))
        return
    for record, likeness, status in rows:
        mark = "" if status == "Verified" else f"  {status.lower()}"
        typer.echo(f"{likeness:.2f}  {_line(record)}{mark}")
    if not rows:
        typer.echo("nothing is published that takes and gives this" if kind else "nothing is published")


@app.command("pin")
def pin(
    symbol: Annotated[str, typer.Argument(help="The function to stand for.", metavar="MODULE/FUNCTION")],
    pointer: Annotated[
        str | None, typer.Argument(help="What executes it, as `find` prints it.", metavar="ADDRESS/FUNCTION")
    ] = None,
    remove: Annotated[bool, typer.Option("--remove", help="Take the pin away.")] = False,
) -> None:
    """Let a published function answer the calls of one of yours, wherever a policy is asked."""
    directory = trust_directory()
    trust = trusts.read_trust(directory)
    pins = dict(trust.pins)
    if remove:
        if pins.pop(symbol, None) is None:
            raise CommandError(f"{symbol} is not pinned")
    else:
        if pointer is None:
            raise CommandError("name an ADDRESS/FUNCTION: `rtfsc trust find` lists them")
        library = _library(None)
        try:
            record = library.record(pointer)
            if record is None:
                raise CommandError(f"nothing is published at {pointer}: `rtfsc trust find` lists what is")
            # a pin of what nobody may load would only fail later
            library.fetch(record.address)
        except CacheError as error:
            raise CommandError(str(error)) from None
        finally:
            library.close()
        pins[symbol] = pointer
    trusts.write_trust(directory, trust._replace(pins=pins))
    typer.echo(f"{symbol} is {'itself again' if remove else pointer}")


@app.command("revoke")
def revoke(
    what: Annotated[str, typer.Argument(help="A key, or the address of a module.", metavar="KEY|ADDRESS")],
) -> None:
    """Believe a key, or one published module, no longer; this cannot be taken back."""
    directory = trust_directory()
    trust = trusts.read_trust(directory)
    key = trusts.find_key(trust, what)
    if key is not None:
        changed = trust._replace(revoked_keys=trust.revoked_keys | {key.id})
    elif len(what) == 32 and all(char in "0123456789abcdef" for char in what):
        changed = trust._replace(revoked_artifacts=trust.revoked_artifacts | {what})
    else:
        known = ", ".join(one.name or one.id for one in trust.keys.values()) or "none"
        raise CommandError(f"no key and no address: {what}; keys are {known}")
    trusts.write_trust(directory, changed)
    typer.echo(f"revoked {what}")


def _check_rebuilt(content: bytes, path: str) -> None:
    from rtfsc.reproduce import reproduces

    why = reproduces(decode(content), path)
    if why:
        raise ArtifactError("E512", f"{path}: {why}")


def _line(record: Published) -> str:
    doc = " ".join(record.doc.split())
    doc = doc if len(doc) <= _SHOWN_TEXT else doc[: _SHOWN_TEXT - 1] + "…"
    return f"{record.pointer}  {record.module}/{record.name} {record.signature_text}  {doc}".rstrip()


def _hash_of(text: str) -> bytes:
    try:
        kind = read_type(text, {})
    except ValueError as error:
        raise CommandError(f"not a type: {error}") from None
    if not isinstance(kind, FnType):
        raise CommandError(f"not the type of a function: {text}; write '[:fn [:string] :int]'")
    return type_hash(kind.params, kind.rest, kind.result)


def _library(embedder: Embedder | None) -> Library:
    return open_library(None, time.time, embedder)


def _encoder() -> Embedder | None:
    """Give the encoder where it is installed: without it a module is found by its type only."""
    encoder = MiniLm()
    try:
        encoder.embed("")
    except CacheError:
        return None
    return encoder


def _secret_path(name: str) -> str:
    return os.path.join(trust_directory(), "keys", f"{name}.pem")


def _secret(name: str | None) -> bytes:
    folder = os.path.dirname(_secret_path("x"))
    try:
        known = sorted(one.removesuffix(".pem") for one in os.listdir(folder) if one.endswith(".pem"))
    except OSError:
        known = []
    if name is None and len(known) == 1:
        name = known[0]
    if name not in known:
        what = "there is no secret key" if not known else f"say which key: --key {' or '.join(known)}"
        raise CommandError(f"{what}; `rtfsc trust keygen NAME` makes one")
    return _read(_secret_path(name))


def _read(path: str) -> bytes:
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError as error:
        raise CommandError(str(error)) from None


def _write(path: str, data: bytes) -> None:
    try:
        write_file(path, data)
    except OSError as error:
        raise CommandError(str(error)) from None
