"""The way for gateway and issuer to the log: append and get a receipt, or `LogUnavailable`.

The only module that makes receipts. Promises that no receipt exists for an entry that the writer has not
acknowledged, that every `append` ends within its deadline, and that a lost connection is mended in the background.
"""

import asyncio
import hashlib
import logging
import os
from collections import deque
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from audit import side_store, wire
from audit.entry import Document, Entry, EntryInvalid, encode, entry_id
from audit.faults import LogUnavailable
from audit.link import Link, Waiting
from audit.receipt import Receipt, claim_mint

LOST_REMEMBERED: Final = 100
BACKOFF_S: Final = (0.02, 0.05, 0.1, 0.2, 0.5, 1.0)

__all__ = ["AuditClient", "LogUnavailable", "LostOutcomes"]

_LOGGER: Final = logging.getLogger("audit.client")
_MINT: Final = claim_mint(__name__)


@dataclass(slots=True)
class LostOutcomes:
    """What `append_later` could not record. `latest` holds (decision or event, reason), newest last."""

    count: int = 0
    latest: deque[tuple[str, str]] = field(default_factory=lambda: deque(maxlen=LOST_REMEMBERED))

    def add(self, entry: Entry, reason: str) -> None:
        """Remember one, and say so in the process's own log."""
        name = entry_id(entry) or type(entry).__name__
        self.count += 1
        self.latest.append((name, reason))
        _LOGGER.error("an entry could not be recorded: %s: %s", name, reason)


class AuditClient:
    """One connection to the audit writer, for use inside one event loop. Made by `connect`."""

    def __init__(self, socket: Path, deadline_s: float) -> None:
        self._socket = socket
        self._deadline_s = deadline_s
        self._loop = asyncio.get_running_loop()
        self._link: Link | None = None
        self._keeper: asyncio.Task[None] | None = None
        self._closed = False
        self.lost_outcomes = LostOutcomes()

    @classmethod
    async def connect(cls, socket: Path, *, deadline_s: float = 2.0) -> "AuditClient":
        """A connected client. Raises LogUnavailable if the writer is not there now."""
        client = cls(socket, deadline_s)
        try:
            await client._dial()
        except OSError as error:
            raise LogUnavailable(f"no audit writer at {socket}: {error}") from error
        return client

    @property
    def connected(self) -> bool:
        """Whether there is a connection now; an append may still fail."""
        return self._link is not None

    async def append(self, entry: Entry) -> Receipt:
        """Record one entry; returns when it is durable.

        Raises LogUnavailable when the deadline passes, the connection is down or breaks, the writer refuses or
        its disk failed, or the entry cannot stand in the log. In each case: do not act.
        """
        encoded = self._encode(entry)
        answer: asyncio.Future[bytes] = self._loop.create_future()
        self._send(encoded, Waiting(self._deadline(), answer, entry))
        seq: int = wire.SEQ.unpack(await answer)[0]
        return Receipt(seq, entry_id(entry), hashlib.sha256(encoded).digest(), _MINT)

    async def keep(self, document: Document) -> str:
        """Store a document beside the log, durably; the salted digest that an entry holds in its place.

        Raises LogUnavailable as `append` does, and for a document that has no canonical form or takes over 4 MiB.
        """
        try:
            content = side_store.salted(document, os.urandom(side_store.SALT_BYTES))
        except EntryInvalid as error:
            raise LogUnavailable(f"the document cannot stand beside the log: {error}") from error
        if len(content) > wire.MAX_KEEP_BYTES:
            raise LogUnavailable(
                f"the document takes {len(content)} bytes, {wire.MAX_KEEP_BYTES} are allowed"
            )
        digest = side_store.digest_of(content)
        if (await self._ask(wire.OP_KEEP, content, side_store.DIGEST_BYTES)).hex() != digest:
            raise LogUnavailable("the audit writer kept something else")
        return digest

    async def forget(self, digest: str) -> bool:
        """Have the document of that digest removed for good; whether there was one. Raises LogUnavailable.

        Record the event that says so before.
        """
        return await self._ask(wire.OP_FORGET, bytes.fromhex(digest), 1) == b"\x01"

    async def recall(self, digest: str) -> Document | None:
        """The document that was kept under that digest; None where it is gone.

        Raises LogUnavailable, also for one of over 256 KiB, and for one that has another digest.
        """
        content = await self._ask(wire.OP_RECALL, bytes.fromhex(digest), None)
        if not content:
            return None
        if side_store.digest_of(content) != digest:
            raise LogUnavailable("the audit writer gave something else")
        return side_store.document_of(content)

    def append_later(self, entry: Entry) -> None:
        """Record one entry without waiting: for outcomes, which come after the act.

        Never raises; what could not be recorded is in `lost_outcomes`. Not tried again: a second copy of an
        outcome would be worse than none.
        """
        try:
            self._send(self._encode(entry), Waiting(self._deadline(), None, entry))
        except LogUnavailable as error:
            self.lost_outcomes.add(entry, error.reason)

    async def close(self) -> None:
        """Wait for what is on its way (up to the deadline), then let go of the connection."""
        if self._link is not None:
            await self._link.drain(self._deadline_s)
        self._closed = True
        if self._keeper is not None:
            self._keeper.cancel()
            await asyncio.gather(self._keeper, return_exceptions=True)
        if self._link is not None:
            self._link.drop("the client was closed")

    def _encode(self, entry: Entry) -> bytes:
        try:
            return encode(entry)
        except EntryInvalid as error:
            raise LogUnavailable(f"the entry cannot stand in the log: {error}") from error

    def _deadline(self) -> float:
        return self._loop.time() + self._deadline_s

    async def _ask(self, op: int, payload: bytes, reply_bytes: int | None) -> bytes:
        answer: asyncio.Future[bytes] = self._loop.create_future()
        self._send(payload, Waiting(self._deadline(), answer, None, op, reply_bytes))
        return await answer

    def _send(self, payload: bytes, waiting: Waiting) -> None:
        if self._link is None:
            raise LogUnavailable(f"no connection to the audit writer at {self._socket}")
        self._link.send(payload, waiting)

    async def _dial(self) -> None:
        _, link = await self._loop.create_unix_connection(
            lambda: Link(self.lost_outcomes.add, self._link_ended), str(self._socket)
        )
        if link.ended:  # before we were told that it had begun
            raise ConnectionResetError("the audit writer closed the connection at once")
        self._link = link

    def _link_ended(self) -> None:
        if self._link is not None and not self._closed:
            self._keeper = self._loop.create_task(self._dial_again())
        self._link = None

    async def _dial_again(self) -> None:
        turn = 0
        while self._link is None:
            await asyncio.sleep(BACKOFF_S[min(turn, len(BACKOFF_S) - 1)])
            turn += 1
            try:
                await self._dial()
            except OSError as error:
                _LOGGER.debug("the audit writer is still away: %s", error)
