"""Functions that stand for delegated ones.

In: a name, documentation, the number of parameters, and what to call with the arguments. Out: a plain Python
function with the user's name and arity, so that a wrong call fails exactly as it would on the compiled body.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

Dispatch = Callable[[tuple[object, ...]], object]


def make_stub(
    name: str, doc: str, params: int, *, variadic: bool, dispatch: Dispatch
) -> Callable[..., object]:
    """Make a stub."""
    stub: Callable[..., object] = _maker(params, variadic)(dispatch)
    stub.__name__ = stub.__qualname__ = name
    stub.__doc__ = doc or None
    return stub


@lru_cache(maxsize=64)
def _maker(params: int, variadic: bool) -> Callable[[Dispatch], Any]:
    """Compile the maker of stubs of one shape: an arity chosen at run time needs code made at run time."""
    names = [f"a{place}" for place in range(params)]
    stars = [*names, "*rest"] if variadic else names
    items = ", ".join(stars) + ("," if len(stars) == 1 else "")
    source = f"lambda dispatch: lambda {', '.join(stars)}: dispatch(({items}))"
    code = compile(source, "<delegated>", "eval")
    # the module name marks the frame as ours, so that it is trimmed from tracebacks
    maker: Callable[[Dispatch], Any] = eval(code, {"__name__": __name__, "__builtins__": {}})
    return maker
