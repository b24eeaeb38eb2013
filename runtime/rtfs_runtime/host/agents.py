"""Models, agents and other conveniences that a program may ask its host for.

In: values. Out: values; where nobody is registered, empty answers (language §3.11).
"""

from __future__ import annotations

from collections.abc import Iterable

from rtfs_runtime.errors import RtfsError, type_error
from rtfs_runtime.host.capability import Capability
from rtfs_runtime.host.grants import Need
from rtfs_runtime.host.rows import nothing, row
from rtfs_runtime.host.sides import HostSide
from rtfs_runtime.maps import is_map
from rtfs_runtime.values import kind_name

ROWS: list[Capability] = []
LLM_EXECUTE = "ccos.ai/llm-execute"


def _model_use(_host: HostSide, *_args: object) -> Iterable[Need]:
    return (Need("cap", LLM_EXECUTE),)


@row(ROWS, LLM_EXECUTE, "reads", _model_use)
def llm_execute(host: HostSide, *args: object) -> object:
    """Ask a model: (MODEL PROMPT [SYSTEM]), all strings; MODEL nil is `echo-model`."""
    model, prompt, system = (*args, None, None, None)[:3]
    model = "echo-model" if model is None else model
    if not (
        isinstance(model, str) and isinstance(prompt, str) and (system is None or isinstance(system, str))
    ):
        kinds = " ".join(kind_name(arg) for arg in args)
        raise RtfsError(
            "InvalidArguments", {"expected": "model, prompt and system as strings", "actual": kinds}
        )
    return host.execute_model(model, prompt if system is None else f"{system}\n\n{prompt}")


@row(ROWS, "ccos.agents/discover", "reads", nothing)
def discover(_host: HostSide, criteria: object = None, _options: object = None) -> tuple[object, ...]:
    """Find agents; there is no registry yet, so there are none."""
    if criteria is not None and not is_map(criteria):
        raise type_error("map", kind_name(criteria), "discover-agents")
    return ()


@row(ROWS, "ccos.agent.discover-and-assess", "reads", nothing)
def assess(_host: HostSide, *_ignored: object) -> tuple[object, ...]:
    """Find and assess agents: none."""
    return ()


@row(ROWS, "ccos.agent.task-coordination", "reads", nothing)
def coordinate(_host: HostSide, *_ignored: object) -> dict[object, object]:
    """Coordinate tasks: none."""
    return {}


@row(ROWS, "ccos.resource/release", "writes", nothing)
def release(host: HostSide, value: object) -> None:
    """Release what `with-resource` bound; plain data needs nothing."""
    close = getattr(value, "__rtfs_release__", None)
    if close is not None:
        close()


@row(ROWS, "ccos.echo", "reads", nothing)
def echo(_host: HostSide, value: object = None) -> object:
    """Give the argument."""
    return value
