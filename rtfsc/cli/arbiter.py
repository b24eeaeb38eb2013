"""`rtfsc arbiter serve`: the models of this machine, for others to ask.

In: a policy, which names the models, and an address. Out: a server, until it is interrupted; the other side
declares them with `provider = "arbiter"`.
"""

from __future__ import annotations

import os
import sys
from typing import Annotated

import typer

from rtfs_runtime.host.world import REAL
from rtfs_runtime.providers.arbiter import KEY_VARIABLE
from rtfs_runtime.providers.arbiter_server import PATH, ArbiterServer
from rtfs_runtime.providers.base import ProviderError
from rtfs_runtime.providers.http_client import is_loopback
from rtfs_runtime.providers.http_endpoint import read_key
from rtfs_runtime.providers.registry import ModelRegistry
from rtfsc.cli.arguments import Policy
from rtfsc.cli.outcome import CommandError
from rtfsc.cli.policies import policy_of
from rtfsc.cli.typed import for_typer

app = typer.Typer(help="Serve the models of this machine to others.", no_args_is_help=True)


@app.callback()
def arbiter() -> None:
    """Serve the models of this machine to others."""


def serve(
    policy: Policy = None,
    host: Annotated[str, typer.Option("--host", help="The address to listen at.")] = "127.0.0.1",
    port: Annotated[
        int, typer.Option("--port", help="The port; 0 takes a free one.", min=0, max=65535)
    ] = 8080,
) -> None:
    """Answer requests for the models of a policy, by JSON-RPC 2.0 over HTTP, until interrupted.

    Callers send the key in RTFS_ARBITER_KEY; without one, only this machine is served.
    """
    try:
        key = read_key(REAL, KEY_VARIABLE)
    except ProviderError as error:
        raise CommandError(str(error)) from None
    if not key and not is_loopback(host):
        raise CommandError(f"to serve beyond this machine, put a key into the variable {KEY_VARIABLE}")
    registry = ModelRegistry.with_defaults()
    found = policy_of(policy, os.path.join(os.getcwd(), "plan.rtfs"))
    if found is not None:
        found.register_models(registry, REAL)
    try:
        server = ArbiterServer((host, port), registry, key, REAL.elapsed_s)
    except OSError as error:
        raise CommandError(f"cannot listen at {host}:{port}: {error.strerror or error}") from None
    with server:
        sys.stderr.write(
            f"serving {', '.join(registry.ids())}\nat http://{host}:{server.server_port}{PATH}\n"
        )
        sys.stderr.flush()
        try:
            server.serve_forever()
        finally:
            registry.close()


app.command("serve")(for_typer(serve))
