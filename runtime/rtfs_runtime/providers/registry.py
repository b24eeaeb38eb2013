"""Which providers there are, and which models a session can ask.

In: providers, and the rows of a policy's `[models]`. Out: `ModelRegistry`, by model id. Plug-ins of the
entry-point group `rtfsc.providers` name a `ProviderRow`; they are looked for when a policy names a provider
that is not built in.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, NamedTuple

from rtfs_runtime.errors import RtfsError
from rtfs_runtime.host.world import REAL, World
from rtfs_runtime.providers.base import NO_DATA, ModelProvider, ModelSettings, ProviderError
from rtfs_runtime.providers.echo import LocalEchoModel

if TYPE_CHECKING:
    from pathlib import Path

    from rtfs_runtime.cache.l1_delegation import DelegationCache

GROUP: Final = "rtfsc.providers"


class ProviderRow(NamedTuple):
    """One kind of provider.

    Shape: `make` raises ProviderError when a model cannot be had; what is slow or may be missing is left to
           the first request. `keys` are the keys of a policy's model row that this provider alone knows, with
           the type of each. `network` says that its models are reached over one.
    """

    make: Callable[[ModelSettings, World], ModelProvider]
    keys: Mapping[str, type | tuple[type, ...]] = NO_DATA  # type: ignore[assignment]
    network: bool = False


def _echo(settings: ModelSettings, world: World) -> ModelProvider:
    prefix = settings.options.get("prefix")
    return LocalEchoModel(settings.id, "[ECHO]" if prefix is None else str(prefix))


def _scripted(settings: ModelSettings, world: World) -> ModelProvider:
    from rtfs_runtime.providers.scripted import ScriptedModel

    return ScriptedModel.from_file(settings.id, _needed(settings))


def _rules(settings: ModelSettings, world: World) -> ModelProvider:
    from rtfs_runtime.providers.rules import RulesModel

    return RulesModel.from_file(settings.id, _needed(settings))


def _openai(settings: ModelSettings, world: World) -> ModelProvider:
    from rtfs_runtime.providers.openai import OpenAIModel

    return OpenAIModel(settings, world)


def _arbiter(settings: ModelSettings, world: World) -> ModelProvider:
    from rtfs_runtime.providers.arbiter import RemoteArbiterModel

    return RemoteArbiterModel.from_settings(settings, world)


def _llama(settings: ModelSettings, world: World) -> ModelProvider:
    from rtfs_runtime.providers.llama.provider import LlamaModel

    return LlamaModel(settings, world)


def _needed(settings: ModelSettings) -> Path:
    if settings.file is None:
        raise ProviderError(f"model `{settings.id}` needs a `file`")
    return settings.file


# here, not beside the provider: they are read before it is loaded
_OPENAI_KEYS: Final[Mapping[str, type | tuple[type, ...]]] = MappingProxyType(
    {
        "model": str,
        "base_url_env": str,
        "api_key_env": str,
        "json_schema": str,
        "logprobs": bool,
        "calibrate": bool,
    }
)

_ARBITER_KEYS: Final[Mapping[str, type | tuple[type, ...]]] = MappingProxyType(
    {"endpoint": str, "model": str, "api_key_env": str}
)

_LLAMA_KEYS: Final[Mapping[str, type | tuple[type, ...]]] = MappingProxyType(
    {
        "model": str,
        "n_ctx": int,
        "n_batch": int,
        "n_threads": int,
        "n_gpu_layers": int,
        "chat_format": str,
        "calibrate": bool,
    }
)

# each row imports its provider when a policy asks for it: a program without models pays nothing
PROVIDERS: Final[Mapping[str, ProviderRow]] = MappingProxyType(
    {
        "echo": ProviderRow(_echo, MappingProxyType({"prefix": str})),
        "scripted": ProviderRow(_scripted),
        "rules": ProviderRow(_rules),
        "openai": ProviderRow(_openai, _OPENAI_KEYS, network=True),
        "arbiter": ProviderRow(_arbiter, _ARBITER_KEYS, network=True),
        "llama": ProviderRow(_llama, _LLAMA_KEYS),
    }
)


def plug_ins() -> Mapping[str, Callable[[], ProviderRow]]:
    """Find the providers that installed packages offer, by name; each is loaded when called."""
    # the metadata of all installed packages is read, which takes milliseconds
    from importlib.metadata import entry_points

    return {point.name: point.load for point in entry_points(group=GROUP)}


def provider_row(name: str) -> ProviderRow | None:
    """Find a kind of provider by name, built in or plugged in."""
    found = PROVIDERS.get(name)
    if found is not None:
        return found
    load = plug_ins().get(name)
    return None if load is None else load()


# models that need no row of a policy; their provider is loaded when they are first asked
_KNOWN: Final[Mapping[str, ModelSettings]] = MappingProxyType(
    {
        "local-llama": ModelSettings("local-llama", "llama"),
        "rtfs-llama": ModelSettings("rtfs-llama", "llama", options={"n_ctx": 4096, "n_batch": 1024}),
    }
)


class ModelRegistry:
    """The models that can be asked, by id."""

    def __init__(self) -> None:
        self._providers: dict[str, ModelProvider] = {}
        self._plans: weakref.WeakSet[DelegationCache] = weakref.WeakSet()
        self._known: Mapping[str, ModelSettings] = {}

    @classmethod
    def with_defaults(cls) -> ModelRegistry:
        """Make a registry that has `echo-model`, `local-llama` and `rtfs-llama`."""
        registry = cls()
        registry.register(LocalEchoModel())
        registry._known = _KNOWN
        return registry

    def register(self, provider: ModelProvider) -> None:
        """Add a provider under its id, in place of one that was there."""
        before = self._providers.get(provider.id)
        self._providers[provider.id] = provider
        if before is not None and before.version != provider.version:
            for plans in self._plans:
                plans.notify("model-changed", provider.id)

    def tell(self, plans: DelegationCache) -> None:
        """Let decisions that name a model be forgotten when another version takes its place."""
        self._plans.add(plans)

    def get(self, model_id: str) -> ModelProvider:
        """Find a provider; raises UnknownCapability, which names the id."""
        found = self._providers.get(model_id)
        if found is None and model_id in self._known:
            settings = self._known[model_id]
            found = self._providers.setdefault(model_id, PROVIDERS[settings.provider].make(settings, REAL))
        if found is None:
            raise RtfsError("UnknownCapability", {"capability": model_id})
        return found

    def has(self, model_id: str) -> bool:
        """Tell whether a model is known."""
        return model_id in self._providers or model_id in self._known

    def ids(self) -> tuple[str, ...]:
        """Give the ids: those that are always there, then the others in order of registration."""
        return tuple({**dict.fromkeys(self._known), **self._providers})

    def copy(self) -> ModelRegistry:
        """Make a registry of the same providers, to which more can be added."""
        registry = ModelRegistry()
        registry._providers = dict(self._providers)
        registry._known = self._known
        return registry

    def close(self) -> None:
        """Close every provider."""
        for provider in self._providers.values():
            provider.close()
