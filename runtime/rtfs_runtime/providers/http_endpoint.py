"""Where a model's server is, what key it gets, and how long an attempt may take.

In: texts of a policy and of the environment. Out: addresses and keys that can be used, or `ProviderError`.
Keys are read at each request and kept nowhere; no message has one.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple
from urllib.parse import urlsplit

from rtfs_runtime.host.world import World
from rtfs_runtime.providers.base import ModelRequest, ProviderError
from rtfs_runtime.providers.http_client import HttpReply

DEFAULT_TIMEOUT_S: Final = 60.0
_VARIABLE: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_SHORTEST_HIDDEN: Final = 8


class Address(NamedTuple):
    """A server: `origin` is scheme and host, `path` has no slash at its end, `host` is for messages."""

    origin: str
    path: str
    host: str


def read_address(given: str, where: str, example: str) -> Address:
    """Read an address; `where` names the place that it comes from."""
    try:
        parts = urlsplit(given)
        legal = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        legal = False
    if not legal or any(character <= " " for character in given):
        raise ProviderError(f"{where} must hold an address such as {example}")
    if parts.username is not None or parts.query or parts.fragment:
        # the address is shown in messages and is part of keys of caches, so no secret may be in it
        raise ProviderError(f"the address in {where} must have no user, query or fragment")
    return Address(f"{parts.scheme}://{parts.netloc}", parts.path.rstrip("/"), parts.netloc)


def variable(model_id: str, option: str, name: object) -> str:
    """Check the name of a variable that an option gives."""
    # it is not shown: whoever gets this wrong has put the key itself there
    if not _VARIABLE.fullmatch(str(name)):
        raise ProviderError(
            f"`{option}` of model `{model_id}` must be the name of a variable: letters, digits and `_`"
        )
    return str(name)


def read_key(world: World, name: str) -> str:
    """Read a key from the environment; "" when there is none."""
    key = (world.env(name) or "").strip()
    if not all("!" <= character <= "~" for character in key):
        raise ProviderError(f"the variable {name} holds no key: a key is printable ASCII")
    return key


def headers(key: str) -> dict[str, str]:
    """Give the headers of a request with a body of JSON."""
    found = {
        "content-type": "application/json",
        "accept": "application/json",
        "accept-encoding": "identity",
        "user-agent": "rtfsc",
    }
    return found | {"authorization": f"Bearer {key}"} if key else found


def left_s(request: ModelRequest, until_s: float, now_s: float, host: str) -> float:
    """Give the time that an attempt still has, of its own and of its request; raises when there is none."""
    left = until_s - now_s
    if request.deadline_s is not None:
        left = min(left, request.deadline_s - now_s)
    if left <= 0:
        raise ProviderError(f"no time is left to ask {host}", "timeout", retryable=True)
    return left


def without_key(reply: HttpReply, key: str) -> HttpReply:
    """Take the key out of what a server says: some repeat it in their complaints."""
    if len(key) < _SHORTEST_HIDDEN or key.encode("ascii") not in reply.body:
        return reply
    return reply._replace(body=reply.body.replace(key.encode("ascii"), b"[key]"))
