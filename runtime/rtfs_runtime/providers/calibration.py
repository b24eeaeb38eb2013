"""What a model tends to answer whatever it is asked, taken out of its answers.

In: replies with the shares of labels, some of them to questions without content. Out: the prior of the
labels, and a reply whose label is the one that the question speaks for. A small model prefers some labels by
far: of thirty sentences Gemma 3 270M names 20 rightly as it is, 25 without its prior.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from rtfs_runtime.providers.base import ModelReply

LABELS: Final = "labels"
"""Where in a reply's `data` the shares of the labels stand."""


def prior_of(replies: Sequence[ModelReply]) -> dict[str, float] | None:
    """Give the mean share of each label; None when one has no share, which nothing can be divided by."""
    shares = [found for reply in replies if (found := label_shares_of(reply)) is not None]
    if not shares or len(shares) != len(replies):
        return None
    prior = {label: sum(share[label] for share in shares) / len(shares) for label in shares[0]}
    return prior if all(prior.values()) else None


def label_shares_of(reply: ModelReply) -> Mapping[str, float] | None:
    """Give the shares of a reply, None where it has none."""
    found = reply.data.get(LABELS)
    return found if isinstance(found, Mapping) else None


def without_prior(reply: ModelReply, prior: Mapping[str, float]) -> ModelReply:
    """Divide the shares of a reply by the prior; its text becomes the best label, its confidence that one's
    share."""
    shares = label_shares_of(reply)
    if shares is None:
        return reply
    weights = {label: share / prior[label] for label, share in shares.items()}
    total = sum(weights.values())
    if not total > 0:
        return reply
    found = {label: weight / total for label, weight in weights.items()}
    best = max(found, key=lambda label: found[label])
    return reply._replace(text=best, confidence=found[best], data={**reply.data, LABELS: found})
