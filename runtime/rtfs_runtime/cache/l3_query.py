"""What L3 may compare, and for which functions.

In: a request, its arguments by name. Out: a `Query`: one text that may be said in another way, and a scope
that everything else must share exactly; or why there is none.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from typing import TYPE_CHECKING, Final, NamedTuple

from rtfs_runtime.cache.layer import SerializationError
from rtfs_runtime.cache.request_key import Answerer, key_of
from rtfs_runtime.tagged import encode_json
from rtfs_runtime.type_terms import BOOL, NIL, Alias, And, Enum, Type, Union, Val

if TYPE_CHECKING:
    from rtfs_runtime.providers.base import ModelRequest

GUARDS_VERSION: Final = "english-8"
"""Changes with the guards: what other ones let in must not meet these."""


class Likeness(NamedTuple):
    """How a rule uses L3.

    Shape: `max_error` is the share of wrong answers that is not to be exceeded, at 95 % confidence.
    `argument`
           names the text that may be said in another way, None the only text there is. `any_result` admits
           functions whose answers are no closed set. `threshold` None is learned, from the default on.
           `check_share` of the answers served are asked for all the same, to compare.
    Units: `ttl_s` at most a day.
    """

    max_error: float = 0.01
    argument: str | None = None
    any_result: bool = False
    threshold: float | None = None
    check_share: float = 0.05
    ttl_s: float | None = None


class Query(NamedTuple):
    """One text, within one scope: function, model, schema, tenant and all other arguments."""

    scope: bytes
    text: str
    model: str = ""
    function: str = ""
    tenant: str = ""


def make_query(
    request: ModelRequest, answerer: Answerer, named: Sequence[tuple[str, object]], rule: Likeness
) -> Query | str:
    """Make the query of a call, or tell why L3 is not for it."""
    if not rule.any_result and not is_closed(request.schema):
        return "the type of the answer is no closed set, and the rule does not say `any_result`"
    names = [name for name, value in named if isinstance(value, str)]
    if rule.argument is None and len(names) != 1:
        return f"{len(names) or 'no'} arguments are texts: the rule must name one as `argument`"
    chosen = names[0] if rule.argument is None else rule.argument
    if chosen not in names:
        return f"there is no argument {chosen} that is a text"
    text = next(str(value) for name, value in named if name == chosen)
    try:
        parts = [
            key_of(request._replace(messages=()), answerer).key,
            GUARDS_VERSION.encode(),
            chosen.encode(),
        ]
        for name, value in named:
            if name != chosen:
                parts += (name.encode(), encode_json(value).encode("utf-8", "surrogatepass"))
    except (SerializationError, TypeError) as error:
        return str(error)
    found = sha256()
    for part in parts:
        found.update(b"%d:%b" % (len(part), part))
    return Query(found.digest(), text, request.model_id, request.function, request.tenant)


def is_closed(kind: Type | None) -> bool:
    """Tell whether a type has finitely many values, none of which can quote the question."""
    todo = [kind]
    while todo:
        one = todo.pop()
        match one:
            case Enum() | Val():
                continue
            case Alias(_, target) if target is not None:
                todo.append(target)
            case And(base, _):
                todo.append(base)
            case Union(members):
                todo.extend(members)
            case _ if one is BOOL or one is NIL:
                continue
            case _:
                return False
    return True


def quotes(text: str, answer: str) -> bool:
    """Tell whether an answer repeats what the question says: a number, or three words in a row."""
    asked, said = text.lower().split(), answer.lower().split()
    numbers = {word.strip(".,;:!?\"'()") for word in asked if any(char.isdigit() for char in word)}
    if any(word.strip(".,;:!?\"'()") in numbers for word in said):
        return True
    runs = {tuple(asked[place : place + 3]) for place in range(len(asked) - 2)}
    return any(tuple(said[place : place + 3]) in runs for place in range(len(said) - 2))
