"""Asking a provider from compiled code, which is plain code.

In: a provider, a request. Out: its reply. Inside an asynchronous run the provider's twin waits on the loop of
the run's caller, so that cancelling the run closes the attempt (ruling 29).
"""

from __future__ import annotations

from typing import cast

from rtfs_runtime import context
from rtfs_runtime.providers.base import ModelProvider, ModelReply, ModelRequest


def ask(provider: ModelProvider, request: ModelRequest) -> ModelReply:
    """Make one attempt.

    Raises: ProviderError, and `Stopped` when the run is cancelled meanwhile.
    """
    if context.event_loop.get() is None:
        return provider.infer(request)
    # whoever runs a loop has asyncio already
    from rtfs_runtime.host.waiting import await_now

    return cast(ModelReply, await_now(provider.infer_async(request)))
