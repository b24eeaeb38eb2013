"""One event as one flat record, and back.

In: events as they end. Out: dicts of texts, numbers and None, the same for every kind of ledger; values
inside are texts of their own, in the tagged encoding, of bounded length and without what is hidden. `Run`
and `RecordedEvent` are what readers give.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from typing import Any, Final, NamedTuple, cast

from rtfs_runtime.border import from_python
from rtfs_runtime.digest import key
from rtfs_runtime.errors import RtfsError
from rtfs_runtime.ledger.attributes import attributes_of, details_of, usage_of
from rtfs_runtime.ledger.hidden import GET_ENV, Hidden
from rtfs_runtime.tagged import TooLong, decode_json, encode_json
from rtfs_runtime.trace import Cost, Event, EventKind, RunStart, Usage
from rtfs_runtime.values import kind_name

FORMAT: Final = 1
START: Final = "start"
MAX_VALUE_CHARS: Final = 1 << 16
Record = dict[str, Any]


class RecordedError(NamedTuple):
    """An error as it was: `fields` and `data` in the tagged encoding, None where they could not be kept."""

    kind: str
    message: str
    fields: str | None
    data: str | None


class RecordedEvent(NamedTuple):
    """An event as it was.

    Shape: `args` and `value` are in the tagged encoding, None where they were too long or no values;
           `args_digest` covers the arguments, as the record shows them. `error` stands instead of a value.
    Units: `time_s` counts from the Unix epoch.
    """

    id: int
    parent: int
    path: str
    kind: EventKind
    name: str
    time_s: float
    latency_s: float
    args: str | None
    args_digest: str
    value: str | None
    error: RecordedError | None
    attributes: Mapping[str, object]

    @property
    def usage(self) -> Usage | None:
        """What the event itself took."""
        return usage_of(self.attributes)


class Run(NamedTuple):
    """One run, its events in the order in which they began; `args` is a vector in the tagged encoding."""

    id: str
    time_s: float
    start: RunStart
    args: str | None
    events: tuple[RecordedEvent, ...]

    @property
    def whole(self) -> RecordedEvent | None:
        """The event of the run itself, None for a run that was cut off."""
        return next((event for event in self.events if event.kind == "run"), None)

    @property
    def dropped(self) -> int:
        """How many events were too many to be kept."""
        found = None if self.whole is None else self.whole.attributes.get("rtfs.dropped")
        return found if isinstance(found, int) else 0

    @property
    def cost(self) -> Cost:
        """What its models took together."""
        used = [usage for event in self.events if (usage := event.usage) is not None]
        return Cost(
            len(used),
            sum(usage.input_tokens for usage in used),
            sum(usage.output_tokens for usage in used),
            sum(usage.cost_usd or 0.0 for usage in used),
        )


def show_arguments(hidden: Hidden, args: tuple[object, ...], limit: int) -> tuple[str | None, str]:
    """Give the text of arguments, None when it is too long, and the digest of the text or its beginning."""
    text, beginning = _show(hidden, args, limit)
    return text, key("args", beginning).hex()


def show(hidden: Hidden, value: object, limit: int) -> str | None:
    """Give the text of a value, None when it is too long or no value of the language."""
    return _show(hidden, value, limit)[0]


def _show(hidden: Hidden, value: object, limit: int) -> tuple[str | None, str]:

    def text_of(tag: str, text: str) -> str:
        if len(text) > limit:
            raise TooLong(text[:limit])
        return hidden.handle(text) if tag == "resource" else hidden.text(text) if tag == "str" else text

    try:
        text = encode_json(value, text_of, limit)
    except TooLong as error:
        return None, error.text
    except TypeError:
        # no value of the language: a host object that a capability was given
        return None, kind_name(value)
    return text, text


def folder_of(start: RunStart) -> str:
    """Give the folder of the plan, "" where a module's name was run, or a text."""
    return os.path.realpath(os.path.dirname(start.plan)) if os.path.isabs(start.plan) else ""


def _relative(path: str, folder: str) -> str | None:
    try:
        return os.path.relpath(path, folder) if path and folder and os.path.isabs(path) else None
    except ValueError:
        # on another drive
        return None


def start_record(run: str, start: RunStart, time_s: float, hidden: Hidden, beside: str) -> Record:
    """Give the record that opens a run; `beside` is the folder of the ledger."""
    try:
        args = show(hidden, tuple(map(from_python, start.args)), MAX_VALUE_CHARS)
    except (TypeError, ValueError):
        # no values: the run itself will say so
        args = None
    return {
        "run": run,
        "kind": START,
        "format": FORMAT,
        "time_s": round(time_s, 6),
        "name": start.name,
        "plan": start.plan,
        "plan_from_ledger": _relative(start.plan, beside),
        "policy_from_plan": _relative(start.policy, folder_of(start)),
        "function": start.function,
        "args": args,
        "grants": list(start.grants),
        "policy": start.policy,
        "policy_digest": start.policy_digest,
        "tenant": start.tenant,
    }


