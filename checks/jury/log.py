"""What of a deliberation goes into the audit log: who judged what, and how; the words stand beside the log.

Jurors' words may quote what agents wrote, so they are kept where they can be forgotten.
"""

import time
from pathlib import Path

import msgspec

from audit.client import AuditClient
from audit.entry import EventEntry
from checks.jury.court import Deliberation

EVENT = "jury.decided"


class JuryLog:
    """Records through the audit writer of a home; one connection, made when it is first needed."""

    def __init__(self, socket: Path) -> None:
        self._socket = socket
        self._client: AuditClient | None = None

    async def keep(self, done: Deliberation) -> None:
        """Make a deliberation durable: the document first, then the entry that names it. Raises `LogUnavailable`."""
        if self._client is None:
            self._client = await AuditClient.connect(self._socket)
        side = await self._client.keep(msgspec.json.decode(msgspec.json.encode(done)))
        question, record = done.question, done.record
        detail: dict[str, str | int] = {
            "type": question.type,
            "digest": question.digest,
            "state": done.state,
            "revision": done.revision,
            "votes": " ".join(f"{vote.juror}={vote.verdict}" for vote in question.votes),
            "side": side,
            "tokens": record.tokens if record else 0,
            "micro_dollars": record.micro_dollars if record else 0,
        }
        now = time.time_ns() // 1_000_000
        await self._client.append(EventEntry(time=now, event=EVENT, workflow="", detail=detail))

    async def close(self) -> None:
        """Let go of the connection."""
        if self._client is not None:
            await self._client.close()
