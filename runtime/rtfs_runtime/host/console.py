"""Standard output, standard input and the log.

In: values. Out: text, each argument as `str` shows it, joined by a space (stdlib §14.1); lines of standard
input.
"""

from __future__ import annotations

from rtfs_runtime.host.capability import Capability
from rtfs_runtime.host.rows import nothing, plain, row
from rtfs_runtime.host.sides import HostSide
from rtfs_runtime.printer import to_str
from rtfs_runtime.values import Keyword, Resource

ROWS: list[Capability] = []


def _joined(values: tuple[object, ...]) -> str:
    return " ".join(to_str(value) for value in values)


@row(ROWS, "ccos.io.println", "writes", plain("print"))
def print_line(host: HostSide, *values: object) -> None:
    """Write the arguments and a line end."""
    host.write_out(_joined(values) + "\n")


@row(ROWS, "ccos.io.print", "writes", plain("print"))
def print_text(host: HostSide, *values: object) -> None:
    """Write the arguments."""
    host.write_out(_joined(values))


@row(ROWS, "ccos.io.log", "writes", plain("print"))
def log(host: HostSide, *values: object) -> None:
    """Write a line to the log."""
    host.write_log(f"[LOG] {_joined(values)}\n")


@row(ROWS, "ccos.io.log-error", "writes", plain("print"))
def log_error(host: HostSide, *values: object) -> None:
    """Write a line to the log, marked as an error."""
    host.write_log(f"[ERROR] {_joined(values)}\n")


@row(ROWS, "ccos.log/step", "writes", nothing)
def log_step(host: HostSide, level: object = None, *values: object) -> None:
    """Put a line into the trace and, where printing is granted, into the log."""
    name = level.text if isinstance(level, Keyword) else "info" if level is None else to_str(level)
    if host.may_print():
        host.write_log(f"[{name}] {_joined(values)}\n")


def _read_line(host: HostSide) -> str | None:
    line = host.world.read_line()
    return line.removesuffix("\n").removesuffix("\r") if line else None


@row(ROWS, "ccos.io.read-input", "writes", plain("input"))
def read_input(host: HostSide, prompt: object = None) -> str | None:
    """Give the next line of standard input, nil at its end; a prompt goes to the log."""
    if prompt is not None:
        host.write_log(to_str(prompt))
    return _read_line(host)


@row(ROWS, "ccos.io.read-all-input", "writes", plain("input"))
def read_all_input(host: HostSide) -> str:
    """Give the rest of standard input."""
    lines = []
    while line := host.world.read_line():
        lines.append(line)
    return "".join(lines)


@row(ROWS, "ccos.user.ask", "writes", plain("input"))
def ask(host: HostSide, prompt: object = "") -> str | None:
    """Show a prompt and give the line that is typed."""
    return read_input(host, to_str(prompt) + " ")


@row(ROWS, "ccos.agent.ask-human", "writes", plain("print"))
def ask_human(host: HostSide, prompt: object, _expected: object = None) -> Resource:
    """Register a prompt; gives a ticket at once."""
    host.write_log(f"[ASK] {to_str(prompt)}\n")
    return Resource(f"prompt-{host.world.uuid()}")
