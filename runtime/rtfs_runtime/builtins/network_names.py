"""Names of HTTP: each row turns its arguments into one event for the host.

In: the session's host and RTFS values. Out: what the host answers; see `host_names`.
"""

from __future__ import annotations

from typing import Final

from rtfs_runtime.builtins.host_names import Host
from rtfs_runtime.builtins.operands import text_of
from rtfs_runtime.builtins.table import builtin, spellings
from rtfs_runtime.errors import invalid_argument, type_error
from rtfs_runtime.maps import is_map
from rtfs_runtime.values import Keyword, kind_name

_METHODS: Final = frozenset({"GET", "POST", "PUT", "DELETE", "PATCH", "HEAD"})


@builtin(
    "http-fetch",
    "[:fn [[:union :string :map] & :any] :map]",
    aliases=spellings("http-fetch"),
    host="writes",
    raises=("TypeError", "InvalidArgument"),
    examples=(
        ('(http-fetch "http://localhost/")', "!SecurityViolation"),
        ('(http-fetch "http://localhost/" "FOO")', "!InvalidArgument"),
    ),
)
def http_fetch(
    host: Host, url: object, method: object = "GET", headers: object = None, body: object = None
) -> object:
    """Send an HTTP request, from positional arguments or one map; give `:status`, `:headers` and `:body`.

    It counts as a write, whatever the method: `http-get` reads.
    """
    if is_map(url):
        return host.perform("ccos.network.http-fetch", (url,))
    said = (method.text if isinstance(method, Keyword) else text_of(method, "http-fetch")).upper()
    if said not in _METHODS:
        raise invalid_argument(f"http-fetch: unknown method {said}")
    request = {
        Keyword("url"): text_of(url, "http-fetch"),
        Keyword("method"): said,
        Keyword("headers"): _headers(headers, "http-fetch"),
        Keyword("body"): None if body is None else text_of(body, "http-fetch"),
    }
    return host.perform("ccos.network.http-fetch", (request,))


def _headers(value: object, operation: str) -> object:
    if value is None or is_map(value):
        return {} if value is None else value
    raise type_error("map or nil", kind_name(value), operation)


@builtin(
    "http-get",
    "[:fn [[:union :string :map] & :any] :map]",
    host="reads",
    raises=("TypeError", "InvalidArgument"),
    examples=(
        ('(http-get "http://localhost/")', "!SecurityViolation"),
        ('(http-get {:url "http://localhost/" :method "POST"})', "!InvalidArgument"),
    ),
)
def http_get(host: Host, url: object, headers: object = None) -> object:
    """Get what is at a URL, or send one map with the method GET or HEAD; give what `http-fetch` gives.

    It is a read: branches of `parallel` that do it wait side by side.
    """
    if is_map(url):
        return host.perform("ccos.network.http-get", (url,))
    request = {
        Keyword("url"): text_of(url, "http-get"),
        Keyword("headers"): _headers(headers, "http-get"),
    }
    return host.perform("ccos.network.http-get", (request,))
