"""What the kinds of run-time errors mean, and what to do about one.

In: the name of a kind, or an error. Out: text for `rtfsc explain` and for the help line under a traceback.
Source: language reference §8.2.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from types import MappingProxyType
from typing import NamedTuple

from rtfs_runtime.errors import KINDS, RtfsError


class KindHelp(NamedTuple):
    """When a kind is raised, and what its help line says; "" where the message says it all."""

    raised_when: str
    help: str = ""


KIND_HELP: Mapping[str, KindHelp] = MappingProxyType(
    {
        "TypeError": KindHelp(
            "A value has the wrong kind for an operation, or what is called is no function. "
            "Integers, floats and booleans are kinds of their own; `+` does not join strings.",
            "convert the value first: (int x), (float x), (str x); (type-name x) tells its kind",
        ),
        "UndefinedSymbol": KindHelp(
            "A name is used that is neither bound around it, nor defined in the module, nor "
            "imported, nor a builtin.",
            "define it, import it, or quote it when the symbol itself is meant: 'name",
        ),
        "SymbolNotFound": KindHelp("A name looked up while running is in no registry."),
        "ModuleNotFound": KindHelp(
            "No file or artifact on the search path has the module's name: `a/b` is looked for as a/b.rtfs.",
            "the path is the file's folder, the working directory, then each --path",
        ),
        "ModuleError": KindHelp(
            "A module imports itself in a circle, does not export what is asked for, or has no "
            "`module` form.",
            "define the name inside the module form, and list it: (module a.b (:exports [f]) (defn f ...))",
        ),
        "ArityMismatch": KindHelp("A function got more or fewer arguments than it takes."),
        "DivisionByZero": KindHelp(
            "The divisor of `/` or `mod` is zero.",
            "test the divisor first, or catch it: (catch DivisionByZero e ...)",
        ),
        "IndexOutOfBounds": KindHelp(
            "An index is below 0 or not below the length.", "(get coll i default) gives a default instead"
        ),
        "KeyNotFound": KindHelp(
            "A strict lookup found no such key.", "(get m k default) gives a default instead"
        ),
        "Generic": KindHelp("A failure without a kind of its own; the message says what happened."),
        "TypeValidationError": KindHelp(
            "A value does not have the type it was annotated with; annotations are checked when a "
            "value arrives.",
        ),
        "MatchError": KindHelp("No clause of `match` fits the value.", "add a last clause: _ default"),
        "InvalidArgument": KindHelp("An argument has the right kind but a value the function cannot use."),
        "InvalidArguments": KindHelp(
            "The options or arguments of a step or model call are not what it takes."
        ),
        "NetworkError": KindHelp("A host could not be reached."),
        "IoError": KindHelp("A file could not be read or written."),
        "JsonError": KindHelp("A text is not JSON."),
        "StorageError": KindHelp("A store of the host failed."),
        "ResourceError": KindHelp("A resource was used after its release, or could not be opened."),
        "ApplicationError": KindHelp(
            "The program itself raised it: (throw {:type :my/kind :message text}), (throw text) or "
            "(error text)."
        ),
        "UnknownCapability": KindHelp(
            "`call` names a capability that the session does not have, or a model id that is not registered. "
            "A program without a host has none.",
        ),
        "SecurityViolation": KindHelp(
            "The capability exists but was not granted. Everything is denied unless a grant allows it: "
            "--allow on the command line, grants= of a Session.",
        ),
        "BudgetExhausted": KindHelp(
            "A limit of the session was reached: steps, time, memory, output or money. No `catch` sees it."
        ),
        "DelegationError": KindHelp(
            "A delegated call failed on every target of its chain, or the answer did not have the "
            "return type."
        ),
        "AgentDiscoveryError": KindHelp("The registry of agents could not be asked."),
        "AgentCommunicationError": KindHelp("An agent could not be reached or answered wrongly."),
        "AgentProfileError": KindHelp("The description of an agent is wrong."),
        "InvalidProgram": KindHelp("A compiled program is damaged."),
        "InvalidTaskDefinition": KindHelp("A task object is malformed."),
        "InvalidParallelExpression": KindHelp("The branches of `parallel` are malformed."),
        "NotImplemented": KindHelp("The host lacks what the program asks for."),
        "StackOverflow": KindHelp(
            "Calls nest too deep: a recursion without end, or one too deep for the stack.",
            "a call in tail position takes no stack; `loop`/`recur` and `reduce` take none either",
        ),
        "InternalError": KindHelp("A bug of the compiler or runtime; please report it."),
        "SchemaError": KindHelp(
            "An object (intent, plan, action, capability, resource) lacks a field or has a wrong one."
        ),
    }
)
assert KIND_HELP.keys() == KINDS.keys(), "every kind is explained, and nothing else"


def help_line(error: RtfsError, names: Iterable[str]) -> str:
    """Say in one line what to do about an error; "" when nothing can be said. `names` are those in sight."""
    if error.kind == "UndefinedSymbol":
        name = str(error.fields.get("symbol", ""))
        near = get_close_matches(name, sorted(set(names)), n=3, cutoff=0.7)
        if near:
            return "did you mean " + ", ".join(near) + "?"
    return KIND_HELP[error.kind].help


def explain_kind(name: str) -> str:
    """Give the page of a kind: when it is raised, its fields, how to catch it."""
    row, about = KINDS[name], KIND_HELP[name]
    lines = [f"{name}: a run-time error", "", about.raised_when]
    if about.help:
        lines += ["", f"Help: {about.help}"]
    lines += ["", f"Message: {row.template}"]
    if row.fields:
        lines.append("Fields, as (:details e): " + ", ".join(":" + field for field in row.fields))
    if name != "BudgetExhausted":
        lines.append(f"Catch it: (try ... (catch {name} e (:message e)))")
    if row.key:
        lines.append(f"Category, as (:type e): :{row.key}")
    return "\n".join(lines)
