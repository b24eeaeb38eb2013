"""Remote models as far as they go without a server: settings, bodies, confidence, what failures mean."""

from __future__ import annotations

import json
import math
from pathlib import Path
from types import MappingProxyType

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rtfs_runtime.host.world import REAL
from rtfs_runtime.providers.base import Example, Message, ModelRequest, ModelSettings, ProviderError, Sampling
from rtfs_runtime.providers.http_client import HttpReply, is_loopback
from rtfs_runtime.providers.http_failures import retry_after_s, status_failure
from rtfs_runtime.providers.model_rows import read_models
from rtfs_runtime.providers.openai import OpenAIModel
from rtfs_runtime.providers.openai_bodies import Features, completion_body, encode_body, read_reply
from rtfs_runtime.providers.registry import PROVIDERS
from rtfs_runtime.providers.tables import TableError, TableFile
from rtfs_runtime.providers.token_confidence import Token, label_shares, mean_probability
from rtfs_runtime.type_reader import read_type

KEY = "sk-a-key-that-nobody-may-see"


def model(env: dict[str, str], **options: object) -> OpenAIModel:
    row = ModelSettings("m", "openai", options=MappingProxyType(options))
    return OpenAIModel(row, REAL._replace(env=env.get))


def ask(kind: str | None = None, **fields: object) -> ModelRequest:
    wanted = None if kind is None else read_type(kind)
    return ModelRequest("m", (Message("user", "hello"),), schema=wanted)._replace(**fields)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("url", "version"),
    [
        ("http://localhost:8000", "openai-1 http://localhost:8000/v1 m auto"),
        ("http://localhost:8000/", "openai-1 http://localhost:8000/v1 m auto"),
        ("https://example.com/v1/", "openai-1 https://example.com/v1 m auto"),
        (" https://example.com/api/openai ", "openai-1 https://example.com/api/openai m auto"),
        ("http://[::1]:80/v1", "openai-1 http://[::1]:80/v1 m auto"),
    ],
)
def test_the_version_names_server_and_model_without_asking(url: str, version: str) -> None:
    provider = model({"OPENAI_BASE_URL": url, "OPENAI_API_KEY": KEY})
    assert provider.version == version
    assert KEY not in repr(provider) and KEY not in repr(vars(provider))


def test_the_version_tells_models_and_modes_apart() -> None:
    env = {"OPENAI_BASE_URL": "http://a", "OTHER": "http://b"}
    options: list[dict[str, object]] = [
        {}, {"model": "x"}, {"json_schema": "none"}, {"base_url_env": "OTHER"},
    ]  # fmt: skip
    assert len({model(env, **one).version for one in options}) == 4


@pytest.mark.parametrize(
    ("env", "text"),
    [
        ({}, "model `m` needs the address of its server in the variable OPENAI_BASE_URL, as in OPENAI_BASE"),
        ({"OPENAI_BASE_URL": " "}, "needs the address"),
        ({"OPENAI_BASE_URL": "localhost:8000"}, "must hold an address such as http://localhost:8000/v1"),
        ({"OPENAI_BASE_URL": "ftp://host/v1"}, "must hold an address"),
        ({"OPENAI_BASE_URL": "http://host:x"}, "must hold an address"),
        ({"OPENAI_BASE_URL": "http://ho st"}, "must hold an address"),
        ({"OPENAI_BASE_URL": "http://[::1"}, "must hold an address"),
        ({"OPENAI_BASE_URL": "http://me:secret@host"}, "must have no user, query or fragment"),
        ({"OPENAI_BASE_URL": "http://host/v1?key=secret"}, "must have no user, query or fragment"),
        (
            {"OPENAI_BASE_URL": "http://host", "OPENAI_API_KEY": "secret\nsecret"},
            "OPENAI_API_KEY holds no key",
        ),
        ({"OPENAI_BASE_URL": "http://host", "OPENAI_API_KEY": "sécret"}, "OPENAI_API_KEY holds no key"),
    ],
)
def test_a_wrong_environment(env: dict[str, str], text: str) -> None:
    with pytest.raises(ProviderError, match=text) as caught:
        model(env).infer(ask())
    assert (caught.value.kind, caught.value.retryable) == ("construction", False)
    assert "secret" not in str(caught.value) and "sécret" not in str(caught.value)


@pytest.mark.parametrize(
    ("option", "text"),
    [
        ({"api_key_env": KEY}, "`api_key_env` of model `m` must be the name of a variable"),
        ({"base_url_env": "http://host"}, "`base_url_env` of model `m` must be the name of a variable"),
        ({"json_schema": "always"}, "must be one of auto, grammar, strict, json_object, none, not 'always'"),
    ],
)
def test_wrong_options(option: dict[str, object], text: str) -> None:
    with pytest.raises(ProviderError, match=text) as caught:
        model({}, **option)
    assert KEY not in str(caught.value)


