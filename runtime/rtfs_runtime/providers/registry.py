"""Which providers there are, and which models a session can ask.

In: providers, and the rows of a policy's `[models]`. Out: `ModelRegistry`, by model id. Plug-ins of the
entry-point group `rtfsc.providers` are functions `(model_id, file) -> ModelProvider`; they are looked for
when a policy names a provider that is not built in.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, TypeAlias

from rtfs_runtime.errors import RtfsError
from rtfs_runtime.providers.base import ModelProvider, ProviderError
from rtfs_runtime.providers.echo import LocalEchoModel

if TYPE_CHECKING:
    from pathlib import Path

GROUP: Final = "rtfsc.providers"
Factory: TypeAlias = Callable[[str, "Path | None"], ModelProvider]


def _echo(model_id: str, file: Path | None) -> ModelProvider:
    return LocalEchoModel(model_id)


def _scripted(model_id: str, file: Path | None) -> ModelProvider:
    from rtfs_runtime.providers.scripted import ScriptedModel

    return ScriptedModel.from_file(model_id, _needed(model_id, file))


def _rules(model_id: str, file: Path | None) -> ModelProvider:
    from rtfs_runtime.providers.rules import RulesModel

    return RulesModel.from_file(model_id, _needed(model_id, file))


def _needed(model_id: str, file: Path | None) -> Path:
    if file is None:
        raise ProviderError(f"model `{model_id}` needs a `file`")
    return file


# each factory imports its provider when a policy asks for it: a program without models pays nothing
PROVIDERS: Final[Mapping[str, Factory]] = MappingProxyType(
    {"echo": _echo, "scripted": _scripted, "rules": _rules}
)


def plug_ins() -> Mapping[str, Callable[[], Factory]]:
    """Find the providers that installed packages offer, by name; each is loaded when called."""
    # the metadata of all installed packages is read, which takes milliseconds
    from importlib.metadata import entry_points

    return {point.name: point.load for point in entry_points(group=GROUP)}


def factory(name: str) -> Factory | None:
    """Find a provider by name, built in or plugged in."""
    found = PROVIDERS.get(name)
    if found is not None:
        return found
    load = plug_ins().get(name)
    return None if load is None else load()


class ModelRegistry:
    """The models that can be asked, by id."""

    def __init__(self) -> None:
        self._providers: dict[str, ModelProvider] = {}

    @classmethod
    def with_defaults(cls) -> ModelRegistry:
        """Make a registry that has `echo-model`."""
        registry = cls()
        registry.register(LocalEchoModel())
        return registry

    def register(self, provider: ModelProvider) -> None:
        """Add a provider under its id, in place of one that was there."""
        self._providers[provider.id] = provider

    def get(self, model_id: str) -> ModelProvider:
        """Find a provider; raises UnknownCapability, which names the id."""
        found = self._providers.get(model_id)
        if found is None:
            raise RtfsError("UnknownCapability", {"capability": model_id})
        return found

    def ids(self) -> tuple[str, ...]:
        """Give the ids, in order of registration."""
        return tuple(self._providers)

    def copy(self) -> ModelRegistry:
        """Make a registry of the same providers, to which more can be added."""
        registry = ModelRegistry()
        registry._providers = dict(self._providers)
        return registry

    def close(self) -> None:
        """Close every provider."""
        for provider in self._providers.values():
            provider.close()
