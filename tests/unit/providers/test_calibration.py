"""The prior of labels, taken out of shares."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rtfs_runtime.providers.base import ModelReply
from rtfs_runtime.providers.calibration import prior_of, without_prior

shares = st.fixed_dictionaries({label: st.floats(0.001, 1) for label in ("a", "b", "c")})


def reply(labels: dict[str, float] | None) -> ModelReply:
    return ModelReply("a", data={} if labels is None else {"labels": labels, "served": "x"})


def test_a_label_that_the_model_prefers_anyway_counts_less() -> None:
    prior = prior_of([reply({"a": 0.9, "b": 0.1}), reply({"a": 0.7, "b": 0.3})])
    assert prior == pytest.approx({"a": 0.8, "b": 0.2})
    assert prior is not None
    found = without_prior(reply({"a": 0.6, "b": 0.4}), prior)
    assert found.text == "b" and found.confidence == pytest.approx(2 / 2.75)
    assert found.data == {"labels": pytest.approx({"a": 0.75 / 2.75, "b": 2 / 2.75}), "served": "x"}


@pytest.mark.parametrize(
    "replies",
    [[], [reply(None)], [reply({"a": 1.0}), reply(None)], [reply({"a": 1.0, "b": 0.0})]],
)
def test_a_prior_that_nothing_can_be_divided_by_is_none(replies: list[ModelReply]) -> None:
    assert prior_of(replies) is None


def test_an_answer_without_shares_stays_as_it_is() -> None:
    assert without_prior(reply(None), {"a": 1.0}) == reply(None)
    assert without_prior(reply({"a": 0.0}), {"a": 1.0}) == reply({"a": 0.0})


@given(shares, shares)
def test_shares_stay_shares(given_shares: dict[str, float], prior: dict[str, float]) -> None:
    found = without_prior(reply(given_shares), prior)
    labels = found.data["labels"]
    assert isinstance(labels, dict) and sum(labels.values()) == pytest.approx(1)
    assert found.confidence == max(labels.values()) == labels[found.text]
