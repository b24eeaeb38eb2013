"""What a run did: effects, model calls and steps, as a tree of events.

In: begin and end of each event. Out: a bounded list for `Result.trace`, every event for a sink, and text.
What an event means is left to whoever records it. Source: delegation §3.4; ruling 28.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from itertools import count
from typing import Final, Literal, NamedTuple, Protocol, TypeAlias

from rtfs_runtime.errors import LimitExceeded, RtfsError
from rtfs_runtime.printer import display
from rtfs_runtime.values import kind_name

EventKind: TypeAlias = Literal[
    "run", "step", "branch", "capability", "model", "decision", "attempt", "cache", "log"
]
MAX_EVENTS: Final = 10_000
_BRIEF_CHARS: Final = 60
# digests, versions and whole texts: for the ledger, too long for a line
_NOT_IN_TREES: Final = frozenset(
    {
        "context", "policy", "sure", "model", "repair", "provider", "operation", "temperature", "top_p",
        "max_tokens", "seed", "stop",
    }
)  # fmt: skip


class Usage(NamedTuple):
    """What a model's answer took."""

    input_tokens: int = 0
    output_tokens: int = 0
    cost_usd: float | None = None


class Cost(NamedTuple):
    """What the models of a run took together; `cost_usd` counts answers whose price is known."""

    model_calls: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cost_usd: float = 0.0


class Event:
    """One thing that happened.

    Shape: `path` names the place, the same in every run that does the same: the module, then for each level
           its number among those of its parent, with the name of a step or a branch (`m/2:fetch/1`). `id`
           counts events as they began, `parent` is the id of the enclosing event, 0 for none. `detail` grows
           while the event is open; it holds texts, numbers and None. `outcome` is the value it gave, or the
           error. `usage` stands at the one event that spent it.
    Units: `latency_s` is None while the event is open.
    """

    __slots__ = (
        "args", "detail", "failed", "id", "kind", "latency_s", "name", "outcome", "parent", "path",
        "started_s", "usage",
    )  # fmt: skip

    def __init__(self, number: int, parent: int, path: str, kind: EventKind, name: str) -> None:
        self.id = number
        self.parent = parent
        self.path = path
        self.kind = kind
        self.name = name
        self.args: tuple[object, ...] = ()
        self.detail: dict[str, object] = {}
        self.started_s = 0.0
        self.latency_s: float | None = None
        self.outcome: object = None
        self.failed = False
        self.usage: Usage | None = None


Sink: TypeAlias = Callable[[Event], None]
Replay: TypeAlias = Callable[[Event], object]
"""Gives what an effect gave when it was recorded, or raises what it raised, instead of doing it again."""


class RunStart(NamedTuple):
    """What a run begins with: all that it takes to run it again.

    Shape: `plan` is what was run, a path or the name of a module, "" for texts and single calls. `function`
           None is `main`, else the last value. `policy` is the path of the policy, "" without one.
    """

    name: str
    plan: str = ""
    function: str | None = None
    args: tuple[object, ...] = ()
    grants: tuple[str, ...] = ()
    policy: str = ""
    policy_digest: str = ""
    tenant: str = ""


class Ledger(Protocol):
    """Keeps what runs do."""

    def open(self, start: RunStart) -> Sink:
        """Give what takes the events of one run; the event of the run itself is the last."""
        ...


class Deferred:
    """A ledger that is loaded and opened with the first event that is more than structure: a program that
    only computes pays nothing and leaves nothing."""

    def __init__(self, make: Callable[[], Ledger]) -> None:
        self._make = make

    def open(self, start: RunStart) -> Sink:
        """Give what holds events back until one of them is worth keeping."""
        held: list[Event] = []
        opened: list[Sink] = []
        # branches end their first effects at once
        opening = threading.Lock()

        def hold(event: Event) -> bool:
            if opened:
                return False
            if event.kind in ("run", "step", "branch"):
                if len(held) < MAX_EVENTS:
                    held.append(event)
                return True
            sink = self._make().open(start)
            for earlier in held:
                sink(earlier)
            opened.append(sink)
            return False

        def record(event: Event) -> None:
            if not opened:
                with opening:
                    if hold(event):
                        return
            opened[0](event)

        return record


