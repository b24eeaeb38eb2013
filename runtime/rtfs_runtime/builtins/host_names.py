"""Names of effects: each row turns its arguments into one event for the host.

In: the session's host and RTFS values. Out: what the host answers. Every effect passes `host.perform`
(ruling 28); grants, journal and errors of capabilities are the host's.
"""

from __future__ import annotations

from typing import Any, Final, Protocol

from rtfs_runtime.builtins.building import conj
from rtfs_runtime.builtins.maps import assoc, dissoc
from rtfs_runtime.builtins.operands import integer, text_of
from rtfs_runtime.builtins.table import builtin, spellings
from rtfs_runtime.builtins.text import lines
from rtfs_runtime.errors import arity_error, invalid_argument, type_error
from rtfs_runtime.limits import MAX_TEXT
from rtfs_runtime.maps import Map
from rtfs_runtime.printer import to_str
from rtfs_runtime.values import Keyword, Symbol, kind_name


class Host(Protocol):
    """What a row needs of the session's host."""

    def perform(self, capability_id: str, args: tuple[object, ...]) -> Any:
        """Perform one effect and give its answer."""


_PRINT = "[:fn [& :any] :nil]"


@builtin(
    "call",
    "[:fn [[:union :string :keyword] & :any] :any]",
    host="writes",
    raises=("TypeError", "UnknownCapability"),
    examples=(
        ("(call 5)", "!TypeError"),
        ("(call :no.such/thing)", "!UnknownCapability"),
        ("(call)", "!ArityMismatch"),
    ),
)
def call(host: Host, capability: object, *args: object) -> object:
    """Invoke a capability by its id: a string, or a keyword without its colon."""
    if isinstance(capability, Keyword):
        return host.perform(capability.text, args)
    if isinstance(capability, str):
        return host.perform(capability, args)
    raise type_error("string or keyword", kind_name(capability), "call")


def _line(values: tuple[object, ...]) -> str:
    return " ".join([to_str(value, MAX_TEXT) for value in values])


@builtin("println", _PRINT, host="writes", raises=(), examples=(('(println "a" 1)', "!SecurityViolation"),))
def println(host: Host, *values: object) -> None:
    """Print the texts of the arguments, joined by blanks, and end the line."""
    host.perform("ccos.io.println", (_line(values),))


@builtin(
    "print",
    _PRINT,
    aliases=spellings("print"),
    host="writes",
    raises=(),
    examples=(('(print "a")', "!SecurityViolation"),),
)
def print_text(host: Host, *values: object) -> None:
    """Print the texts of the arguments, joined by blanks."""
    host.perform("ccos.io.print", (_line(values),))


@builtin(
    "log",
    _PRINT,
    aliases=spellings("log"),
    host="writes",
    raises=(),
    examples=(('(log "a")', "!SecurityViolation"),),
)
def log(host: Host, *values: object) -> None:
    """Log the texts of the arguments, joined by blanks."""
    host.perform("ccos.io.log", (_line(values),))


@builtin(
    "log-error",
    "[:fn [:any & :any] :nil]",
    aliases=spellings("log-error"),
    host="writes",
    raises=(),
    examples=(('(log-error "a" {:b 1})', "!SecurityViolation"),),
)
def log_error(host: Host, message: object, details: object = None) -> None:
    """Log an error, with details on demand."""
    host.perform("ccos.io.log-error", (to_str(message, MAX_TEXT), details))


@builtin(
    "read-input",
    "[:fn [& :string] :string?]",
    aliases=spellings("read-input"),
    host="writes",
    examples=(('(read-input "name? ")', "!SecurityViolation"),),
)
def read_input(host: Host, prompt: str = "") -> object:
    """Read a line that a person types, nil at the end."""
    return host.perform("ccos.io.read-input", (text_of(prompt, "read-input"),))


