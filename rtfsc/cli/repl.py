"""`rtfsc repl`: read forms, evaluate them in one session, print their values.

In: lines of a terminal, or of a pipe (then without prompts). Out: values on standard output, reports on
standard error. An error does not end it; ctrl-c drops the input at hand, ctrl-d ends it. Lines are edited
with the interpreter's own `readline`: history, completion of names, multi-line input.
"""

from __future__ import annotations

import contextlib
import os
import re
import sys
from collections.abc import Callable, Iterable
from pathlib import Path

from rtfs_runtime.builtins import BUILTINS
from rtfs_runtime.errors import RtfsError
from rtfs_runtime.printer import display
from rtfsc.cli.arguments import Allow, Policy, SearchPath
from rtfsc.cli.explain import explain, near
from rtfsc.cli.outcome import report
from rtfsc.cli.sessions import Interactive
from rtfsc.diagnostics import CompileError
from rtfsc.reports.render import paint, use_color
from rtfsc.source import SourceFile
from rtfsc.syntax.parser import parse

_PROMPT, _CONTINUED = "rtfs> ", "  ... "
_UNFINISHED = frozenset({"E008", "E009", "E015", "E022"})
_DOC = re.compile(r"\(\s*doc\s+([^\s()]+)\s*\)")
_HISTORY_LINES = 5000
_CYAN = "36"


def command(allow: Allow = None, path: SearchPath = None, policy: Policy = None) -> None:
    """Evaluate forms as they are typed."""
    session = Interactive(allow, path, policy)
    terminal = sys.stdin.isatty()
    if terminal:
        _set_up_lines(session.names)
        print("RTFS. (doc name) explains a name, ctrl-d leaves.")
    with contextlib.suppress(EOFError):
        while True:
            _turn(session, terminal)


def _turn(session: Interactive, terminal: bool) -> None:
    """Read one complete input, evaluate it, print; KeyboardInterrupt drops it."""
    try:
        text = _read(terminal)
        if text.strip():
            _answer(session, text)
    except KeyboardInterrupt:
        print()


def _answer(session: Interactive, text: str) -> None:
    asked = _DOC.fullmatch(text.strip())
    if asked:
        print(_doc(session, asked[1]), flush=True)
        return
    try:
        value = session.evaluate(text)
    except (CompileError, RtfsError) as error:
        report(error, whole=False)
        return
    color = use_color(sys.stdout)
    print(paint(display(value), _CYAN, color), flush=True)


def _read(terminal: bool) -> str:
    """Read lines until all delimiters and texts are closed. Raises: EOFError at the end of the input."""
    lines: list[str] = []
    while True:
        try:
            line = input((_CONTINUED if lines else _PROMPT) if terminal else "")
        except EOFError:
            if not lines:
                raise
            return "\n".join(lines)
        lines.append(line)
        text = "\n".join(lines)
        if not is_unfinished(text):
            return text


def is_unfinished(text: str) -> bool:
    """Tell whether more lines could make a program of a text that is none yet."""
    try:
        parse(SourceFile("<repl>", text))
    except CompileError as error:
        return any(diagnostic.code in _UNFINISHED for diagnostic in error.diagnostics)
    return False


def _doc(session: Interactive, name: str) -> str:
    about = session.value(name)
    if about is not None and name not in BUILTINS:
        return (
            f"{name}: {session.doc(name) or about.__doc__ or 'no documentation'}"
            if callable(about)
            else f"{name}: {display(about)}"
        )
    like = near(name)
    unknown = f"nothing is known about {name}" + (f"; like it: {', '.join(like)}" if like else "")
    return explain(name) or unknown


def _set_up_lines(names: Callable[[], Iterable[str]]) -> None:
    try:
        import readline
    except ImportError:  # some builds of Python have none: input() still works
        return
    import atexit

    history = _history_file()
    with contextlib.suppress(OSError):
        history.parent.mkdir(parents=True, exist_ok=True)
        readline.read_history_file(history)
    readline.set_history_length(_HISTORY_LINES)
    atexit.register(_save_history, history)
    readline.set_completer_delims(" \t\n()[]{}\"';`~@,")
    readline.set_completer(completer(names))
    readline.parse_and_bind("tab: complete")


def completer(names: Callable[[], Iterable[str]]) -> Callable[[str, int], str | None]:
    """Make the function that gives the n-th completion of a prefix."""

    def complete(prefix: str, number: int) -> str | None:
        found = sorted({name for name in names() if name.startswith(prefix)})
        return found[number] if number < len(found) else None

    return complete


def _save_history(file: Path) -> None:
    import readline

    with contextlib.suppress(OSError):
        readline.write_history_file(file)


def _history_file() -> Path:
    state = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    return Path(state) / "rtfsc" / "history"
