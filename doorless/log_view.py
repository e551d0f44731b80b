"""Log entries as rows and pages that a person likes to read; pure but for local time.

A decision and its outcome are one row; what has no outcome yet shows none.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import assert_never

import msgspec
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from audit.entry import DecisionEntry, EventEntry, OutcomeEntry
from audit.query import Stored, Story
from doorless.screen import WORDS, cell, clock, new_table

COLUMNS = ("time", "id", "workflow", "what", "decision", "because", "outcome")
_SHORT_WORKFLOW = 11
_SHORT_DIGEST = 12
_digest = re.compile(r"[0-9a-f]{64}").fullmatch


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the log for a person: a decision with its outcome, or an event."""

    stored: Stored
    outcome: OutcomeEntry | None


def lines_of(entries: Iterable[Stored]) -> Iterator[Line]:
    """The entries as lines, each outcome with its decision; an outcome whose decision is not among them is left out."""
    stored = list(entries)
    outcomes = {each.entry.decision: each.entry for each in stored if isinstance(each.entry, OutcomeEntry)}
    for each in stored:
        match each.entry:
            case DecisionEntry(id=name):
                yield Line(each, outcomes.get(name))
            case EventEntry():
                yield Line(each, None)
            case OutcomeEntry():
                continue
            case _ as never:
                assert_never(never)


def log_table(lines: Iterable[Line], *, head: bool = True) -> Table:
    """A table of lines."""
    table = new_table(*COLUMNS, head=head)
    for line in lines:
        table.add_row(*_cells(line))
    return table


def follow_line(stored: Stored) -> Text:
    """One entry, as `log tail --follow` prints it when it comes."""
    entry = stored.entry
    gap = Text("  ")
    match entry:
        case DecisionEntry():
            first = (cell(clock(entry.time)), cell(entry.id, "cyan"), cell(_short(entry.workflow)))
            word = Text(f"{entry.decision.upper():<5}", style=f"bold {WORDS[entry.decision]}")
            return gap.join((*first, word, cell(_what(entry)), cell(_because(entry), "dim")))
        case OutcomeEntry():
            return gap.join(
                (cell(clock(entry.time)), cell(entry.decision, "cyan"), cell(f"  {_outcome(entry)}", "dim"))
            )
        case EventEntry():
            first = (cell(clock(entry.time)), cell(entry.event, "magenta"), cell(_short(entry.workflow)))
            return gap.join((*first, cell(_detail(entry))))
        case _ as never:
            assert_never(never)


def _cells(line: Line) -> tuple[Text, ...]:
    entry = line.stored.entry
    match entry:
        case DecisionEntry():
            return (
                cell(clock(entry.time)),
                cell(entry.id, "cyan"),
                cell(_short(entry.workflow)),
                cell(_what(entry)),
                cell(entry.decision.upper(), f"bold {WORDS[entry.decision]}"),
                cell(_because(entry)),
                cell(_outcome(line.outcome) if line.outcome else "-", "dim"),
            )
        case EventEntry():
            name = cell(entry.event, "magenta")
            return (cell(clock(entry.time)), name, cell(_short(entry.workflow)), cell(_detail(entry), "dim"))
        case OutcomeEntry():
            return ()
        case _ as never:
            assert_never(never)


def story_page(story: Story) -> RenderableType:
    """Everything that the log knows of one decision."""
    entry = story.decision.entry
    assert isinstance(entry, DecisionEntry)
    outcome = story.outcome.entry if story.outcome else None
    head = Text.assemble(
        cell(entry.id, "bold cyan"), "  ", cell(entry.decision.upper(), f"bold {WORDS[entry.decision]}")
    )
    facts = Table.grid(padding=(0, 2))
    for name, value in _facts(story.decision.seq, entry):
        facts.add_row(Text(name, style="dim"), cell(value))
    missing = "none recorded" if entry.decision == "allow" else "-"
    end = _outcome(outcome) if isinstance(outcome, OutcomeEntry) else missing
    facts.add_row(Text("outcome", style="dim"), cell(end))
    return Group(head, facts, *_reasons(entry), *_input(entry))


def _facts(seq: int, entry: DecisionEntry) -> Iterator[tuple[str, str]]:
    yield "time", clock(entry.time)
    yield "record", str(seq)
    yield "workflow", entry.workflow or "-"
    yield "role", entry.role or "-"
    yield "asked", f"{entry.kind}: {_what(entry)}"
    yield "decided by", f"{entry.source}, revision {entry.revision or '-'}"
    for each in entry.obligations:
        values = ", ".join(f"{name}={_plain(value)}" for name, value in each.properties.items())
        yield "obligation", f"{each.type} {values}"


def _reasons(entry: DecisionEntry) -> Iterator[RenderableType]:
    if entry.reasons:
        table = new_table("reason", "message", "rule", "shown to")
        for each in entry.reasons:
            table.add_row(cell(each.code, "bold"), cell(each.message), cell(each.rule), cell(each.audience))
        yield table


def _input(entry: DecisionEntry) -> Iterator[RenderableType]:
    if entry.input is not None:
        table = new_table("input", "value")
        for name, value in entry.input.items():
            table.add_row(cell(name), cell(_plain(value)))
        yield table


def _what(entry: DecisionEntry) -> str:
    if isinstance(entry.request, msgspec.UnsetType):
        given = entry.input or {}
        if entry.kind == "token":
            return f"token for {entry.role} {' '.join(map(str, given.get('only') or ('whole role',)))}"
        query = f"?{given['query']}" if given.get("query") else ""
        return f"{given.get('method', '')} /{given.get('service', '')}{given.get('path', '')}{query}"
    return f"{entry.request.method} {entry.request.target}"


def _because(entry: DecisionEntry) -> str:
    return ", ".join(dict.fromkeys(each.code for each in entry.reasons))


def _outcome(entry: OutcomeEntry) -> str:
    if entry.result == "issued":
        return "issued"
    result = "" if entry.result == "completed" else f"{entry.result} "
    return f"{result}{entry.status}, {entry.bytes_out:,} B, {entry.ms} ms"


def _detail(entry: EventEntry) -> str:
    said = ((name, str(value)) for name, value in entry.detail.items() if value != "")
    return ", ".join(
        f"{name}={value[:_SHORT_DIGEST]}…" if _digest(value) else f"{name}={value}" for name, value in said
    )


def _short(workflow: str) -> str:
    return workflow[:_SHORT_WORKFLOW] if len(workflow) > _SHORT_WORKFLOW else workflow


def _plain(value: object) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()