@builtin(
    "get-env",
    "[:fn [:string] :string?]",
    aliases=spellings("get-env"),
    host="reads",
    examples=(('(get-env "HOME")', "!SecurityViolation"),),
)
def get_env(host: Host, name: str) -> object:
    """Give an environment variable, or nil."""
    return host.perform("ccos.system.get-env", (text_of(name, "get-env"),))


@builtin(
    "current-time",
    "[:fn [] :int]",
    aliases=spellings("current-time"),
    host="reads",
    raises=(),
    examples=(("(current-time)", "!SecurityViolation"),),
)
def current_time(host: Host) -> object:
    """Give the seconds since 1970."""
    return host.perform("ccos.system.current-time", ())


@builtin(
    "current-timestamp-ms",
    "[:fn [] :int]",
    aliases=(
        *spellings("current-timestamp-ms"), "tool/time-ms", "tool:time-ms", "tool.time-ms",
        "current-time-millis", "current-timestamp",
    ),
    host="reads", raises=(), examples=(("(current-timestamp-ms)", "!SecurityViolation"), ))  # fmt: skip
def current_time_ms(host: Host) -> object:
    """Give the milliseconds since 1970."""
    return host.perform("ccos.system.current-timestamp-ms", ())


@builtin(
    "random",
    "[:fn [] :float]",
    aliases=("rand",),
    host="reads",
    raises=(),
    examples=(("(random)", "!SecurityViolation"),),
)
def random(host: Host) -> object:
    """Give a random float from 0 up to but excluding 1."""
    return host.perform("ccos.system.random", ())


@builtin(
    "uuid",
    "[:fn [] :uuid]",
    aliases=("random-uuid",),
    host="reads",
    raises=(),
    examples=(("(uuid)", "!SecurityViolation"),),
)
def uuid(host: Host) -> object:
    """Give a fresh random uuid."""
    return host.perform("ccos.system.uuid", ())


@builtin(
    "thread/sleep",
    "[:fn [:int] :nil]",
    aliases=("sleep",),
    host="writes",
    raises=("TypeError", "InvalidArgument"),
    examples=(("(thread/sleep -1)", "!InvalidArgument"),),
)
def sleep(host: Host, duration_ms: int) -> None:
    """Wait for some milliseconds."""
    if integer(duration_ms, "thread/sleep") < 0:
        raise invalid_argument("thread/sleep of a negative time")
    host.perform("ccos.system.sleep-ms", (duration_ms,))


def _context_key(key: object, operation: str) -> str:
    if isinstance(key, (Keyword, Symbol)):
        return key.text
    if isinstance(key, str):
        return key
    raise type_error("string, keyword, or symbol", kind_name(key), operation)


@builtin(
    "context/get",
    "[:fn [[:union :string :keyword :symbol]] :any]",
    host="reads",
    examples=(
        ("(context/get :k)", "nil"),
        ("(context/get 5)", "!TypeError"),
    ),
)
def context_get(host: Host, key: object) -> object:
    """Give a value of the step's context, or nil."""
    return host.perform("ccos.context.get", (_context_key(key, "context/get"),))


@builtin(
    "context/set",
    "[:fn [[:union :string :keyword :symbol] :any] :nil]",
    aliases=("ccos.context/set",),
    host="writes",
    raises=("TypeError",),
    examples=(("(do (context/set :k 1) (context/get :k))", "1"),),
)
def context_set(host: Host, key: object, value: object) -> None:
    """Put a value into the step's context."""
    host.perform("ccos.context.set", (_context_key(key, "context/set"), value))


_GET: Final = "ccos.state.kv.get"
_PUT: Final = "ccos.state.kv.put"


def _stored(host: Host, key: object, empty: object) -> object:
    found = host.perform(_GET, (key,))
    return empty if found is None else found


