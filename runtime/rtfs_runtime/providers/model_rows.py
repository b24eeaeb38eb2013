"""The `[models]` of a policy file.

In: a TOML file. Out: `ModelSettings`, checked; what is wrong is a `TableError` with file, line and the
nearest legal name.

    [models."local-small"]
    provider = "llama"            # echo, scripted, rules, llama, openai, or a plug-in
    file = "small.gguf"           # relative to the policy file, for providers that read one
    template = "few-shot-1"       # how a contract becomes a prompt
    temperature = 0.0             # top_p, max_tokens, stop, seed: sampling, where a call does not say
    input_usd_per_1k = 0.0        # output_usd_per_1k: the price; without both it is unknown
    timeout_s = 30                # of one attempt
    max_concurrency = 1           # calls at a time
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from rtfs_runtime.providers.base import ModelSettings, Price, Sampling
from rtfs_runtime.providers.registry import PROVIDERS, ProviderRow, plug_ins, provider_row
from rtfs_runtime.providers.tables import TableFile, nearest

_NUMBER: Final = (int, float)
_KEYS: Final[Mapping[str, type | tuple[type, ...]]] = MappingProxyType(
    {
        "provider": str,
        "file": str,
        "template": str,
        "temperature": _NUMBER,
        "top_p": _NUMBER,
        "max_tokens": int,
        "stop": list,
        "seed": int,
        "input_usd_per_1k": _NUMBER,
        "output_usd_per_1k": _NUMBER,
        "timeout_s": _NUMBER,
        "max_concurrency": int,
    }
)


def read_models(file: TableFile) -> tuple[ModelSettings, ...]:
    """Read the models of a policy, in order; raises TableError."""
    models = file.get("", file.data, "models", dict) or {}
    return tuple(_model(file, model_id, given) for model_id, given in models.items())


def _model(file: TableFile, model_id: str, given: object) -> ModelSettings:
    place = f"models.{model_id}"
    if not isinstance(given, dict):
        file.fail(f"models\x00{model_id}", f"model `{model_id}` must be a table")
    row = _provider(file, model_id, given)
    keys = {**_KEYS, **row.keys}
    file.check_keys(place, given, keys)
    values = {key: file.get(place, given, key, want) for key, want in keys.items() if key in given}
    _check_numbers(file, place, values)
    target = None if "file" not in values else file.path.parent / values["file"]
    if target is not None and not target.is_file():
        file.fail(f"{place}\x00file", f"no file {target}")
    return ModelSettings(
        id=model_id,
        provider=values["provider"],
        file=target,
        options=MappingProxyType({key: values[key] for key in row.keys if key in values}),
        sampling=_sampling(values),
        price=_price(file, place, values),
        timeout_s=values.get("timeout_s"),
        max_concurrency=values.get("max_concurrency"),
        template=values.get("template"),
        line=file.line(place + "\x00"),
    )


def _provider(file: TableFile, model_id: str, given: dict[str, Any]) -> ProviderRow:
    place = f"models.{model_id}"
    name = file.get(place, given, "provider", str)
    if name is None:
        # a misspelt key is the likelier reason
        file.check_keys(place, given, _KEYS)
        file.fail(place + "\x00", f"model `{model_id}` needs a `provider`{nearest('', PROVIDERS)}")
    row = provider_row(name)
    if row is None:
        known = (*PROVIDERS, *plug_ins())
        file.fail(f"{place}\x00provider", f"unknown provider `{name}`{nearest(name, known)}")
    return row


def _check_numbers(file: TableFile, place: str, values: Mapping[str, Any]) -> None:
    for key, low, high in _RANGES:
        value = values.get(key)
        if value is not None and not low <= value <= high:
            file.fail(f"{place}\x00{key}", f"`{key}` must be from {low} to {high}, not {value}")
    if not all(isinstance(text, str) and text for text in values.get("stop", ())):
        file.fail(f"{place}\x00stop", "`stop` must be an array of texts")


_RANGES: Final = (
    ("temperature", 0, 2),
    ("top_p", 0, 1),
    ("max_tokens", 1, 1_000_000),
    ("input_usd_per_1k", 0, 1_000_000),
    ("output_usd_per_1k", 0, 1_000_000),
    ("timeout_s", 0.001, 86_400),
    ("max_concurrency", 1, 10_000),
)


def _sampling(values: Mapping[str, Any]) -> Sampling:
    default = Sampling()
    return Sampling(
        float(values.get("temperature", default.temperature)),
        float(values.get("top_p", default.top_p)),
        values.get("max_tokens", default.max_tokens),
        tuple(values.get("stop", default.stop)),
        values.get("seed", default.seed),
    )


def _price(file: TableFile, place: str, values: Mapping[str, Any]) -> Price | None:
    given = [key for key in ("input_usd_per_1k", "output_usd_per_1k") if key in values]
    if not given:
        return None
    if len(given) == 1:
        file.fail(f"{place}\x00{given[0]}", "a price is `input_usd_per_1k` and `output_usd_per_1k`")
    return Price(float(values["input_usd_per_1k"]), float(values["output_usd_per_1k"]))
