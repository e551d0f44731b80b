"""`doorless log show`: one decision with all that the log knows of it, or a workflow's story in order."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from audit import side_store
from audit.entry import DecisionEntry, Document, Entry, EventEntry
from audit.faults import LogFault, LogUnavailable
from audit.proof import ProofInvalid
from audit.published import NotPublished
from audit.query import Stored
from audit.side_check import FORGOTTEN
from doorless import screen
from doorless.home import Home
from doorless.log import documents
from doorless.log.documents import json_of
from doorless.log.proofs import Place, place_in_tree
from doorless.log.reading import indexed, unknown
from doorless.log.view import Found, lines_of, log_listing, story_page

if TYPE_CHECKING:
    from audit.lookup import Lookup


def show_workflow(home: Home, workflow: str, *, as_json: bool) -> None:
    """Print a workflow's story in order. Raises `Problem` where the log knows none of that name."""
    with indexed(home) as lookup:
        found = list(lookup.workflow(workflow))
    if not found:
        raise unknown(workflow)
    if as_json:
        sys.stdout.write("[" + ",\n ".join(map(json_of, found)) + "]\n")
    else:
        screen.show(log_listing(lines_of(found), screen.console().width))


def show_decision(home: Home, name: str, *, as_json: bool) -> None:
    """Print one decision, its outcome and its place in the tree. Raises `Problem` where the log knows none such."""
    with indexed(home) as lookup:
        story = lookup.decision(name)
        if story is None:
            raise unknown(name)
        beside = input_beside(home.log, story.decision, lookup)
    place = _place(home, story.decision.seq)
    if not as_json:
        screen.show(story_page(story, Found(beside, place.words)))
        return
    documents.print_document(
        {
            "decision": documents.document_of(story.decision),
            "outcome": documents.document_of(story.outcome) if story.outcome else None,
            "input_beside": beside if isinstance(beside, dict) else None,
            "replayable": not isinstance(beside, str) or not beside,
            "proof": place.proof or None,
        }
    )


def input_beside(log: Path, decision: Stored, lookup: "Lookup") -> Document | str:
    """The input that stands beside the log, or why it cannot be shown; "" where it stands in the log."""
    entry = decision.entry
    if not isinstance(entry, DecisionEntry) or not isinstance(entry.side, str):
        return ""
    try:
        found = side_store.get(log, entry.side)
    except side_store.SideDamaged as error:
        return f"not replayable: {error}"
    if found != "gone":
        return found
    said = any(_forgets(stored.entry, entry.side) for stored in lookup.workflow(entry.workflow))
    return (
        "not replayable: forgotten"
        if said
        else "not replayable: lost, and nothing says that it was forgotten"
    )


def _forgets(entry: Entry, digest: str) -> bool:
    return isinstance(entry, EventEntry) and entry.event == FORGOTTEN and entry.detail.get("side") == digest


def _place(home: Home, seq: int) -> Place:
    """Where a record stands. What is wrong with the tree is said, not hidden."""
    try:
        return place_in_tree(home, seq)
    except (ProofInvalid, NotPublished, LogFault, LogUnavailable) as error:
        return Place("", f"NOT PROVEN: {error}")
