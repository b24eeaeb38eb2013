"""A recorded run as a page of HTML that needs nothing else.

In: a run. Out: text; each event can be folded, and shows its arguments, outcome and attributes. Whatever a
program or a model said is escaped.
"""

from __future__ import annotations

from html import escape

from rtfs_runtime.ledger.record import RecordedEvent, Run, as_event
from rtfs_runtime.trace import Event, by_parent, headline, notes_of
from rtfsc.reports.runs import headline_of

_STYLE = """
:root { color-scheme: light dark; font: 14px/1.5 system-ui, sans-serif; }
body { margin: 2rem auto; max-width: 72rem; padding: 0 1rem; }
details { margin-left: 1.2rem; border-left: 1px solid #8884; padding-left: .6rem; }
summary { cursor: pointer; overflow-wrap: anywhere; }
.failed > summary { color: #c62828; }
.notes { color: #888; font-size: .85em; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 0 1rem; margin: .3rem 0; font-size: .85em; }
dd { margin: 0; overflow-wrap: anywhere; white-space: pre-wrap; font-family: ui-monospace, monospace; }
"""


def run_page(run: Run) -> str:
    """Show a run as a page."""
    recorded = {event.id: event for event in run.events}
    below = by_parent(map(as_event, run.events))
    parts: list[str] = []
    # an event to open, or the text that closes one: runs may be nested deeper than Python calls
    todo: list[Event | str] = [*reversed(below.get(0, []))]
    while todo:
        event = todo.pop()
        if isinstance(event, str):
            parts.append(event)
            continue
        parts.append(_opening(event, recorded[event.id]))
        todo.append("</details>\n")
        todo.extend(reversed(below.get(event.id, [])))
    if run.dropped:
        parts.append(f"<p>… and {run.dropped} more events</p>\n")
    title = escape(f"{run.start.name}: {run.id}")
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
        f"<style>{_STYLE}</style></head>\n<body><h1>{escape(run.start.name)}</h1>\n"
        f"<p>{escape(headline_of(run))}</p>\n{''.join(parts)}</body></html>\n"
    )


def _opening(event: Event, recorded: RecordedEvent) -> str:
    notes = escape(", ".join(notes_of(event)))
    failed = ' class="failed"' if event.failed else ""
    return (
        f"<details open{failed}><summary>{escape(headline(event))} "
        f'<span class="notes">{notes}</span></summary>\n{_facts(recorded)}'
    )


def _facts(recorded: RecordedEvent) -> str:
    facts: dict[str, object] = {"path": recorded.path, "arguments": recorded.args, "value": recorded.value}
    if recorded.error is not None:
        facts["error"] = f"{recorded.error.kind}: {recorded.error.message}"
    facts.update(recorded.attributes)
    rows = (
        f"<dt>{escape(name)}</dt><dd>{escape(str(value))}</dd>"
        for name, value in facts.items()
        if value is not None
    )
    return f"<dl>{''.join(rows)}</dl>\n"
