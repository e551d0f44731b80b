"""What the log tells of one hold, for the persons who decide it: the decisions behind it, the jury, what was sent.

Reads backwards from the moment of the hold, in threads. Promises to look at no more than `MOST_RECORDS`, so that nobody who
asks holds up the log's writer; what is further back is told as not found.
"""

import asyncio
import base64
from collections import deque
from collections.abc import Iterable, Iterator
from itertools import takewhile
from pathlib import Path
from typing import Literal

import msgspec

from audit.entry import DecisionEntry, Document, Entry, EventEntry, decode
from audit.reader import log_size, read_records
from gateway.holding.held_call import read_kept
from gateway.holding.holds import Opened
from gateway.log_events import first_since
from gateway.record import Recorder

MOST_RECORDS = 100_000
_AT_ONCE = 2_048
_AFTER_MS = 5_000
"""A hold is opened right after its decision; the clock may have been set a little in between."""
_JURY = "jury.decided"
_NEAR = 256
"""Records between the decision on a change and that on its call, at most: those of other workflows."""


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """One recorded decision. `input` is what policy was shown; None where it was forgotten or lost."""

    id: str
    kind: str
    decision: str
    time: int
    revision: str
    reasons: list[dict[str, str]]
    input: Document | None


class Judged(msgspec.Struct, frozen=True, kw_only=True):
    """What a jury said: its event, and the whole deliberation where that was not forgotten.

    `about` tells of what: the call itself, or the pull request that it merges.
    """

    about: Literal["call", "proposal"]
    time: int
    state: str
    votes: str
    deliberation: Document | None


class Sent(msgspec.Struct, frozen=True, kw_only=True):
    """What the agent wrote: its body, base64. Nobody checked a word of it."""

    content_type: str
    body: str


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """All that is known behind a hold; None where there is nothing, or it was not found."""

    request: Asked | None
    change: Asked | None
    jury: Judged | None
    sent: Sent | None


class Accounts:
    """Looks behind holds, through the log writer's socket."""

    def __init__(self, log: Path, recorder: Recorder) -> None:
        self._log = log
        self._recorder = recorder

    async def of(self, opened: Opened) -> Account:
        """What stands behind a hold. Raises LogUnavailable."""
        wanted = [name for name in (opened.decision, opened.change) if name]
        found = await asyncio.to_thread(decisions_before, self._log, opened.at, wanted)
        request, change = [await self._asked(found.get(name)) for name in (opened.decision, opened.change)]
        return Account(
            request=request,
            change=change,
            jury=await self._judged(opened, request, change),
            sent=await self._sent(opened),
        )

    async def _asked(self, entry: DecisionEntry | None) -> Asked | None:
        if entry is None:
            return None
        shown = await self._recall(entry.side) if isinstance(entry.side, str) else entry.input
        return Asked(
            id=entry.id,
            kind=entry.kind,
            decision=entry.decision,
            time=entry.time,
            revision=entry.revision,
            reasons=[msgspec.to_builtins(reason) for reason in entry.reasons],
            input=shown,
        )

    async def _judged(self, opened: Opened, request: Asked | None, change: Asked | None) -> Judged | None:
        asked, about = (request.input if request else None) or {}, (change.input if change else None) or {}
        digest = str(asked.get("body_sha256", ""))
        of: Literal["call", "proposal"] = "call"
        if about.get("action") == "merge":  # a jury judges what is proposed, once
            head = str(about["facts"]["head"])
            digest = await asyncio.to_thread(proposed_before, self._log, opened.at, head)
            of = "proposal"
        elif asked.get("validation", {}).get("jury") in {None, "absent", "not_configured"}:
            return None
        event = await asyncio.to_thread(jury_before, self._log, opened.at, digest) if digest else None
        if event is None:
            return None
        detail = event.detail
        return Judged(
            about=of,
            time=event.time,
            state=str(detail.get("state", "")),
            votes=str(detail.get("votes", "")),
            deliberation=await self._recall(str(detail.get("side", ""))),
        )

    async def _sent(self, opened: Opened) -> Sent | None:
        document = await self._recall(opened.kept or opened.sent)
        if document is None:
            return None
        try:
            question, body = read_kept(document)
        except ValueError:
            return None
        return Sent(content_type=question.content_type, body=base64.b64encode(body).decode("ascii"))

    async def _recall(self, digest: str) -> Document | None:
        return await self._recorder.recall(digest) if digest else None


def decisions_before(log: Path, at: int, names: list[str]) -> dict[str, DecisionEntry]:
    """The decisions of these ids, recorded before `at` (Unix seconds) or right after. Raises LogUnavailable."""
    missing = {name.encode("ascii"): name for name in names}
    found: dict[str, DecisionEntry] = {}
    for encoded in _backwards(log, at):
        for mark in [mark for mark in missing if b'"id":"%s"' % mark in encoded]:
            entry = _decoded(encoded)
            if isinstance(entry, DecisionEntry) and entry.id == missing[mark]:
                found[missing.pop(mark)] = entry
        if not missing:
            break
    return found


def jury_before(log: Path, at: int, digest: str) -> EventEntry | None:
    """The last word of a jury on the body with this SHA-256. Raises LogUnavailable."""
    mark = b'"digest":"%s"' % digest.encode("ascii")
    for encoded in _backwards(log, at):
        if mark in encoded:
            entry = _decoded(encoded)
            if isinstance(entry, EventEntry) and (entry.event, entry.detail.get("digest")) == (_JURY, digest):
                return entry
    return None


def proposed_before(log: Path, at: int, head: str) -> str:
    """The SHA-256 of the body that last proposed the commit `head`; empty where there is none. Raises LogUnavailable.

    The decision on its change stands right before that on its call.
    """
    marks = b'"action":"create-pr"', b'"head":"%s"' % head.encode("ascii")
    after: deque[bytes] = deque(maxlen=_NEAR)
    for encoded in _backwards(log, at):
        entry = _decoded(encoded) if all(mark in encoded for mark in marks) else None
        if isinstance(entry, DecisionEntry) and entry.kind == "change":
            return _body_of_call(entry.workflow, reversed(after))
        after.append(encoded)
    return ""


def _body_of_call(workflow: str, entries: Iterable[bytes]) -> str:
    for entry in map(_decoded, entries):
        if isinstance(entry, DecisionEntry) and (entry.kind, entry.workflow) == ("request", workflow):
            asked = entry.input or {}
            if asked.get("action") == "create-pr":
                return str(asked["body_sha256"])
    return ""


def _decoded(encoded: bytes) -> Entry | None:
    try:
        return decode(encoded)
    except ValueError:
        return None


def _backwards(log: Path, at: int) -> Iterator[bytes]:
    """Records from a moment back, the newest first; ends at what was pruned, and after `MOST_RECORDS`."""
    end = min(first_since(log, at * 1000 + _AFTER_MS), log_size(log))
    least = max(0, end - MOST_RECORDS)
    while end > least:
        first = max(least, end - _AT_ONCE)
        block = _between(log, first, end)
        yield from (encoded for _, encoded in reversed(block))
        if not block or block[0][0] != first:
            return  # what stood before was pruned
        end = first


def _between(log: Path, first: int, end: int) -> list[tuple[int, bytes]]:
    return list(takewhile(lambda record: record[0] < end, read_records(log, first=first)))