def test_a_row_of_a_policy(tmp_path: Path) -> None:
    row = '[models.big]\nprovider = "openai"\nmodel = "gpt"\njson_schema = "strict"\nlogprobs = false\n'
    (found,) = read_models(TableFile(tmp_path / "delegation.toml", row))
    assert found.options == {"model": "gpt", "json_schema": "strict", "logprobs": False}
    assert PROVIDERS["openai"].network
    made = PROVIDERS["openai"].make(found, REAL._replace(env={"OPENAI_BASE_URL": "http://x"}.get))
    assert made.id == "big" and made.version == "openai-1 http://x/v1 gpt strict"
    with pytest.raises(TableError, match="unknown key `api_key`; did you mean `api_key_env`"):
        read_models(TableFile(tmp_path / "delegation.toml", row + 'api_key = "sk"\n'))


def test_a_text_is_one_prompt_joined_by_nothing() -> None:
    request = ask(
        ":bool",
        form="text",
        system="S\n",
        examples=(Example("q1", " a1\n"),),
        messages=(Message("user", "q2"), Message("assistant", " no\n"), Message("user", "q3")),
    )
    body = completion_body(request, "m", Features())
    assert body["prompt"] == "S\nq1 a1\nq2 no\nq3"
    assert body["logprobs"] == 5 and "messages" not in body and "response_format" not in body


def test_bodies_are_the_same_bytes_for_the_same_request() -> None:
    request = ask("[:map [:b :int] [:a :keyword]]", sampling=Sampling(seed=1, stop=("ä",)))
    first = encode_body(completion_body(request, "m", Features()))
    assert first == encode_body(completion_body(request, "m", Features())) and first.isascii()
    # what is generated first is what stands first in the type
    schema = json.loads(first)["response_format"]["json_schema"]["schema"]
    assert list(schema["properties"]) == ["b", "a"]


def test_the_most_tokens_are_always_said() -> None:
    assert completion_body(ask(), "m", Features())["max_tokens"] == 256


def shares(*path: tuple[str, dict[str, float]], labels: tuple[str, ...], start: int = 0) -> object:
    tokens = [Token(text, others.get(text, 1.0), others) for text, others in path]
    found = label_shares(tokens, labels, start)
    return None if found is None else {label: round(share, 4) for label, share in found[1].items()}


YES_NO = {"yes": 0.6, "no": 0.2, "maybe": 0.2}


@pytest.mark.parametrize(
    ("path", "labels", "wanted"),
    [
        ([("yes", YES_NO)], ("yes", "no"), {"yes": 0.75, "no": 0.25}),
        # blanks before a label are not part of it
        ([("\n ", {}), (" yes", {" yes": 0.5, " no": 0.5})], ("yes", "no"), {"yes": 0.5, "no": 0.5}),
        # several tokens lead to the same label
        ([("yes", {"yes": 0.5, "y": 0.3, "no": 0.2})], ("yes", "no"), {"yes": 0.8, "no": 0.2}),
        # labels that begin alike are told apart by later tokens
        (
            [("b", {"b": 0.8, "other": 0.2}), ("ug", {"ug": 0.5, "ill": 0.5})],
            ("bill", "bug", "other"),
            {"bill": 0.4, "bug": 0.4, "other": 0.2},
        ),
        # a label that is not offered counts as much as the least that is, as far as there is anything left
        ([("yes", {"yes": 0.5, "x": 0.1})], ("yes", "no"), {"yes": 0.8333, "no": 0.0}),
        ([("yes", {"yes": 0.96, "x": 0.04})], ("yes", "no"), {"yes": 1.0, "no": 0.0}),
        ([("maybe", YES_NO)], ("yes", "no"), None),
        ([("yes", YES_NO)], ("yes", "yesterday"), None),
        (
            [("yes", {"yes": 1.0}), ("\n", {"\n": 0.9, "terday": 0.1})],
            ("yes", "yesterday"),
            {"yes": 0.9, "yesterday": 0.1},
        ),
        ([], ("yes", "no"), None),
    ],
)
def test_shares_of_labels(
    path: list[tuple[str, dict[str, float]]], labels: tuple[str, ...], wanted: object
) -> None:
    assert shares(*path, labels=labels) == wanted


def test_a_label_far_down_among_the_unlikely_is_not_sure() -> None:
    # a grammar may force such an answer; of the other labels nothing is known
    found = label_shares([Token("yes", 1e-9, {"x": 0.9, "z": 0.05})], ("yes", "no"), 0)
    assert found is not None and found[1]["yes"] < 1e-6


chains = st.lists(
    st.tuples(
        st.text("abn ", min_size=1, max_size=3),
        st.dictionaries(st.text("abn ", min_size=1, max_size=3), st.floats(0, 1), max_size=4),
        st.floats(0, 1),
    ),
    max_size=5,
)


