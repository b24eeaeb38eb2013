"""Objects of RTFS: what an intent, plan, action, capability or resource must have, and running a plan.

In: the properties of an object: its value, or what is known of it before it is evaluated. Out: what is wrong
with it in words; the function that a plan's `:program` is. Evaluating an object checks nothing (ruling 12).
Source: language §3.15.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from rtfs_runtime.errors import RtfsError
from rtfs_runtime.maps import is_map
from rtfs_runtime.values import Keyword, kind_name

UNKNOWN: Final = object()
"""Stands for a value that is not known before the program runs."""


class Schema(NamedTuple):
    """What an object of one kind must have, and the texts that some of its properties may be."""

    required: tuple[str, ...]
    choices: Mapping[str, tuple[str, ...]] = MappingProxyType({})


SCHEMAS: Final[Mapping[str, Schema]] = MappingProxyType(
    {
        "intent": Schema(
            ("type", "intent-id", "goal", "created-at", "created-by", "status"),
            MappingProxyType(
                {
                    "status": ("draft", "active", "paused", "completed", "failed", "archived"),
                    "priority": ("low", "normal", "high", "urgent", "critical"),
                }
            ),
        ),
        "plan": Schema(
            ("type", "plan-id", "created-at", "created-by", "intent-ids", "program", "status"),
            MappingProxyType(
                {
                    "status": ("draft", "ready", "executing", "completed", "failed", "cancelled"),
                    "strategy": (
                        "sequential",
                        "parallel",
                        "hybrid",
                        "cost-optimized",
                        "speed-optimized",
                        "reliability-optimized",
                    ),
                }
            ),
        ),
        "action": Schema(
            (
                "type", "action-id", "timestamp", "plan-id", "step-id", "intent-id", "capability-used",
                "executor", "input", "output", "execution", "signature",
            )
        ),
        "capability": Schema(
            (
                "type", "capability-id", "name", "version", "created-at", "created-by", "interface",
                "implementation",
            )
        ),
        "resource": Schema(("type", "resource-id", "uri", "created-at", "created-by", "access-control")),
    }
)  # fmt: skip


def problems(kind: str, properties: Mapping[Any, object]) -> list[str]:
    """Say what is wrong with an object; keys are texts, values may be `UNKNOWN`."""
    schema = SCHEMAS[kind]
    found: list[str] = []
    missing = [name for name in schema.required if name not in properties]
    if missing:
        found.append("missing " + ", ".join(":" + name for name in missing))
    wanted = Keyword(f"rtfs.core:v2.0:{kind}")
    if properties.get("type", UNKNOWN) not in (UNKNOWN, wanted):
        found.append(f":type must be {wanted!r}")
    for name, texts in schema.choices.items():
        given = properties.get(name, UNKNOWN)
        if given is not UNKNOWN and not (isinstance(given, str) and given in texts):
            found.append(f":{name} must be one of " + ", ".join(f'"{text}"' for text in texts))
    return found


def program_of(name: str, plan: object) -> Callable[..., object]:
    """Give the function that a plan runs.

    Raises: SchemaError, for what is no plan, a wrong one, or one whose program is no function.
    """
    if not is_map(plan):
        raise _wrong(f"{name} is a {kind_name(plan)}, not a plan")
    found = problems("plan", plan)
    program: Any = plan.get("program", UNKNOWN)
    if program is not UNKNOWN and kind_name(program) != "function":
        found.append(f":program must be a function to be run, and is a {kind_name(program)}: write (fn [] …)")
    if found:
        raise _wrong(f"{name}: {'; '.join(found)}")
    return program  # type: ignore[no-any-return]


def _wrong(message: str) -> RtfsError:
    return RtfsError("SchemaError", {"type_name": "plan", "message": message})
