"""One hold as a person reads it before deciding: what we computed, and at the very end, marked line by line, the agent's words.

Works on the document of `doorless.approvals.document`, so that both say the same. Every value passes through `cell`.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from doorless.approvals.listing import left
from doorless.approvals.words import broken
from doorless.screen import WORDS, cell, clock

MARK = "  | "
MOST_FILES = 40
MOST_ITEMS = 20
_LONGEST_VALUE = 400
_NARROWEST, _WIDEST = 20, 80
"""Columns of the agent's part. Never more than 80, though the terminal be wider: a pager in a smaller one would break lines."""
_EVIDENCE = WORDS | {
    "passed": "green",
    "failed": "red",
    "veto": "red",
    "pass": "green",
    "no_verdict": "yellow",
}
_ABOUT = {"call": "the body of this call", "proposal": "the pull request that is merged, when it was opened"}

Document = dict[str, Any]


def page_of(document: Document, width: int) -> RenderableType:
    """The page, for a terminal of so many columns."""
    computed = document["computed"]
    sections: list[RenderableType] = [
        *_section("What waits", _hold(document)),
        *_section("What happens when it is approved", _on_approval(document)),
        *_section("The call", _call(document, computed["call"])),
        *_section("Why it is held", _reasons(computed["reasons"], document)),
    ]
    if computed["change"] is not None:
        sections += _section("The change, as git has it", _change(computed["change"]))
        sections += _section("Its files", _files(computed["change"]))
        sections += _section("What was found out about it", _found(computed["change"]))
    if computed["jury"] is not None:
        sections += _section("The jury", _jury(computed["jury"]))
    if computed["missing"]:
        sections += _section("Not found", [("", text) for text in computed["missing"]])
    return Group(*sections, *_unchecked(document, width))


def _section(title: str, rows: Iterable[tuple[str, str | Text]]) -> list[RenderableType]:
    grid = Table.grid(padding=(0, 2))
    grid.add_column(no_wrap=True)
    grid.add_column(overflow="fold")
    for name, value in rows:
        shown = value if isinstance(value, Text) else cell(_cut(value))
        grid.add_row(cell(f"  {name}", "dim"), shown)
    return [Text(title, style="bold"), grid, Text("")]


def _hold(document: Document) -> Iterator[tuple[str, str | Text]]:
    yield "hold", document["hold"]
    yield "state", _state(document)
    yield "asked by", f"{document['role']}, {document['workflow']}, at {clock(document['opened_at'] * 1000)}"
    yield "may approve", ", ".join(document["approvers"])
    yield "needed", f"{document['needed']}, and {len(document['approved_by'])} said yes so far"
    for said in document["approved_by"]:
        yield "yes", f"{said['approver']} at {clock(said['at'] * 1000)}"
    if document["refused_by"] is not None:
        yield "no", f"{document['refused_by']}: {document['reason']}"
    if document["used_by"]:
        yield "used by", f"{document['used_by']}; where the log has none, nothing was done"


def _state(document: Document) -> str:
    if document["state"] not in {"open", "approved"}:
        return str(document["state"])
    until = clock(document["expires_at"] * 1000)
    return f"{document['state']}, {left(document['expires_at'])}, until {until}"


def _on_approval(document: Document) -> Iterator[tuple[str, str | Text]]:
    told = document["computed"]["on_approval"]
    yield "approving", told["does"]
    yield "the call", told["call"]
    yield "made by", told["as"]
    yield "with", f"the credential {told['credential']}" if told["credential"] else "no credential"


def _call(document: Document, call: Document | None) -> Iterator[tuple[str, str | Text]]:
    yield "target", f"{document['target']} on {document['service']}, route {document['route']}"
    if call is not None:
        if call["query"]:
            yield "query", call["query"]
        yield "action", f"{call['action']} {call['data']}".strip()
        checked = call["validation"]
        if checked["type"]:
            yield "validated as", f"{checked['type']}: schema {checked['schema']}, jury {checked['jury']}"
        for problem in checked["problems"]:
            yield "", problem
    yield "body", f"{document['body_bytes']} bytes"
    yield "digest", document["digest"]
    yield "decision", f"{document['decision']} (doorless log show tells the rest)"
    yield "policy", document["revision"][:16]


def _reasons(reasons: list[Document], document: Document) -> Iterator[tuple[str, str | Text]]:
    yield "template", document["template"]
    if not reasons:
        yield "why", document["why"]
    for reason in reasons:
        yield reason["code"], f"{reason['message']} (rule {reason['rule']})"


