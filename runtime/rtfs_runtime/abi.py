"""The only names that compiled code may use beside RTFS's own: `ABI_VERSION` and the functions it calls as
`#name`.

In: nothing. Out: `ABI`, functions that need no session, and `SESSION_ABI`, makers of those that do. A
session puts both into the namespace of its modules. Changing what a name means changes `ABI_VERSION`, which
is part of every artifact's key.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from itertools import count
from types import CellType, MappingProxyType
from typing import Any, Final, Protocol

from rtfs_runtime import filling, nests, patterns
from rtfs_runtime.builtins.arithmetic import divide, floor, mod
from rtfs_runtime.builtins.building import as_set, count_different, elements, range_items
from rtfs_runtime.builtins.data import to_int
from rtfs_runtime.builtins.failures import make_thrown
from rtfs_runtime.builtins.loops import grouped_by, parted_by
from rtfs_runtime.builtins.maps import old_value, path_value, put
from rtfs_runtime.builtins.operands import sequence, sequence_or_text
from rtfs_runtime.builtins.order import sorted_as, sorted_by
from rtfs_runtime.builtins.text import concatenate
from rtfs_runtime.calls import call_error, keyword_get
from rtfs_runtime.equality import equal
from rtfs_runtime.errors import LimitExceeded, RtfsError, arity_error, generic, undefined
from rtfs_runtime.interface import Function, Interface
from rtfs_runtime.limits import MAX_ITEMS, check_bits, check_text
from rtfs_runtime.limits import check_items as check_items_limit
from rtfs_runtime.maps import BigMap
from rtfs_runtime.native import fail
from rtfs_runtime.types import check, compile_check, from_data, make_struct
from rtfs_runtime.values import Keyword, List, Resource, Set, Symbol, Timestamp, Uuid, kind_name
from rtfs_runtime.vectors import BigVector

ABI_VERSION: Final = 7
_MATCH_FAILURE: Final = "No matching clause"
_STEP_LOOP_LIMIT: Final = 10_000
_ABSENT: Final = object()


class ModuleLike(Protocol):
    """What compiled code knows as `#module`."""

    name: str
    globals: dict[str, Any]


class SessionLike(Protocol):
    """What the functions of `SESSION_ABI` need of a session."""

    def lookup(self, name: str) -> object: ...
    def context_value(self, name: str, default: object) -> object: ...
    def import_into(self, module: ModuleLike, name: str, bindings: tuple[tuple[str, str], ...]) -> None: ...
    def define_module(self, module: ModuleLike, name: str, code: Any, interface: Interface) -> object: ...
    def link(self, module: ModuleLike, name: str, function: Any) -> Any: ...
    def link_anonymous(self, module: ModuleLike, function: Any, info: Function) -> Any: ...
    def perform(self, capability_id: str, args: tuple[object, ...]) -> object: ...
    def run_branches(
        self, names: tuple[str, ...], branches: tuple[Callable[[], object], ...]
    ) -> tuple[object, ...]: ...
    def define_capability(self, ids: tuple[str, ...], implementation: Any) -> None: ...
    def step_started(self, name: str, options: Mapping[str, object]) -> None: ...
    def step_ended(self, name: str, outcome: object, *, failed: bool) -> None: ...
    def push_hints(self, hints: Mapping[object, object]) -> None: ...
    def pop_hints(self) -> None: ...


def handed_over(error: BaseException) -> BaseException:
    """Give what leaves a function that another one took the place of: without a trace of the first."""
    trace = error.__traceback__
    if trace is not None and trace.tb_next is not None:
        error.__traceback__ = trace.tb_next
        return error
    return fail(error)


def failed_call(error: BaseException, callee: object, count: int) -> BaseException:
    """Give what a failed call raises: the call itself may have been wrong."""
    return fail(call_error(error, callee, count))


def caught(error: BaseException) -> RtfsError:
    """Give the value that `catch` binds; limits and what is no error of a program pass on."""
    found = fail(error)
    if isinstance(found, RtfsError) and not isinstance(found, LimitExceeded):
        return found
    raise found


def pending(error: BaseException) -> BaseException:
    """Give what is raised again after a `finally`; a limit runs none (ruling 10)."""
    found = fail(error)
    if isinstance(found, LimitExceeded):
        raise found
    return found


def late(cell: CellType, name: str) -> object:
    """Give the content of a cell that may be empty yet."""
    try:
        return cell.cell_contents
    except ValueError:
        raise undefined(name) from None


def constants(
    module: ModuleLike,
    keywords: tuple[str, ...],
    symbols: tuple[str, ...],
    checks: tuple[tuple[str, Any, str], ...],
) -> None:
    """Bind the constants of a module that marshal cannot write."""
    names = module.globals
    for text in keywords:
        names[":" + text] = Keyword(text)
    for text in symbols:
        names["'" + text] = Symbol(text)
    for name, data, prefix in checks:
        names[name] = checker(data, prefix)


def checker(data: Any, prefix: str) -> Callable[[object], object]:
    """Make the function that checks a value against a type and gives it back."""
    want = from_data(data)

    def run(value: object) -> object:
        return check(value, want, prefix)

    # the linker reads back what a function without an interface of its own takes and gives
    return run


# code passes these at every test; a type is small, and so is their number in one program
_read_type: Final = lru_cache(1024)(from_data)


def conforms(value: object, data: Any) -> bool:
    """Tell whether a value has a type."""
    return compile_check(_read_type(data))(value) is None


def struct(name: str, data: Any) -> object:
    """Make the constructor that `defstruct` binds."""
    return make_struct(name, from_data(data))


def arity_failure(function: str, expected: str, actual: int) -> RtfsError:
    """Give the error of a call whose count was found wrong while compiling."""
    return arity_error(function, expected, actual)


def match_failure() -> RtfsError:
    """Give the error of a `match` without a matching clause."""
    return RtfsError("MatchError", {"message": _MATCH_FAILURE})


def invalid_arguments(expected: str, given: object) -> RtfsError:
    """Give the error of malformed operands of a form."""
    return RtfsError("InvalidArguments", {"expected": expected, "actual": kind_name(given)})


def loop_guard(count: int) -> int:
    """Count an iteration of `step-loop`."""
    if count >= _STEP_LOOP_LIMIT:
        raise generic(f"step-loop stopped after {_STEP_LOOP_LIMIT} iterations")
    return count + 1


def is_kind(error: RtfsError, *kinds: str) -> bool:
    """Tell whether an error is of one of the kinds of §8.2."""
    return error.kind in kinds


def check_items(items: List, data: Any) -> None:
    """Check each item of a rest parameter (language §5.4)."""
    want = _read_type(data)
    for index, item in enumerate(items.items):
        check(item, want, f"variadic argument {index}: ")


def has_key(error: RtfsError, key: str) -> bool:
    """Tell whether a keyword in a `catch` names the error's category (§3.9.2)."""
    if key in ("any", "error"):
        return True
    return _bare(error.key) == _bare(key)


