"""Brings each new checkpoint to the witnesses, keeps what they sign, and tells what they refuse or leave undone.

Reads the log's folder, writes `cosigned/` in it and nothing else; alarms are events of the log, through the writer's
socket. Promises that a checkpoint without its quorum, and a witness that sees another tree, do not pass in silence.
"""

import asyncio
import logging
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Protocol, assert_never

from audit.cosigned import add_cosigned
from audit.entry import Entry, EventEntry, quote_untrusted
from audit.faults import LogUnavailable
from audit.published import CHECKPOINT, NotPublished, PublishedFolder
from audit.quorum import Change, Quorum
from audit.statements import Statement, StatementInvalid, statement
from audit.witness_link import Ahead, Cosigned, Refused, Unreachable, WitnessLink, with_cosignatures

LOOK_EVERY_S: Final = 1.0
LONGEST_PAUSE_S: Final = 30.0
_MISSING: Final = "witness.missing"
_RESTORED: Final = "witness.restored"
_REFUSED: Final = "witness.refused"
_TEXT_LIMIT: Final = 300
_LOGGER = logging.getLogger("cosign")


class Recorder(Protocol):
    """Where alarms go: the audit client, or a list in tests."""

    async def append(self, entry: Entry) -> object:
        """Record it durably. Raises LogUnavailable."""
        ...


@dataclass(slots=True)
class Asking:
    """One witness, and how it stands with the newest checkpoint."""

    link: WitnessLink
    line: str = ""
    trouble: str = ""
    objected: bool = False  # it saw another tree, and that was told
    pause_s: float = 0.0
    next_at: float = 0.0


@dataclass(slots=True)
class Cosigner:
    """Looks at the log and asks; `recorder` takes the alarms."""

    log: Path
    asking: list[Asking]
    quorum: Quorum
    recorder: Recorder
    _newest: Statement | None = field(default=None)

    async def look(self) -> None:
        """One round. Raises LogUnavailable if an alarm could not be recorded: the next round tries again."""
        published = PublishedFolder(self.log)
        newest = _read_newest(published)
        if newest is None:
            return
        if self._newest is None or newest.note != self._newest.note:
            self._newest = newest
            for each in self.asking:
                each.line = ""
        now = time.monotonic()
        due = [each for each in self.asking if not each.line and each.next_at <= now]
        signed_before = self._signed
        objections = await asyncio.gather(*(_ask(each, published, newest) for each in due))
        if self._signed > signed_before:
            self._keep(newest)
        for each, objection in zip(due, objections, strict=True):
            if objection and not each.objected:
                await self._tell(_REFUSED, {"witness": each.link.verifier.name, "why": objection})
                each.objected = True
        await self._judge(newest)

    @property
    def _signed(self) -> int:
        return len({each.link.verifier.public for each in self.asking if each.line})

    def _keep(self, newest: Statement) -> None:
        """Store the note with all its lines. Where the disk refuses, it counts as not cosigned and is asked for again."""
        note = with_cosignatures(newest, [each.line for each in self.asking if each.line])
        try:
            add_cosigned(self.log, note, has_quorum=self._signed >= self.quorum.needed)
        except OSError as error:
            for each in self.asking:
                each.line, each.trouble = "", f"its cosignature cannot be stored: {error.strerror}"

    async def _judge(self, newest: Statement) -> None:
        change = self.quorum.see(self._signed, time.monotonic())
        detail: dict[str, str | int] = {
            "size": newest.size,
            "cosigned": self._signed,
            "quorum": self.quorum.needed,
        }
        match change:
            case Change.NOTHING:
                return
            case Change.MISSING:
                missing = "; ".join(
                    f"{each.link.verifier.name}: {each.trouble}" for each in self.asking if not each.line
                )
                await self._tell(_MISSING, {**detail, "missing": quote_untrusted(missing, _TEXT_LIMIT)})
            case Change.RESTORED:
                await self._tell(_RESTORED, detail)
            case _ as never:
                assert_never(never)
        self.quorum.told(change)

    async def _tell(self, event: str, detail: dict[str, str | int]) -> None:
        _LOGGER.warning("%s %s", event, detail)
        now = time.time_ns() // 1_000_000
        await self.recorder.append(EventEntry(time=now, event=event, workflow="", detail=detail))


async def _ask(each: Asking, published: PublishedFolder, newest: Statement) -> str:
    """Ask one witness; what it objects, or ""."""
    asked = await each.link.ask(published, newest)
    match asked:
        case Cosigned():
            each.line, each.trouble, each.objected, each.pause_s = asked.line, "", False, 0.0
            return ""
        case Ahead():
            each.trouble = (
                f"it has cosigned {asked.size} entries of this log, which has {newest.size}: set back?"
            )
            objection = each.trouble
        case Refused():
            each.trouble = f"{asked.status} {quote_untrusted(asked.why, _TEXT_LIMIT)}"
            objection = each.trouble
        case Unreachable():
            each.trouble, objection = quote_untrusted(asked.why, _TEXT_LIMIT), ""
        case _ as never:
            assert_never(never)
    each.pause_s = min(LONGEST_PAUSE_S, 2 * each.pause_s or LOOK_EVERY_S)
    each.next_at = time.monotonic() + each.pause_s
    return objection


def _read_newest(published: PublishedFolder) -> Statement | None:
    try:
        return statement(published.get(CHECKPOINT), CHECKPOINT)
    except (NotPublished, StatementInvalid, LogUnavailable) as error:
        _LOGGER.warning("no checkpoint to cosign: %s", error)
        return None
