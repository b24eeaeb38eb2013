"""What a model's server means by a status that is no success.

In: an answer. Out: `ProviderError`, which says whether the same request may do better later. Texts of servers
are shown in one line and cut; they are the server's, so whoever sends a key takes it out of the body first.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final
from urllib.parse import urlsplit

from rtfs_runtime.errors import RtfsError
from rtfs_runtime.jsontext import from_json
from rtfs_runtime.providers.base import ProviderError
from rtfs_runtime.providers.http_client import HttpReply

_SHOWN_CHARS: Final = 300
_READ_BYTES: Final = 100_000
# servers on FastAPI answer requests that they do not understand with 500 and what pydantic says of them
_INVALID: Final = re.compile(
    r"validation error|ValidationError|logprobs is not supported|not supported for models|"
    r"Input should be|Failed to (?:parse|initialize) grammar",
)
_AGAIN: Final = (408, 425, 429)
_REFUSED_BY_POLICY: Final = ("content_filter", "content_policy_violation")


class Complaint:
    """What the body of an error says: `message` in one line, `code` as the server names it, or ""."""

    def __init__(self, reply: HttpReply) -> None:
        text = reply.body[:_READ_BYTES].decode("utf-8", "replace")
        self.whole = text
        self.message, self.code = _read(text)


def status_failure(reply: HttpReply, host: str, key_name: str, now_s: float) -> ProviderError:
    """Give the failure that a status other than 2xx is; `key_name` is the variable of the key."""
    said = Complaint(reply)
    status = reply.status
    shown = f"{host} answered {status}" + (f": {said.message}" if said.message else "")
    if 300 <= status < 400:
        target = urlsplit(reply.headers.get("location", "")).netloc or "elsewhere"
        return ProviderError(f"{shown} (a redirection to {target}, which is not followed)", "request")
    if status in (401, 403):
        return ProviderError(f"{shown} (the key is taken from the variable {key_name})", "request")
    if said.code in _REFUSED_BY_POLICY:
        return ProviderError(shown, "policy")
    if said.code == "insufficient_quota" or is_refusal(reply):
        return ProviderError(shown, "request")
    return ProviderError(shown, "http", retryable=True, retry_after_s=retry_after_s(reply.headers, now_s))


def is_refusal(reply: HttpReply) -> bool:
    """Tell whether a status means that the request itself is wrong, so that sending it again is no use."""
    if 400 <= reply.status < 500:
        return reply.status not in _AGAIN
    if reply.status == 501:
        return True
    return reply.status == 500 and _INVALID.search(Complaint(reply).whole) is not None


def retry_after_s(headers: Mapping[str, str], now_s: float) -> float | None:
    """Read how long a server asks to be left alone: seconds, or an HTTP date; None when it says nothing."""
    for name, unit_s in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
        given = headers.get(name, "").strip()
        if re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,9})?", given):
            return float(given) * unit_s
    given = headers.get("retry-after", "").strip()
    if not given:
        return None
    # the readers of mail headers are needed only here
    from email.utils import parsedate_to_datetime

    try:
        return max(0.0, parsedate_to_datetime(given).timestamp() - now_s)
    except (ValueError, OverflowError):
        return None


def _read(text: str) -> tuple[str, str]:
    """Find message and code: `{"error": {"message", "code"}}`, `{"error": TEXT}`, `{"detail": …}`, text."""
    try:
        data = from_json(text)
    except RtfsError:
        return _line(text), ""
    found = data.get("error", data) if isinstance(data, dict) else data
    if isinstance(found, dict):
        message = found.get("message", found.get("detail", ""))
        code = found.get("code")
        return _line(message if isinstance(message, str) else text), code if isinstance(code, str) else ""
    return _line(found if isinstance(found, str) else text), ""


def _line(text: str) -> str:
    # what stands behind an empty line is the server's traceback
    shown = " ".join(text.split("\n\n")[0].split())
    return shown if len(shown) <= _SHOWN_CHARS else shown[: _SHOWN_CHARS - 1] + "…"
