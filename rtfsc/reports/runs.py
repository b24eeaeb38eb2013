"""Recorded runs as text and as records.

In: runs of a ledger. Out: a list of runs, the tree of one, its records.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

from rtfs_runtime.ledger.record import RecordedEvent, Run, as_event
from rtfs_runtime.trace import render_tree

_HEADINGS = ("run", "plan", "end", "events", "models", "tokens", "cost", "time")


def run_text(run: Run) -> str:
    """Show a run: a line about the whole, then the tree of its events."""
    tree = render_tree(map(as_event, run.events), dropped=run.dropped)
    return f"{headline_of(run)}\n{tree}"


def headline_of(run: Run) -> str:
    """Say in one line what was run when, how it ended and what it took."""
    start = run.start
    what = start.plan or start.name
    if start.function is not None:
        what += f" {start.function}"
    when = datetime.fromtimestamp(run.time_s, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    cost = run.cost
    parts = [f"{run.id}: {what}", when, _end(run)]
    if cost.model_calls:
        parts.append(f"{cost.model_calls} answers of models")
        parts.append(f"{cost.input_tokens}+{cost.output_tokens} tokens")
        parts.append(f"${cost.cost_usd:.6f}")
    if start.policy:
        parts.append(f"policy {start.policy}")
    return ", ".join(parts)


def list_runs(runs: Iterable[Run]) -> str:
    """Show runs in a table, the last one at the end."""
    rows = [_HEADINGS, *map(_row, runs)]
    widths = [max(len(row[place]) for row in rows) for place in range(len(_HEADINGS))]
    lines = ("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows)
    return "\n".join(line.rstrip() for line in lines)


def _row(run: Run) -> tuple[str, ...]:
    cost = run.cost
    whole = run.whole
    return (
        run.id,
        (run.start.plan or run.start.name).rpartition("/")[2],
        _end(run),
        str(len(run.events) + run.dropped),
        str(cost.model_calls),
        f"{cost.input_tokens}+{cost.output_tokens}",
        f"${cost.cost_usd:.6f}",
        "" if whole is None else f"{whole.latency_s * 1000:.1f} ms",
    )


def _end(run: Run) -> str:
    whole = run.whole
    if whole is None:
        return "cut off"
    return "done" if whole.error is None else whole.error.kind


def run_records(run: Run) -> Iterator[dict[str, object]]:
    """Give a run as records for JSON: the run, then its events in the order in which they began."""
    start = run.start._asdict()
    del start["args"]
    yield {"run": run.id, "time_s": run.time_s, **start, "args": run.args, "end": _end(run), **_cost(run)}
    for event in run.events:
        yield {"run": run.id, **_event(event)}


def _cost(run: Run) -> dict[str, object]:
    return {"events": len(run.events) + run.dropped, **run.cost._asdict()}


def _event(event: RecordedEvent) -> dict[str, object]:
    error = None if event.error is None else event.error._asdict()
    return {**event._asdict(), "error": error, "attributes": dict(event.attributes)}
