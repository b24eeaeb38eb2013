"""Runs a recorded run again: its program, with the recorded outcomes in place of the world.

In: a `Run`. Out: `Replayer`, which a session asks instead of acting, and `check`, which compares the ends.
An outcome is found by its place, and given only to the same effect with the same arguments: a program that
does something else has diverged, which is told with both sides.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Final, NoReturn

from rtfs_runtime.errors import KINDS, LimitExceeded, RtfsError
from rtfs_runtime.host.rows import nothing
from rtfs_runtime.host.standard import STANDARD
from rtfs_runtime.ledger.hidden import Hidden
from rtfs_runtime.ledger.record import (
    MAX_VALUE_CHARS,
    RecordedError,
    RecordedEvent,
    Run,
    decode_shown,
    folder_of,
    show,
    show_arguments,
)
from rtfs_runtime.trace import Event, brief

_EFFECTS: Final = ("capability", "model")


class ReplayError(Exception):
    """A run cannot be replayed, or what runs now is not what was recorded; the text says where."""


class Diverged(BaseException):
    """What `ReplayError` is while the program runs, which must not catch it."""


class Replayer:
    """Gives back what the effects of one run gave. Thread: branches may ask at once."""

    def __init__(self, run: Run, environment: Mapping[str, str]) -> None:
        if run.whole is None:
            raise ReplayError(f"the run {run.id} was cut off: only a run that ended can be replayed")
        if run.dropped:
            raise ReplayError(
                f"{run.dropped} events of the run {run.id} were too many to be kept; record it with --ledger"
            )
        self.run = run
        self._hidden = Hidden(environment, folder_of(run.start))
        self._lock = threading.Lock()
        self._left = {event.path: event for event in _outermost(run)}

    def arguments(self) -> tuple[object, ...]:
        """Give the arguments of the run."""
        if self.run.args is None:
            raise ReplayError("the arguments of the run were too long to be kept")
        found = self._reveal("the start of the run", self.run.args)
        assert isinstance(found, tuple), "arguments are written as a vector"
        return found

    def __call__(self, event: Event) -> object:
        """Give the recorded outcome of an effect, or raise the recorded error."""
        recorded = self._left.pop(event.path, None)
        if recorded is None:
            _diverged(event.path, "nothing", _shown(event.name, event.args))
        with self._lock:
            value = self._value(recorded)
            # the arguments were written when the outcome was known, with all that this hides
            self._hidden.learn(event.name, event.args, value)
            _, digest = show_arguments(self._hidden, event.args, MAX_VALUE_CHARS)
        if recorded.name != event.name or recorded.args_digest != digest:
            _diverged(event.path, _recorded(recorded), _shown(event.name, event.args))
        if recorded.error is not None:
            raise self._error(recorded.path, recorded.error)
        return value

    def check(self, outcome: object) -> None:
        """Compare the end of the replay, a value or an RtfsError, with the recorded one.

        Raises: ReplayError.
        """
        for recorded in sorted(self._left.values(), key=lambda event: event.id):
            now = f"nothing; it ended in {outcome}" if isinstance(outcome, RtfsError) else "nothing"
            raise ReplayError(_difference(recorded.path, _recorded(recorded), now))
        whole = self.run.whole
        assert whole is not None, "only whole runs are replayed"
        if isinstance(outcome, RtfsError):
            now = f"{outcome.kind}: {self._hidden.text(outcome.message)}"
            same = whole.error is not None and now == f"{whole.error.kind}: {whole.error.message}"
        else:
            text = show(self._hidden, outcome, MAX_VALUE_CHARS)
            now, same = brief(outcome), whole.error is None and whole.value == text
        if not same:
            raise ReplayError(_difference("the end", _end(whole), now))

    def _value(self, recorded: RecordedEvent) -> object:
        if recorded.error is not None:
            return None
        if recorded.value is None:
            raise Diverged(f"{recorded.path}: what {recorded.name} gave was too long to be kept")
        return self._reveal(recorded.path, recorded.value)

    def _reveal(self, where: str, text: str) -> object:
        try:
            return self._hidden.reveal(text)
        except LookupError as error:
            (name,) = error.args
            raise Diverged(
                f"{where}: the value holds that of the variable {name}, which no ledger keeps: set {name}"
            ) from None
        except ValueError as error:
            raise Diverged(f"{where}: a value that cannot be given back: {error}") from None

    def _error(self, where: str, error: RecordedError) -> BaseException:
        if error.kind not in KINDS:
            return Diverged(f"{where}: the effect was cut off by {error.kind}")
        fields = {} if error.fields is None else self._reveal(where, error.fields)
        assert isinstance(fields, dict), "fields are written as a map"
        if error.kind == "BudgetExhausted":
            return LimitExceeded(str(fields["dimension"]), str(fields["policy"]))
        if error.fields is None:
            fields = {"bare": error.message}
        data = None if error.data is None else self._reveal(where, error.data)
        return RtfsError(error.kind, fields, data=data)


def _outermost(run: Run) -> list[RecordedEvent]:
    """Give the effects on the world that no other effect caused: those are what a replay gives back."""
    inside = {event.id for event in run.events if event.kind in _EFFECTS}
    found = []
    for event in run.events:
        if event.parent in inside:
            inside.add(event.id)
        elif event.kind in _EFFECTS and not _is_within(event.name):
            found.append(event)
    return found


def _is_within(name: str) -> bool:
    row = STANDARD.get(name)
    return row is not None and row.needs is nothing


def _shown(name: str, args: tuple[object, ...]) -> str:
    return f"{name} ({' '.join(map(brief, args))})"


def _recorded(event: RecordedEvent) -> str:
    args = None if event.args is None else decode_shown(event.args)
    return _shown(event.name, args) if isinstance(args, tuple) else f"{event.name} (…)"


def _end(event: RecordedEvent) -> str:
    if event.error is not None:
        return f"{event.error.kind}: {event.error.message}"
    return "…" if event.value is None else brief(decode_shown(event.value))


def _difference(where: str, recorded: str, now: str) -> str:
    both = f"  recorded: {recorded}\n  now:      {now}"
    return f"the program has changed since it was recorded. At {where}:\n{both}"


def _diverged(where: str, recorded: str, now: str) -> NoReturn:
    raise Diverged(_difference(where, recorded, now))
