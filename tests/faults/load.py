"""Agents that never pause, an upstream that witnesses, and the account: was each call allowed before it was made.

The witness notes, at the moment a call arrives, how many records the log's writer had acknowledged by then. The
mark is written after the sync, so a call whose allow is below it was durable before.
"""

import asyncio
import contextlib
import itertools
import json
import re
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from audit.entry import DecisionEntry
from audit.faults import DamagedJournal
from audit.folder import read_mark
from audit.reader import read_entries
from tests.gateway.peers import OK, Loop, Received
from tests.gateway.rig import Agent

DEADLINE_S = 40.0
PAUSE_S = 0.02
_numbers = itertools.count(1)


@dataclass(frozen=True)
class Seen:
    """What an agent saw of one request. Times are monotonic; status 0: the connection broke."""

    number: int
    sent: float
    answered: float
    status: int
    code: str
    decision: str


class Witness:
    """The upstream's answer: `ok`, after noting which call came and what was durable then."""

    def __init__(self, log: Path) -> None:
        self.log = log
        self.calls: list[tuple[int, int]] = []
        """Number of the call, and the acknowledged mark of the log when it arrived."""
        self.hangs_up = False
        """Whether each answer ends its connection, so that each call needs a new one."""

    async def __call__(self, request: Received, writer: asyncio.StreamWriter) -> None:
        """Note it, answer it."""
        number = re.search(rb"\?n=(\d+) ", request.line)
        assert number is not None
        self.calls.append((int(number[1]), self.mark()))
        writer.write(OK)
        await writer.drain()
        if self.hangs_up:
            writer.close()

    def mark(self) -> int:
        """How many records were acknowledged by now."""
        while True:
            with contextlib.suppress(DamagedJournal):  # it is being written this instant
                return read_mark(self.log)


class Load:
    """Requests on many connections of one agent, each sent as soon as the last one is answered."""

    def __init__(self, agent: Agent, witness: Witness, connections: int) -> None:
        self.seen: list[Seen] = []
        self.witness = witness
        self.first = witness.mark()
        """Where in the log this load begins."""
        self.agent = agent
        self._ending = False
        self._connecting = threading.Lock()
        self._loop = Loop()
        self._workers = [
            asyncio.run_coroutine_threadsafe(self._work(), self._loop.loop) for _ in range(connections)
        ]

    def __enter__(self) -> Self:
        """Go on until all is well."""
        try:
            self.recovered()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def wait(self, met: Callable[[], object], what: str, within_s: float = DEADLINE_S) -> float:
        """Wait until it is so; how many seconds that took. Fails by name, with what was seen."""
        began = time.monotonic()
        while not met():
            for worker in self._workers:
                if worker.done():
                    worker.result()
            assert time.monotonic() - began < within_s, f"never came: {what}; {self.codes()}"
            time.sleep(PAUSE_S)
        return time.monotonic() - began

    def total(self, count: int) -> None:
        """Go on until so many requests have been answered."""
        self.wait(lambda: len(self.seen) >= count, f"{count} requests")

    def refused(self, code: str, count: int) -> None:
        """Go on until so many were refused with this code."""
        self.wait(lambda: sum(s.code == code for s in self.seen) >= count, f"{count} times {code}")

    def recovered(self) -> float:
        """Go on until twenty requests in a row that were sent from now on are answered well; seconds until then."""
        began = time.monotonic()

        def good() -> bool:
            last = [each for each in self.seen[-20:] if each.sent > began]
            return len(last) == 20 and all(each.status == 200 for each in last)

        return self.wait(good, "good answers again")

    def outage(self, since: float) -> float:
        """Seconds from a moment until the last refusal after it was answered."""
        return max(each.answered for each in self.seen if each.status != 200) - since

    def codes(self) -> Counter[str]:
        """How often each code was seen."""
        return Counter(each.code for each in list(self.seen))

    def stop(self) -> None:
        """Let every connection finish its request, and end."""
        self._ending = True
        for worker in self._workers:
            worker.result(DEADLINE_S)
        self._loop.close()

    def passed_between_refusals(self, since: float) -> list[Seen]:
        """The requests that were sent and answered well between the first and the last refusal after a moment."""
        refused = [each for each in self.seen if each.status != 200 and each.sent > since]
        return self.passed(min(each.answered for each in refused), max(each.sent for each in refused))

    def passed(self, since: float, until: float) -> list[Seen]:
        """The requests that were sent and answered well between two moments."""
        return [s for s in self.seen if s.status == 200 and since <= s.sent and s.answered <= until]

    async def _work(self) -> None:
        while not self._ending:
            try:
                reader, writer = await asyncio.open_unix_connection(
                    sock=await asyncio.to_thread(self._connect)
                )
            except ConnectionRefusedError:
                await asyncio.sleep(PAUSE_S)
                continue
            try:
                await self._converse(reader, writer)
            finally:
                writer.close()

    def _connect(self) -> socket.socket:
        with self._connecting:
            return self.agent.connect()

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while not self._ending:
            number, sent = next(_numbers), time.monotonic()
            try:
                writer.write(b"GET /notes/notes?n=%d HTTP/1.1\r\nHost: proxy\r\n\r\n" % number)
                status, decision, body, closing = await _read(reader)
            except (asyncio.IncompleteReadError, ConnectionError):
                self.seen.append(Seen(number, sent, time.monotonic(), 0, "broken", ""))
                await asyncio.sleep(PAUSE_S)
                return
            code = "" if status == 200 else json.loads(body)["code"]
            self.seen.append(Seen(number, sent, time.monotonic(), status, code, decision))
            if closing:
                return