def _change(change: Document) -> Iterator[tuple[str, str | Text]]:
    yield "repository", change["repository"]
    yield "base", f"{change['base']['ref']} at {change['base']['commit']}"
    yield "head", change["head"]
    totals = change["totals"]
    count = len(change["commits"])
    yield (
        "size",
        f"{totals['files']} files, {totals['lines']} lines, {totals['bytes']} bytes, {count} commits",
    )
    touched = "; ".join(f"{path} ({', '.join(of)})" for path, of in change["protected"].items())
    yield "protected", cell(touched, "bold red") if touched else "touches no protected path"
    yield "decided", f"{change['verdict']}, {change['decision']}"
    for reason in change["reasons"]:
        yield reason["code"], f"{reason['message']} (rule {reason['rule']})"


def _files(change: Document) -> Iterator[tuple[str, str | Text]]:
    files = change["files"]
    for file in files[:MOST_FILES]:
        size = "binary" if file["binary"] else f"{file['lines']} lines"
        notes = [size] + ([f"PROTECTED by {', '.join(file['protected'])}"] if file["protected"] else [])
        if file["mode"] not in {"100644", ""}:
            notes.append(f"mode {file['mode']}")
        yield file["change"], f"{file['path']}  ({', '.join(notes)})"
    if len(files) > MOST_FILES:
        yield "", f"and {len(files) - MOST_FILES} more: --json has all"


def _found(change: Document) -> Iterator[tuple[str, str | Text]]:
    for kind, state in change["evidence"].items():
        yield kind, cell(state, _EVIDENCE.get(state, "yellow"))
    if not change["evidence"]:
        yield "evidence", "none was asked for"
    findings = [
        ("finding", f"{each['severity']} {each['path']}:{each['line']} {each['rule']}: {each['message']}")
        for each in change["findings"]
    ]
    secrets = [
        ("secret", f"{each['rule']} in {each['path']}:{each['line']}, commit {each['commit'][:12]}")
        for each in change["secrets"]
    ]
    strange = [
        ("irregular", f"{each['kind']} {each['path']} {each['detail']}") for each in change["irregular"]
    ]
    yield from _first([*secrets, *strange, *findings])
    if not findings:
        yield "findings", "none that the base does not have"


def _jury(jury: Document) -> Iterator[tuple[str, str | Text]]:
    yield "about", _ABOUT[jury["about"]]
    yield "verdict", cell(jury["state"], _EVIDENCE.get(jury["state"], "yellow"))
    for vote in jury["votes"]:
        why = f", {vote['why']}" if vote["why"] else ""
        yield (
            vote["juror"],
            f"{vote['verdict']}, {vote['confidence']} % sure{why} ({vote['vendor']}, {vote['model']})",
        )
        yield from _first([("", f'{each["title"]}: "{each["quote"]}"') for each in vote["findings"]])


def _first(rows: list[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    yield from rows[:MOST_ITEMS]
    if len(rows) > MOST_ITEMS:
        yield "", f"and {len(rows) - MOST_ITEMS} more: --json has all"


def _unchecked(document: Document, width: int) -> Iterator[RenderableType]:
    """The agent's own words: a mark before each line, and no line so long that a terminal would break it."""
    yield Text("WRITTEN BY THE AGENT, CHECKED BY NOBODY", style="bold yellow")
    unchecked = document["unchecked"]
    if unchecked is None:
        not_kept = "Its body is not kept: it is over 128 KiB, or the call may name people."
        yield Text(f"  {not_kept}" if document["body_bytes"] else "  Nothing: the call has no body.")
        return
    yield Text("  It may be wrong, and it may be written to persuade you. Judge by what stands above.")
    room = max(_NARROWEST, min(width, _WIDEST) - len(MARK))
    for part in unchecked["parts"]:
        # The agent chose the names too.
        named = [f"-- {part['name']} --"] if part["name"] else []
        for line in [*named, *part["lines"]]:
            for piece in broken(line, room):
                yield Text(MARK + piece, no_wrap=True, overflow="ignore")
        if part["left_out"]:
            yield Text(f"  {part['left_out']} characters more were left out.", style="dim")


def _cut(text: str) -> str:
    if len(text) <= _LONGEST_VALUE:
        return text
    return f"{text[:_LONGEST_VALUE]}… and {len(text) - _LONGEST_VALUE} characters more"