class Trace:
    """The events of one run as they began; beyond `MAX_EVENTS` they are only counted and sent to the sink.

    Shape: `replay` is set where a recorded run is run again.
    Thread: events may begin and end on any thread.
    """

    def __init__(
        self, clock: Callable[[], float], sink: Sink | None = None, replay: Replay | None = None
    ) -> None:
        self._clock = clock
        self._sink = sink
        self.replay = replay
        self._numbers = count(1)
        self._usages: list[Usage] = []
        self.events: list[Event] = []
        self.dropped = 0

    def __iter__(self) -> Iterator[Event]:
        return iter(self.events)

    def __len__(self) -> int:
        return len(self.events)

    def begin(self, kind: EventKind, name: str, path: str, parent: int) -> Event:
        """Open an event."""
        event = Event(next(self._numbers), parent, path, kind, name)
        event.started_s = self._clock()
        if len(self.events) < MAX_EVENTS:
            self.events.append(event)
        else:
            self.dropped += 1
        return event

    def end(self, event: Event, outcome: object, *, failed: bool = False) -> None:
        """Close an event with its value, or with the error it ended in."""
        event.latency_s = self._clock() - event.started_s
        event.outcome = outcome
        event.failed = failed
        if event.usage is not None:
            self._usages.append(event.usage)
        if self._sink is not None:
            self._sink(event)

    def cost(self) -> Cost:
        """Sum up what models took so far."""
        used = list(self._usages)
        return Cost(
            len(used),
            sum(one.input_tokens for one in used),
            sum(one.output_tokens for one in used),
            sum(one.cost_usd or 0.0 for one in used),
        )


def by_parent(events: Iterable[Event]) -> dict[int, list[Event]]:
    """Give the events below each one, in order; below 0 those whose parent is not there."""
    present = list(events)
    ids = {event.id for event in present}
    found: dict[int, list[Event]] = {}
    for event in present:
        found.setdefault(event.parent if event.parent in ids else 0, []).append(event)
    return found


def render_tree(events: Iterable[Event], *, times: bool = True, dropped: int = 0) -> str:
    """Show events as an indented tree, one line each; `times=False` gives the same text for the same run."""
    known = by_parent(events)
    lines: list[str] = []
    todo = [(event, "", "") for event in reversed(known.get(0, []))]
    while todo:
        event, lead, mark = todo.pop()
        notes = notes_of(event, times=times)
        lines.append(lead + mark + headline(event) + (f"  [{', '.join(notes)}]" if notes else ""))
        below = known.get(event.id, [])
        inner = lead + {"": "", "├─ ": "│  ", "└─ ": "   "}[mark]
        for place, child in reversed(list(enumerate(below, 1))):
            todo.append((child, inner, "└─ " if place == len(below) else "├─ "))
    if dropped:
        lines.append(f"… and {dropped} more events")
    return "\n".join(lines)


def headline(event: Event) -> str:
    """Show in one line what happened, and what it gave."""
    shown = f"{event.kind} {event.name}"
    if event.args:
        shown += f" ({' '.join(brief(arg) for arg in event.args)})"
    if event.latency_s is not None and event.kind not in ("run", "branch", "log"):
        sign, value = ("✗", _error_text(event.outcome)) if event.failed else ("→", brief(event.outcome))
        shown += f" {sign} {value}"
    return shown


def notes_of(event: Event, *, times: bool = True) -> list[str]:
    """Give the details of an event as `name: text`, then its price and its time."""
    notes = [
        f"{name}: {text}"
        for name, text in event.detail.items()
        if text is not None and text != "" and name not in _NOT_IN_TREES
    ]
    usage = event.usage
    if usage is not None and usage.cost_usd:
        notes.append(f"${usage.cost_usd:.6f}")
    if times and event.latency_s is not None:
        notes.append(f"{event.latency_s * 1000:.1f} ms")
    return notes


def _error_text(outcome: object) -> str:
    if isinstance(outcome, RtfsError):
        return str(outcome)
    return type(outcome).__name__ if isinstance(outcome, BaseException) else brief(outcome)


def brief(value: object) -> str:
    """Show a value in one short line; what is long is cut, what is huge is only named."""
    try:
        shown = display(value, 10_000)
    except LimitExceeded:
        return f"a large {kind_name(value)}"
    shown = " ".join(shown.split())
    return shown if len(shown) <= _BRIEF_CHARS else shown[: _BRIEF_CHARS - 1] + "…"