@builtin(
    "kv/assoc!",
    "[:fn [:any :any :any & :any] :map]",
    host="writes",
    raises=("TypeError", "ArityMismatch"),
    examples=(('(kv/assoc! "m" :a 1)', "{:a 1}"),),
)
def kv_assoc(host: Host, store_key: object, key: object, value: object, *pairs: object) -> object:
    """Set keys of a map in the host's store; give the new map."""
    if len(pairs) % 2:
        raise arity_error("kv/assoc!", "an odd number", 3 + len(pairs))
    changed = assoc(_stored(host, store_key, {}), key, value, *pairs)
    host.perform(_PUT, (store_key, changed))
    return changed


@builtin(
    "kv/dissoc!",
    "[:fn [:any :any & :any] :map]",
    host="writes",
    examples=(('(do (kv/assoc! "m" :a 1 :b 2) (kv/dissoc! "m" :a))', "{:b 2}"),),
)
def kv_dissoc(host: Host, store_key: object, first: object, *others: object) -> object:
    """Leave keys out of a map in the host's store; give the new map."""
    stored: Map = _stored(host, store_key, {})  # type: ignore[assignment]
    changed = dissoc(stored, first, *others)
    host.perform(_PUT, (store_key, changed))
    return changed


@builtin(
    "kv/conj!",
    "[:fn [:any :any & :any] :any]",
    host="writes",
    examples=(('(do (kv/conj! "v" 1) (kv/conj! "v" 2 3))', "[1 2 3]"),),
)
def kv_conj(host: Host, store_key: object, item: object, *others: object) -> object:
    """Append to a vector in the host's store; give the new vector."""
    changed = conj(_stored(host, store_key, ()), item, *others)
    host.perform(_PUT, (store_key, changed))
    return changed


@builtin(
    "file-exists?",
    "[:fn [:string] :bool]",
    aliases=spellings("file-exists?"),
    host="reads",
    raises=("TypeError", "InvalidArgument"),
    examples=(('(file-exists? "notes.txt")', "!SecurityViolation"),),
)
def file_exists(host: Host, path: str) -> object:
    """Tell whether a path exists."""
    return host.perform("ccos.io.file-exists", (text_of(path, "file-exists?"),))


@builtin(
    "read-file",
    "[:fn [:string] :string]",
    aliases=("slurp", *spellings("read-file")),
    host="reads",
    raises=("TypeError", "InvalidArgument"),
    examples=(('(read-file "notes.txt")', "!SecurityViolation"),),
)
def read_file(host: Host, path: str) -> object:
    """Give the text of a file."""
    return host.perform("ccos.io.read-file", (text_of(path, "read-file"),))


@builtin(
    "read-lines",
    "[:fn [:string] [:vector :string]]",
    host="reads",
    raises=("TypeError", "InvalidArgument"),
    examples=(('(read-lines "notes.txt")', "!SecurityViolation"),),
)
def read_lines(host: Host, path: str) -> object:
    """Give the lines of a file."""
    return lines(host.perform("ccos.io.read-file", (text_of(path, "read-lines"),)))


@builtin(
    "write-file",
    "[:fn [:string :string] :any]",
    aliases=("spit",),
    host="writes",
    raises=("TypeError", "InvalidArgument"),
    examples=(('(write-file "notes.txt" "milk")', "!SecurityViolation"),),
)
def write_file(host: Host, path: str, text: str) -> object:
    """Write a text to a file."""
    return host.perform("ccos.io.write-file", (text_of(path, "write-file"), text_of(text, "write-file")))


@builtin(
    "delete-file",
    "[:fn [:string] :bool]",
    host="writes",
    raises=("TypeError", "InvalidArgument"),
    examples=(('(delete-file "notes.txt")', "!SecurityViolation"),),
)
def delete_file(host: Host, path: str) -> object:
    """Delete a file."""
    return host.perform("ccos.io.delete-file", (text_of(path, "delete-file"),))


_MODES: Final = {
    "r": "read", "w": "write", "a": "append", "r+": "read-write",
    "read": "read", "write": "write", "append": "append", "read-write": "read-write",
}  # fmt: skip