def _bare(key: str) -> str:
    return key.removeprefix("error/").removesuffix("-error")


def delay(function: Callable[[], object]) -> Callable[[], object]:
    """Make a function of no arguments that computes once."""
    known: list[object] = []

    def force() -> object:
        if not known:
            known.append(function())
        return known[0]

    force.__name__ = force.__qualname__ = "<fn>"
    return force


def count_items(start: int, end: int, step: int, way: int, more: int) -> Iterable[int]:
    """Give what a loop that counts up (`way` 1) or down (-1) runs over; `more` is `way` where the end is
    counted as well."""
    end += more
    if step * way > 0:
        return range(start, end, step)
    # it never gets there
    return count(start, step) if (end - start) * way > 0 else ()


def count_end(start: int, end: int, step: int, way: int, more: int) -> int:
    """Give the first number past the end that a loop that counts reaches."""
    missing = (end + more - start) * way
    return start if missing <= 0 else start - (-missing // (step * way)) * step


def check_room(items: list[object]) -> None:
    """Refuse a vector in the making that has grown beyond the limit."""
    if len(items) > MAX_ITEMS:
        check_items_limit(len(items))


def check_product(product: int | float) -> None:
    """Refuse a product that has grown beyond the limit of integers."""
    if product.__class__ is int:
        check_bits(product.bit_length())


def checked_text(text: str) -> str:
    """Give a string, or refuse one beyond the limit."""
    check_text(len(text))
    return text


def make_list(*items: object) -> List:
    """Make a list of its arguments."""
    return List(items)


def quotient(left: Any, right: Any) -> int:
    """Divide, and cut what is behind the point."""
    return to_int(divide(left, right))


def floor_quotient(left: Any, right: Any) -> int:
    """Divide, and give the greatest integer that is not above."""
    return floor(divide(left, right))


ABI: Final[Mapping[str, Any]] = MappingProxyType(
    {
        "#int": int,
        "#float": float,
        "#str": str,
        "#tuple": tuple,
        "#dict": dict,
        "#sorted": sorted,
        "#sum": sum,
        "#max": max,
        "#min": min,
        "#items": sequence_or_text,
        "#vector_items": sequence,
        "#elements": elements,
        "#text": concatenate,
        "#set_constant": as_set,
        "#count_items": count_items,
        "#count_end": count_end,
        "#abs": abs,
        "#sqrt": math.sqrt,
        "#range": range,
        "#range_items": range_items,
        **filling.FUNCTIONS,
        **nests.FUNCTIONS,
        "#check_room": check_room,
        "#check_product": check_product,
        "#checked_text": checked_text,
        "#Keyword": Keyword,
        "#cell": CellType,
        "#List": List,
        "#Set": Set,
        "#BigVector": BigVector,
        "#BigMap": BigMap,
        "#timestamp": Timestamp,
        "#uuid": Uuid,
        "#resource": Resource,
        "#fail": fail,
        "#call_error": failed_call,
        "#handed_over": handed_over,
        "#caught": caught,
        "#pending": pending,
        "#late": late,
        "#constants": constants,
        "#conforms": conforms,
        "#make_struct": struct,
        "#arity_failure": arity_failure,
        "#match_failure": match_failure,
        "#thrown": make_thrown,
        "#invalid_arguments": invalid_arguments,
        "#loop_guard": loop_guard,
        "#is_kind": is_kind,
        "#check_items": check_items,
        "#has_key": has_key,
        "#equal": equal,
        "#keyword_get": keyword_get,
        "#delay": delay,
        "#list": make_list,
        "#quotient": quotient,
        "#floor_quotient": floor_quotient,
        "#exact_quotient": divide,
        "#residue": mod,
        "#old_value": old_value,
        "#path_value": path_value,
        "#put": put,
        **{
            "#" + function.__name__: function
            for function in (
                patterns.seq_exact,
                patterns.seq_least,
                patterns.seq_at,
                patterns.seq_size,
                patterns.seq_view,
                patterns.seq_head,
                patterns.seq_rest,
                patterns.seq_items,
                patterns.is_exactly,
                patterns.seq_from,
                patterns.is_seq,
                patterns.is_seq_least,
                patterns.is_map,
                patterns.map_view,
                patterns.map_get,
                patterns.map_has,
                patterns.map_without,
                patterns.splice_items,
                patterns.splice_list,
                patterns.splice_vector,
                patterns.for_items,
                patterns.times,
                sorted_by,
                sorted_as,
                grouped_by,
                parted_by,
                count_different,
            )
        },
    }
)


def _session_functions(session: SessionLike) -> dict[str, Any]:
    def lookup(module: ModuleLike, name: str) -> object:
        # later input of a REPL may have defined what was unknown when this was compiled
        found = module.globals.get(name, _ABSENT)
        return session.lookup(name) if found is _ABSENT else found

    def context(name: str) -> object:
        return session.context_value(name, "@" + name)

    def get_shorthand(name: str) -> object:
        return session.context_value(name, None)

    def import_(module: ModuleLike, name: str, bindings: tuple[tuple[str, str], ...]) -> None:
        session.import_into(module, name, bindings)

    def define_module(module: ModuleLike, name: str, code: Any, interface: str) -> object:
        return session.define_module(module, name, code, Interface.from_text(interface))

    def link(module: ModuleLike, name: str, function: Any) -> Any:
        return session.link(module, name, function)

    def link_fn(module: ModuleLike, info: str, function: Any) -> Any:
        return session.link_anonymous(module, function, Function.from_text(info))

    return {
        "#lookup": lookup,
        "#context": context,
        "#resource_ref": context,
        "#get_shorthand": get_shorthand,
        "#import": import_,
        "#define_module": define_module,
        "#link": link,
        "#link_fn": link_fn,
        **_host_functions(session),
    }


def _host_functions(session: SessionLike) -> dict[str, Any]:
    def step_started(name: str, expose: object, keys: object, params: object) -> None:
        session.step_started(name, {"expose-context": expose, "context-keys": keys, "params": params})

    def step_completed(name: str, value: object) -> None:
        session.step_ended(name, value, failed=False)

    def step_failed(name: str, error: object) -> None:
        session.step_ended(name, error, failed=True)

    def define_capability(ids: tuple[str, ...], value: Mapping[object, object]) -> object:
        implementation = value["implementation"]
        # as data it is no more than a property
        if kind_name(implementation) == "function":
            named = [value.get("capability-id"), *ids]
            texts = [each.text if isinstance(each, Keyword) else each for each in named]
            session.define_capability(tuple(t for t in texts if isinstance(t, str)), implementation)
        return value

    def call(capability: Keyword | str, *args: object) -> object:
        return session.perform(capability if isinstance(capability, str) else capability.text, args)

    def parallel(names: tuple[str, ...], *branches: Callable[[], object]) -> object:
        values = session.run_branches(names, branches)
        return dict(zip(map(Keyword, names), values, strict=True)) if names else values

    def log_step(level: object, *values: object) -> None:
        session.perform("ccos.log/step", (level, *values))

    def llm_execute(model: object, prompt: object, system: object) -> object:
        return session.perform("ccos.ai/llm-execute", (model, prompt, system))

    def discover_agents(criteria: object, options: object) -> object:
        return session.perform("ccos.agents/discover", (criteria, options))

    def release(value: object) -> None:
        session.perform("ccos.resource/release", (value,))

    return {
        "#step_started": step_started,
        "#step_completed": step_completed,
        "#step_failed": step_failed,
        "#call": call,
        "#define_capability": define_capability,
        "#parallel": parallel,
        "#log_step": log_step,
        "#llm_execute": llm_execute,
        "#discover_agents": discover_agents,
        "#release": release,
        "#push_hints": session.push_hints,
        "#pop_hints": session.pop_hints,
    }


def session_abi(session: SessionLike) -> dict[str, Any]:
    """Make the functions of the ABI that act through a session."""
    return _session_functions(session)
