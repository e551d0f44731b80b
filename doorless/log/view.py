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

from audit.entry import DecisionEntry, Document, EventEntry, OutcomeEntry
from audit.query import Stored, Story
from doorless.screen import WORDS, cell, clock, new_table

COLUMNS = ("time", "id", "workflow", "what", "decision", "because", "outcome")
_SHORT_WORKFLOW = 11
_SHORT_DIGEST = 12
_LONGEST_WHAT = 80
_TABLE_WIDTH = 150
_INDENT = Text(" " * 8)
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


def log_listing(lines: Iterable[Line], width: int) -> RenderableType:
    """The lines as a table; where a terminal is too narrow for it, as two rows each. No id is ever cut."""
    return (
        _table(lines) if width >= _TABLE_WIDTH else Group(*(row for line in lines for row in _two_rows(line)))
    )


def _table(lines: Iterable[Line]) -> Table:
    table = new_table(*COLUMNS)
    for line in lines:
        table.add_row(*_cells(line))
    return table


def _two_rows(line: Line) -> tuple[Text, ...]:
    rows = tuple(Text("  ").join(row) for row in _rows(line))
    for row in rows:
        row.no_wrap, row.overflow = True, "ellipsis"
    return rows


def _rows(line: Line) -> Iterator[tuple[Text, ...]]:
    entry = line.stored.entry
    match entry:
        case DecisionEntry():
            word = Text(f"{entry.decision.upper():<5}", style=f"bold {WORDS[entry.decision]}")
            yield (cell(clock(entry.time)), word, cell(_what(entry)))
            end = cell(_outcome(line.outcome), "dim") if line.outcome else cell(_missing(entry), "yellow")
            known = (cell(entry.id, "cyan"), cell(_short(entry.workflow)))
            yield (_INDENT, *known, end, cell(_because(entry), "dim"))
        case EventEntry():
            yield (cell(clock(entry.time)), cell("event"), cell(entry.event, "magenta"))
            yield (_INDENT, cell(_short(entry.workflow)), cell(_detail(entry), "dim"))
        case OutcomeEntry():  # `lines_of` gives none
            return
        case _ as never:
            assert_never(never)


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
                cell(_capped(_what(entry))),
                cell(entry.decision.upper(), f"bold {WORDS[entry.decision]}"),
                cell(_because(entry)),
                cell(_outcome(line.outcome), "dim") if line.outcome else cell(_missing(entry), "yellow"),
            )
        case EventEntry():
            name = cell(entry.event, "magenta")
            return (cell(clock(entry.time)), name, cell(_short(entry.workflow)), cell(_detail(entry), "dim"))
        case OutcomeEntry():
            return ()
        case _ as never:
            assert_never(never)


@dataclass(frozen=True, slots=True)
class Found:
    """What was found out beside the entry itself. Empty: nobody looked.

    beside: the input, where it stands in the side store; or a sentence why it is not there. place: where in the signed tree
    the decision stands, in words. alone: nothing but the entry is known, so nothing is said of its outcome.
    """

    beside: Document | str = ""
    place: str = ""
    alone: bool = False


def story_page(story: Story, found: Found) -> RenderableType:
    """Everything that the log knows of one decision."""
    entry = story.decision.entry
    assert isinstance(entry, DecisionEntry)
    outcome = story.outcome.entry if story.outcome else None
    head = Text.assemble(
        cell(entry.id, "bold cyan"), "  ", cell(entry.decision.upper(), f"bold {WORDS[entry.decision]}")
    )
    facts = Table.grid(padding=(0, 2))
    facts.add_column()
    facts.add_column(overflow="fold")
    shown = entry.input if isinstance(found.beside, str) else found.beside
    for name, value in _facts(story.decision.seq, entry, shown):
        facts.add_row(Text(name, style="dim"), cell(value))
    end = _outcome(outcome) if isinstance(outcome, OutcomeEntry) else _missing(entry)
    if not found.alone:
        facts.add_row(Text("outcome", style="dim"), cell(end))
    if found.place:
        facts.add_row(Text("in the tree", style="dim"), cell(found.place))
    if isinstance(found.beside, str) and found.beside:
        facts.add_row(Text("input", style="dim"), cell(found.beside))
    return Group(head, facts, *_reasons(entry), *_input(shown))


def _facts(seq: int, entry: DecisionEntry, asked: Document | None) -> Iterator[tuple[str, str]]:
    yield "time", clock(entry.time)
    yield "record", str(seq)
    yield "workflow", entry.workflow or "-"
    yield "role", entry.role or "-"
    yield "asked", f"{entry.kind}: {_what(entry, asked)}"
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


def _input(document: Document | None) -> Iterator[RenderableType]:
    if document is not None:
        table = new_table("input", "value")
        for name, value in document.items():
            table.add_row(cell(name), cell(_plain(value)))
        yield table


def _missing(entry: DecisionEntry) -> str:
    """What stands in an outcome's place: an allowed act without one is under way, or a crash came between."""
    return "no outcome" if entry.decision == "allow" and entry.kind != "token" else "-"


def _what(entry: DecisionEntry, asked: Document | None = None) -> str:
    """What was asked, in one line; `asked` is the input where it stands beside the log and was read."""
    if isinstance(entry.side, str) and asked is None:
        return f"({entry.kind}: its input stands beside the log)"
    if isinstance(entry.request, msgspec.UnsetType):
        given = asked or entry.input or {}
        if entry.kind == "change":
            return f"{given.get('action', 'change')} {given.get('repository', '')}"
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


def _capped(text: str) -> str:
    """What is short enough for a table; all of it stands on the decision's own page."""
    return text if len(text) <= _LONGEST_WHAT else f"{text[:_LONGEST_WHAT]}…"


def _short(workflow: str) -> str:
    return workflow[:_SHORT_WORKFLOW] if len(workflow) > _SHORT_WORKFLOW else workflow


def _plain(value: object) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()