@settings(max_examples=300, deadline=None)
@given(chains, st.lists(st.text("abn", min_size=1, max_size=4), min_size=1, max_size=4, unique=True))
def test_shares_are_a_part_of_one(
    chain: list[tuple[str, dict[str, float], float]], labels: list[str]
) -> None:
    found = label_shares([Token(text, p, others) for text, others, p in chain], labels, 0)
    if found is None:
        return
    chosen, parts = found
    answer = "".join(text for text, _, _ in chain).lstrip()
    assert answer.startswith(chosen) or chosen.startswith(answer) or answer[0] == chosen[0]
    assert list(parts) == labels
    assert all(share >= 0 for share in parts.values()) and sum(parts.values()) <= 1 + 1e-9


def test_without_tokens_there_is_no_mean() -> None:
    assert mean_probability([]) is None
    assert mean_probability([Token("a", 0.5, {}), Token("b", 1.0, {})]) == 0.75


def reply_to(request: ModelRequest, text: str, rows: object, form: str = "chat") -> tuple[str, float | None]:
    said = {"message": {"content": text}} if form == "chat" else {"text": text}
    body = json.dumps({"choices": [{**said, "logprobs": rows}]}).encode()
    found = read_reply(body, request, Features())
    return found.text, found.confidence


def row(text: str, others: dict[str, float]) -> dict[str, object]:
    tops = [{"token": name, "logprob": math.log(p)} for name, p in others.items()]
    return {"token": text, "logprob": math.log(others[text]), "top_logprobs": tops}


def test_confidence_of_a_bare_label_in_another_case() -> None:
    rows = {"content": [row("High", {"High": 0.5, "high": 0.25, "low": 0.25})]}
    assert reply_to(ask("[:enum :high :low]"), "High.", rows) == ("High.", pytest.approx(0.75))


def test_confidence_of_a_completion() -> None:
    rows = {
        "tokens": [" low"],
        "token_logprobs": [math.log(0.2)],
        "top_logprobs": [{" low": math.log(0.2), " high": math.log(0.6)}],
    }
    request = ask("[:enum :high :low]", form="text")
    assert reply_to(request, " low", rows, "text") == (" low", pytest.approx(0.25))


def test_confidence_of_an_open_answer_is_the_mean() -> None:
    rows = {"content": [row("4", {"4": 0.5}), row("2", {"2": 0.25})]}
    assert reply_to(ask(":int"), "42", rows)[1] == pytest.approx(0.375)


@pytest.mark.parametrize(
    "rows",
    [
        None,
        [],
        {"content": [{"token": "a"}]},
        {"content": [{"token": None, "logprob": -1.0}]},
        {"content": [{"token": "a", "logprob": -(10**400)}]},
        {"content": "abc"},
        {"content": [{"token": "a", "logprob": -1.0, "top_logprobs": [{"token": 1, "logprob": 0}]}]},
        {"tokens": ["a"]},
    ],
)
def test_probabilities_of_another_shape_are_none(rows: object) -> None:
    assert reply_to(ask("[:enum :a :b]"), "a", rows) == ("a", None)


@pytest.mark.parametrize(
    ("headers", "wanted"),
    [
        ({}, None),
        ({"retry-after": "3"}, 3.0),
        ({"retry-after": " 2.5 "}, 2.5),
        ({"retry-after": "-1"}, None),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "1e400"}, None),
        ({"retry-after": "Thu, 01 Jan 1970 00:02:00 GMT"}, 20.0),
        ({"retry-after": "Thu, 01 Jan 1970 00:00:00 GMT"}, 0.0),
        ({"retry-after": "Thu, 01 Jan 99999 00:00:00 GMT"}, None),
        ({"retry-after": "9", "retry-after-ms": "250"}, 0.25),
    ],
)
def test_how_long_a_server_asks_to_be_left_alone(headers: dict[str, str], wanted: float | None) -> None:
    assert retry_after_s(headers, 100.0) == wanted


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (b"", "host answered 500"),
        (b'{"error": {"message": "a\\n b", "code": 3}}', "host answered 500: a b"),
        (b'{"detail": "c"}', "host answered 500: c"),
        (b'{"detail": [{"loc": 1}]}', 'host answered 500: {"detail": [{"loc": 1}]}'),
        (b"\xff" * 1000, "host answered 500: " + "\ufffd" * 299 + "…"),
        (b'"d"', "host answered 500: d"),
    ],
)
def test_a_complaint_is_shown_in_one_line(body: bytes, text: str) -> None:
    assert str(status_failure(HttpReply(500, {}, body), "host", "KEY", 0)) == text


def test_this_machine_by_its_names() -> None:
    assert [is_loopback(host) for host in ("localhost", "127.0.0.1", "::1", "10.0.0.1", "example.com")] == [
        True, True, True, False, False,
    ]  # fmt: skip