def event_record(run: str, event: Event, time_s: float, hidden: Hidden, limit: int) -> Record:
    """Give the record of an event that has ended."""
    hidden.learn(event.name, event.args, event.outcome)
    args, digest = show_arguments(hidden, event.args, limit)
    record: Record = {
        "run": run,
        "kind": event.kind,
        "id": event.id,
        "parent": event.parent,
        "path": event.path,
        "name": event.name,
        "time_s": round(time_s, 6),
        "latency_s": round(event.latency_s or 0.0, 6),
        "args": args,
        "args_digest": digest,
    }
    if event.failed:
        record["error"] = _error(event.outcome, hidden, limit)
    elif event.name == GET_ENV and isinstance(event.outcome, str):
        # however short: what stands in a variable is nobody else's business
        record["value"] = encode_json(f"[env:{event.args[0]}]")
    else:
        record["value"] = show(hidden, event.outcome, limit)
    attributes = attributes_of(event)
    record["attributes"] = {
        name: hidden.text(value) if isinstance(value, str) else value for name, value in attributes.items()
    }
    return record


def _error(outcome: object, hidden: Hidden, limit: int) -> dict[str, object]:
    if not isinstance(outcome, RtfsError):
        return {"kind": type(outcome).__name__, "message": "", "fields": None, "data": None}
    fields = show(hidden, dict(outcome.fields), limit)
    data = show(hidden, outcome.data, limit)
    message = hidden.text(outcome.message)[:limit]
    return {"kind": outcome.kind, "message": message, "fields": fields, "data": data}


def read_runs(records: Iterable[Record], beside: str) -> list[Run]:
    """Put records together to runs, in the order of their starts; a plan that moved together with the ledger
    is found where it is now.

    Raises: ValueError for records of another shape.
    """
    starts: dict[str, Record] = {}
    events: dict[str, list[RecordedEvent]] = {}
    try:
        for record in records:
            if record["kind"] == START:
                starts[record["run"]] = record
                events.setdefault(record["run"], [])
            elif record["run"] in events:
                events[record["run"]].append(_event(record))
        return [
            _run(name, start, beside, sorted(events[name], key=lambda event: event.id))
            for name, start in starts.items()
        ]
    except (KeyError, TypeError) as error:
        raise ValueError(f"a record of another shape: {error}") from None


def _run(name: str, start: Record, beside: str, events: list[RecordedEvent]) -> Run:
    if start["format"] != FORMAT:
        raise ValueError(f"a ledger of format {start['format']}, this is {FORMAT}")
    begin = RunStart(
        start["name"],
        _moved(start["plan"], start["plan_from_ledger"], beside),
        start["function"],
        (),
        tuple(start["grants"]),
        start["policy"],
        start["policy_digest"],
        start["tenant"],
    )
    begin = begin._replace(policy=_moved(begin.policy, start["policy_from_plan"], folder_of(begin)))
    return Run(name, float(start["time_s"]), begin, start["args"], tuple(events))


def _moved(path: str, relative: str | None, folder: str) -> str:
    if relative is None or os.path.exists(path):
        return path
    found = os.path.normpath(os.path.join(folder, relative))
    return found if os.path.exists(found) else path


def _event(record: Record) -> RecordedEvent:
    error = record.get("error")
    return RecordedEvent(
        record["id"],
        record["parent"],
        record["path"],
        cast(EventKind, record["kind"]),
        record["name"],
        record["time_s"],
        record["latency_s"],
        record["args"],
        record["args_digest"],
        record.get("value"),
        None if error is None else RecordedError(**error),
        record["attributes"],
    )


def as_event(recorded: RecordedEvent) -> Event:
    """Give the event that a record was made of, as far as it was kept."""
    event = Event(recorded.id, recorded.parent, recorded.path, recorded.kind, recorded.name)
    args = "…" if recorded.args is None else decode_shown(recorded.args)
    event.args = args if isinstance(args, tuple) else (args,)
    event.detail = details_of(recorded.attributes)
    event.latency_s = recorded.latency_s
    event.usage = recorded.usage
    event.failed = recorded.error is not None
    if recorded.error is not None:
        event.outcome = f"{recorded.error.kind}: {recorded.error.message}"
    else:
        event.outcome = "…" if recorded.value is None else decode_shown(recorded.value)
    return event


def decode_shown(text: str) -> object:
    """Read a value to show it; what does not decode (a function, an error) is shown as its text."""
    try:
        return decode_json(text)
    except ValueError:
        return text