async def _read(reader: asyncio.StreamReader) -> tuple[int, str, bytes, bool]:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in head[1:] if line)}
    body = await reader.readexactly(int(headers["content-length"]))
    closing = headers.get("connection") == "close"
    return int(head[0].split()[1]), headers.get("x-doorless-decision", ""), body, closing


@dataclass(frozen=True)
class Account:
    """What the log, the upstream and the agents say together."""

    requests: int
    passed: int
    refused: Counter[str]
    unanswered: int
    """Recorded as allowed, and the upstream never saw it: stopped between record and act."""


def account(load: Load) -> Account:
    """The account of a load that was stopped. Raises `AssertionError` for any call that nothing allowed before."""
    numbers, witness = {each.number for each in load.seen}, load.witness
    allowed = _allowed(witness.log, load.first, numbers)
    made = Counter(number for number, _ in witness.calls if number in numbers)
    assert [n for n, times in made.items() if times > 1] == [], "the upstream saw a call twice"
    early = [n for n, mark in witness.calls if n in numbers and not (n in allowed and allowed[n][0] < mark)]
    assert early == [], "the upstream saw calls without an earlier durable allow"
    for each in load.seen:
        if each.status == 200:
            assert each.number in made, "an answer that the upstream never gave"
            assert allowed[each.number][1] == each.decision
    return Account(
        requests=len(load.seen),
        passed=sum(each.status == 200 for each in load.seen),
        refused=Counter(each.code for each in load.seen if each.status != 200),
        unanswered=len(allowed.keys() - made.keys()),
    )


def _allowed(log: Path, first: int, numbers: set[int]) -> dict[int, tuple[int, str]]:
    """Sequence number and decision id of the recorded allow of each of these requests."""
    found: dict[int, tuple[int, str]] = {}
    for stored in read_entries(log, first=first):
        entry = stored.entry
        if isinstance(entry, DecisionEntry) and entry.kind == "request" and entry.decision == "allow":
            assert entry.input is not None
            number = int(str(entry.input["query"]).removeprefix("n=") or 0)
            if number in numbers:
                found[number] = (stored.seq, entry.id)
    return found
