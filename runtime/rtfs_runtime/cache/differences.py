"""Why a request was not found: what tells it from the one most like it that was answered before.

In: the result of a request, and earlier results. Out: the nearest of these and the names of the parts in
which the two differ, from the short digests that each result carries.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Final, NamedTuple

from rtfs_runtime.cache.inference_result import About, InferenceResult

_WORDS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "messages": "the arguments",
        "system": "the function's text",
        "template_id": "the template",
        "model_id": "the model",
        "version": "the version of the model",
        "settings": "the model's settings in the policy",
        "schema": "the type of the answer",
        "schema_text": "the type of the answer as written",
        "function": "the name of the function",
    }
)


class Difference(NamedTuple):
    """The nearest earlier result, and the parts of the request that differ, in words."""

    nearest: InferenceResult
    parts: tuple[str, ...]


def nearest_difference(about: About, earlier: Iterable[InferenceResult]) -> Difference | None:
    """Find the earlier result that differs from a request in the fewest parts, the latest of several."""
    found: Difference | None = None
    for one in earlier:
        parts = _differing(about, one.about)
        if found is None or len(parts) <= len(found.parts):
            found = Difference(one, parts)
    return found


def _differing(one: About, other: About) -> tuple[str, ...]:
    names = dict.fromkeys((*one.parts, *other.parts))
    return tuple(_WORDS.get(name, name) for name in names if one.parts.get(name) != other.parts.get(name))
