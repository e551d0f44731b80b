"""What workflows had done before this gateway had a channel for them: counted again from the log.

Reads through the audit writer's socket. Promises the same numbers as if the gateway had never
ended: where an entry cannot be read any more, there is no past, and no channel without one.
"""

import asyncio
import re
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import msgspec

from audit import side_store, wire
from audit.entry import DecisionEntry, EventEntry, OutcomeEntry, decode
from audit.faults import LogUnavailable
from audit.reader import Caller, read_records
from gateway.past import READ, SAFE_METHODS, Past, Touch

LONGEST_S = 86_400
"""How long ago a workflow may have begun: policy gives tokens to none that lives longer than an hour."""

OPENED = "channel.opened"
_OUTCOME = re.compile(rb'"decision":"(d-[0-9A-Za-z]{26})"')


class PastUnreadable(Exception):
    """The log does not tell what a workflow did; the text says why."""


class Openings:
    """The number of the first entry of each workflow that ever had a channel here, for a day."""

    def __init__(self, socket: Path) -> None:
        self._socket = socket
        self._first: OrderedDict[str, tuple[int, int]] = OrderedDict()

    def restore(self, events: Iterable[tuple[int, EventEntry]]) -> None:
        """Take up what the log tells of the last `LONGEST_S`: events with their numbers, of any kind."""
        for seq, event in events:
            if event.event == OPENED:
                self.note(event.workflow, seq, event.time // 1000)

    def note(self, workflow: str, seq: int, now: int) -> None:
        """A channel was opened at the entry `seq`; only a workflow's first one counts."""
        self._first.setdefault(workflow, (seq, now))
        while self._first and next(iter(self._first.values()))[1] < now - LONGEST_S:
            self._first.popitem(last=False)

    async def past(self, workflow: str) -> Past:
        """What a workflow has done: nothing where it never had a channel. Raises `PastUnreadable`."""
        known = self._first.get(workflow)
        if known is None:
            return Past()
        try:
            return await asyncio.to_thread(_counted, self._socket, workflow, known[0])
        except (LogUnavailable, ValueError) as error:
            raise PastUnreadable(f"the log does not tell what {workflow} did before: {error}") from error


def _counted(socket: Path, workflow: str, first: int) -> Past:
    past = Past()
    made: set[str] = set()
    with Caller(socket) as caller:
        for entry in _entries(socket, workflow, first, made):
            match entry:
                case OutcomeEntry() if entry.decision in made:
                    past.sent(entry.bytes_in)
                case DecisionEntry(kind="refusal" | "request") if entry.workflow == workflow:
                    _count(past, entry, made, lambda digest: _recalled(caller, digest))
                case _:
                    pass  # a text that holds the name of another
    return past


def _entries(
    socket: Path, workflow: str, first: int, made: set[str]
) -> Iterator[DecisionEntry | OutcomeEntry]:
    """The workflow's own decisions, and the outcomes of those in `made`."""
    mark = b'"workflow":"%b"' % workflow.encode("ascii")
    for _, encoded in read_records(socket, first=first):
        # Decoding takes ten times as long as looking.
        named = _OUTCOME.search(encoded)
        if mark not in encoded and (named is None or named[1].decode("ascii") not in made):
            continue
        entry = decode(encoded)
        if not isinstance(entry, EventEntry):
            yield entry


def _count(
    past: Past, entry: DecisionEntry, made: set[str], recalled: Callable[[str], dict[str, Any] | None]
) -> None:
    asked = entry.input if isinstance(entry.side, msgspec.UnsetType) else recalled(entry.side)
    if asked is not None and asked.get("performed_by"):
        return  # by a person, whose call it was from there on
    if entry.decision == "allow":
        if asked is None:
            raise ValueError(f"what {entry.id} asked for was forgotten")
        past.recall_allowed(_touch(asked))
        made.add(entry.id)
    elif entry.decision == "deny" and (entry.kind == "refusal" or entry.source == "policy"):
        past.denied()
    else:
        past.recall_other()


def _touch(asked: dict[str, Any]) -> Touch:
    reads = asked["action"] == READ or asked["method"] in SAFE_METHODS
    return Touch(str(asked["service"]), str(asked["action"]), str(asked["data"]), reads)


def _recalled(caller: Caller, digest: str) -> dict[str, Any] | None:
    """What stands beside the log; None where it was forgotten. Raises LogUnavailable."""
    content = caller.ask(wire.OP_RECALL, bytes.fromhex(digest))
    if not content:
        return None
    if side_store.digest_of(content) != digest:
        raise LogUnavailable("the audit writer gave something else")
    return side_store.document_of(content)
