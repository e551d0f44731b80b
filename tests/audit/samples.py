"""Entries and journals for these tests: made by number, so that every test can name what it expects."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
from hypothesis import strategies as st

from audit.entry import (
    MAX_INTEGER,
    DecisionEntry,
    Entry,
    EventEntry,
    Obligation,
    OutcomeEntry,
    Reason,
    decision_id,
    encode,
    refused_request,
)
from audit.folder import create
from audit.journal import Journal

NOW = 1_763_890_000_000
FIRST_SEGMENT = "journal/" + "0" * 20
"""The file of a log's folder that holds its first records until they are sealed."""


def name(number: int) -> str:
    """The decision id with that number."""
    return decision_id(number.to_bytes(16, "big"))


def decision(number: int = 1, **changes: Any) -> DecisionEntry:
    """An allowed request with that number, changed as told."""
    entry = DecisionEntry(
        time=NOW + number,
        id=name(number),
        kind="request",
        workflow="wf-7829",
        role="crash-tracker",
        decision="allow",
        source="policy",
        reasons=[],
        obligations=[Obligation(id="limit", type="max_body_bytes", properties={"limit": 1024})],
        input={
            "version": "1",
            "now": NOW // 1000,
            "scope": ["read:crash-reports"],
            "params": {},
            "body_bytes": -1,
        },
        input_sha256="",
        revision="ab" * 32,
    )
    return msgspec.structs.replace(entry, **changes)


def refusal(number: int = 1) -> DecisionEntry:
    """A request that was refused before policy."""
    return decision(
        number,
        kind="refusal",
        decision="deny",
        source="gateway",
        input=None,
        reasons=[Reason(code="request.bad", rule="", message="no", audience="agent")],
        request=refused_request("GET", "/\x00"),
    )


def outcome(number: int = 1, **changes: Any) -> OutcomeEntry:
    """The outcome of the decision with that number, changed as told."""
    entry = OutcomeEntry(
        time=NOW + number,
        decision=name(number),
        forwarded=True,
        result="completed",
        status=200,
        bytes_in=0,
        bytes_out=735,
        ms=3,
    )
    return msgspec.structs.replace(entry, **changes)


def event(number: int = 1, **changes: Any) -> EventEntry:
    """An event, told apart by its number."""
    entry = EventEntry(time=NOW, event="workflow.started", workflow="wf-7829", detail={"number": number})
    return msgspec.structs.replace(entry, **changes)


def small_entries(count: int) -> list[bytes]:
    """That many short records, each different."""
    return [encode(event(number)) for number in range(count)]


def make_log(folder: Path, batches: Sequence[Sequence[bytes]]) -> Path:
    """A log with these batches, closed in good order; the folder."""
    create(folder)
    journal = Journal.open_recovered(folder)
    for batch in batches:
        journal.append(batch)
    journal.close()
    return folder


_KEYS = st.text(st.characters(min_codepoint=0, max_codepoint=127), max_size=8)
_INTEGERS = st.integers(min_value=-MAX_INTEGER, max_value=MAX_INTEGER)
_LEAVES = st.none() | st.booleans() | _INTEGERS | st.text(max_size=20)
DOCUMENTS = st.dictionaries(
    _KEYS,
    st.recursive(
        _LEAVES,
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_KEYS, inner, max_size=4),
        max_leaves=12,
    ),
    max_size=6,
)
_COUNTS = st.integers(min_value=0, max_value=MAX_INTEGER)
ENTRIES: st.SearchStrategy[Entry] = st.one_of(
    st.builds(decision, _COUNTS, input=DOCUMENTS, workflow=st.text(max_size=20), time=_COUNTS),
    st.builds(
        outcome, _COUNTS, status=_COUNTS, bytes_in=_COUNTS, bytes_out=_COUNTS, ms=_COUNTS, time=_COUNTS
    ),
    st.builds(
        event, detail=st.dictionaries(_KEYS, st.text(max_size=20) | _INTEGERS, max_size=5), time=_COUNTS
    ),
)