@builtin(
    "open-file",
    "[:fn [:string & :any] :int]",
    aliases=spellings("open-file"),
    host="writes",
    raises=("TypeError", "InvalidArgument"),
    examples=(
        ('(open-file "notes.txt" :append)', "!SecurityViolation"),
        ('(open-file "notes.txt" "x")', "!InvalidArgument"),
    ),
)
def open_file(host: Host, path: str, mode: object = "r", _ignored: object = None) -> object:
    """Open a file (mode r, w, a or r+); give its handle, an integer."""
    said = mode.text if isinstance(mode, Keyword) else text_of(mode, "open-file")
    if said not in _MODES:
        raise invalid_argument(f"open-file: unknown mode {said}")
    return host.perform("ccos.io.open-file", (text_of(path, "open-file"), _MODES[said]))


@builtin(
    "read-line",
    "[:fn [:int] :string?]",
    aliases=spellings("read-line"),
    host="writes",
    raises=("TypeError", "Generic", "InvalidArgument"),
    examples=(("(read-line 7)", "!Generic"),),
)
def read_line(host: Host, handle: int) -> object:
    """Give the next line of an open file, nil at the end."""
    return host.perform("ccos.io.read-line", (integer(handle, "read-line"),))


@builtin(
    "write-line",
    "[:fn [:int :string] :bool]",
    aliases=spellings("write-line"),
    host="writes",
    raises=("TypeError", "Generic"),
    examples=(('(write-line 7 "milk")', "!Generic"),),
)
def write_line(host: Host, handle: int, text: str) -> object:
    """Write a line to an open file."""
    return host.perform("ccos.io.write-line", (integer(handle, "write-line"), text_of(text, "write-line")))


@builtin(
    "close-file",
    "[:fn [:int] :bool]",
    aliases=spellings("close-file"),
    host="writes",
    raises=("TypeError", "Generic", "InvalidArgument"),
    examples=(("(close-file 7)", "!Generic"),),
)
def close_file(host: Host, handle: int) -> object:
    """Close an open file."""
    return host.perform("ccos.io.close-file", (integer(handle, "close-file"),))


@builtin(
    "ask-human",
    "[:fn [:string & :any] :any]",
    host="writes",
    examples=(('(ask-human "Send it?")', "!SecurityViolation"),),
)
def ask_human(host: Host, prompt: str, expected: object = None) -> object:
    """Ask a person; the second argument says what kind of answer is expected."""
    if expected is not None and not isinstance(expected, (str, Keyword)):
        raise type_error("keyword, string, or nil", kind_name(expected), "ask-human")
    return host.perform("ccos.agent.ask-human", (text_of(prompt, "ask-human"), expected))


@builtin(
    "discover-and-assess-agents",
    "[:fn [] [:vector :any]]",
    host="reads",
    raises=(),
    examples=(("(discover-and-assess-agents)", "[]"),),
)
def assess_agents(host: Host) -> object:
    """Give the agents that are known, assessed."""
    return host.perform("ccos.agent.discover-and-assess", ())


@builtin(
    "task-coordination",
    "[:fn [:any & :any] :map]",
    host="writes",
    raises=(),
    examples=(('(task-coordination "triage")', "{}"),),
)
def coordinate(host: Host, task: object, *others: object) -> object:
    """Hand tasks to agents."""
    return host.perform("ccos.agent.task-coordination", (task, *others))


@builtin(
    "establish-system-baseline",
    "[:fn [] :map]",
    host="reads",
    raises=(),
    examples=(("(establish-system-baseline)", "{}"),),
)
def baseline(host: Host) -> object:
    """Give what is known of the system's state."""
    return host.perform("ccos.system.baseline", ())


@builtin(
    "load-capability",
    "[:fn [:string] :any]",
    host="reads",
    raises=("TypeError", "InvalidArgument"),
    examples=(('(load-capability "tools.rtfs")', "!SecurityViolation"),),
)
def load_capability(host: Host, path: str) -> object:
    """Give the ids of the capabilities that a file defines."""
    return host.perform("ccos.capability.load", (text_of(path, "load-capability"),))
