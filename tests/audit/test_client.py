"""The client: receipts for what is durable, LogUnavailable for everything else, within the deadline."""

import asyncio
import hashlib
import signal
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import cast

import pytest
import uvloop

from audit import wire
from audit.client import AuditClient, LogUnavailable
from audit.entry import Entry, encode
from audit.link import MAX_WAITING, Link
from audit.reader import read_entries, read_records
from audit.verify import verify
from tests.audit.conftest import StartWriter
from tests.audit.programs import DEADLINE_S
from tests.audit.samples import decision, event, name, outcome

Scene = Callable[[AuditClient], Awaitable[None]]


def play(socket: Path, scene: Scene, deadline_s: float = DEADLINE_S) -> AuditClient:
    """Run the scene with a connected client on uvloop, as the product does; the closed client."""

    async def whole() -> AuditClient:
        client = await AuditClient.connect(socket, deadline_s=deadline_s)
        try:
            await scene(client)
        finally:
            await client.close()
        return client

    return uvloop.run(whole())


async def until(condition: Callable[[], bool]) -> None:
    """Wait for the condition, for as long as any test may take."""
    deadline = time.monotonic() + DEADLINE_S
    while not condition():
        assert time.monotonic() < deadline, "it did not come true"
        await asyncio.sleep(0.005)


def test_a_receipt_names_a_durable_record(start_writer: StartWriter, socket_path: Path, log: Path) -> None:
    """Number, decision and digest of the receipt are those of the record in the log."""
    start_writer()

    async def scene(client: AuditClient) -> None:
        entries: tuple[Entry, ...] = (decision(1), outcome(1), event())
        for seq, entry in enumerate(entries):
            receipt = await client.append(entry)
            (at, encoded) = list(read_records(log))[seq]
            assert (receipt.seq, receipt.entry_id) == (at, [name(1), name(1), ""][seq])
            assert encoded == encode(entry)
            assert receipt.sha256 == hashlib.sha256(encoded).digest()

    play(socket_path, scene)


def test_many_at_once_get_their_own_receipts(start_writer: StartWriter, socket_path: Path, log: Path) -> None:
    """Appends under way together each get the number at which their own entry stands."""
    start_writer()

    async def scene(client: AuditClient) -> None:
        receipts = await asyncio.gather(*[client.append(decision(number)) for number in range(500)])
        written = {stored.seq: stored.entry for stored in read_entries(socket_path)}
        for number, receipt in enumerate(receipts):
            assert written[receipt.seq] == decision(number)

    play(socket_path, scene)
    assert verify(log).records == 500


def test_an_outcome_goes_after_its_decision_without_waiting(
    start_writer: StartWriter, socket_path: Path, log: Path
) -> None:
    """`append_later` returns at once; closing waits until it is durable."""
    start_writer()

    async def scene(client: AuditClient) -> None:
        await client.append(decision(1))
        client.append_later(outcome(1))
        await client.append(decision(2))
        client.append_later(outcome(2))

    client = play(socket_path, scene)
    assert client.lost_outcomes.count == 0
    assert verify(log).outcomes == {"completed": 2}


def test_no_writer_is_said_at_once(socket_path: Path) -> None:
    """Connecting to nothing raises and names the socket."""
    with pytest.raises(LogUnavailable, match=str(socket_path)):
        asyncio.run(AuditClient.connect(socket_path))


def test_a_stopped_writer_makes_appends_time_out(
    start_writer: StartWriter, socket_path: Path, log: Path
) -> None:
    """With the writer stopped, append raises after its deadline; when it runs again, later ones succeed."""
    writer = start_writer()

    async def scene(client: AuditClient) -> None:
        await client.append(event(0))
        writer.signal(signal.SIGSTOP)
        client.append_later(outcome(9))
        results = await asyncio.gather(*[client.append(event(n)) for n in (1, 2)], return_exceptions=True)
        assert [str(result) for result in results] == ["the audit writer did not answer in time"] * 2
        assert list(client.lost_outcomes.latest) == [(name(9), "the audit writer did not answer in time")]
        writer.signal(signal.SIGCONT)
        await until(lambda: len(list(read_records(log))) == 4)  # late, but not lost on the way either
        client._deadline_s = DEADLINE_S
        assert (await client.append(event(3))).seq == 4

    play(socket_path, scene, deadline_s=0.3)


def test_a_lost_outcome_is_counted_once(start_writer: StartWriter, socket_path: Path) -> None:
    """What passed its deadline is not counted again when the connection then breaks."""
    writer = start_writer()

    async def scene(client: AuditClient) -> None:
        writer.signal(signal.SIGSTOP)
        client.append_later(outcome(1))
        with pytest.raises(LogUnavailable, match="in time"):
            await client.append(event())
        assert client.lost_outcomes.count == 1
        writer.kill()
        await until(lambda: not client.connected)

    assert play(socket_path, scene, deadline_s=0.1).lost_outcomes.count == 1


def test_a_killed_writer_fails_what_waits_and_is_found_again(
    start_writer: StartWriter, socket_path: Path
) -> None:
    """A broken connection fails what is under way and everything after, until the writer is back."""
    writer = start_writer()

    async def scene(client: AuditClient) -> None:
        writer.signal(signal.SIGSTOP)
        under_way = asyncio.ensure_future(client.append(event(1)))
        client.append_later(outcome(1))
        await asyncio.sleep(0)
        writer.kill()
        with pytest.raises(LogUnavailable, match="connection"):
            await under_way
        with pytest.raises(LogUnavailable, match="no connection"):
            await client.append(event(2))
        client.append_later(event(3))
        assert [lost for lost, _ in client.lost_outcomes.latest] == [name(1), "EventEntry"]
        assert client.lost_outcomes.count == 2
        start_writer()
        await until(lambda: client.connected)
        await client.append(event(4))

    play(socket_path, scene)


def test_what_the_writer_refuses_or_cannot_stand_is_unavailable(
    start_writer: StartWriter, socket_path: Path
) -> None:
    """An entry that is too large, without canonical form or of wrong values is not recorded, and the rest goes on."""
    start_writer()

    async def scene(client: AuditClient) -> None:
        for wrong, complaint in (
            (event(detail={"x": "x" * 70_000}), "65535"),
            (decision(input={"x": 0.5}), "canonical"),
            (decision(id="d-1"), "not an entry"),
        ):
            with pytest.raises(LogUnavailable, match=complaint):
                await client.append(wrong)
        client.append_later(event(detail={"x": "x" * 70_000}))
        assert client.lost_outcomes.count == 1
        assert (await client.append(event())).seq == 0

    play(socket_path, scene)


def test_a_bounded_number_waits(start_writer: StartWriter, socket_path: Path) -> None:
    """With the writer stopped, the appends beyond the bound fail at once instead of piling up."""
    writer = start_writer()

    async def scene(client: AuditClient) -> None:
        writer.signal(signal.SIGSTOP)
        waiting = [asyncio.ensure_future(client.append(event(n))) for n in range(MAX_WAITING)]
        await asyncio.sleep(0)
        with pytest.raises(LogUnavailable, match=f"{MAX_WAITING} entries wait"):
            await client.append(event())
        writer.signal(signal.SIGCONT)
        assert [receipt.seq for receipt in await asyncio.gather(*waiting)] == list(range(MAX_WAITING))

    play(socket_path, scene)


def test_a_caller_that_gave_up_disturbs_nobody(start_writer: StartWriter, socket_path: Path) -> None:
    """A cancelled append leaves the others their own numbers."""
    writer = start_writer()

    async def scene(client: AuditClient) -> None:
        writer.signal(signal.SIGSTOP)
        first, second = [asyncio.ensure_future(client.append(event(n))) for n in range(2)]
        await asyncio.sleep(0)
        first.cancel()
        writer.signal(signal.SIGCONT)
        assert (await second).seq == 1
        assert first.cancelled()

    play(socket_path, scene)


@pytest.mark.parametrize(
    "answer",
    [
        wire.pack(wire.STATUS_FAILED, b"the log is poisoned: disk"),
        wire.pack(wire.STATUS_OK, b"short"),
        wire.pack(7, b"what"),
        b"\xff\xff\xff\xff\x00",
        b"\0\0\0\0\0",
        wire.pack(wire.STATUS_FAILED),
        b"",
    ],
)
def test_no_receipt_for_any_answer_but_ok(socket_path: Path, answer: bytes) -> None:
    """A failure, a malformed answer or a hang-up of the writer is never a receipt."""

    async def scene() -> None:
        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readexactly(wire.HEAD_BYTES)
            writer.write(answer)
            writer.close()
            await writer.wait_closed()

        server = await asyncio.start_unix_server(serve, socket_path)
        client = await AuditClient.connect(socket_path, deadline_s=DEADLINE_S)
        with pytest.raises(LogUnavailable):
            await client.append(event())
        await client.close()
        server.close()
        await server.wait_closed()

    asyncio.run(scene())


def test_a_writer_that_hangs_up_at_once_is_tried_again(socket_path: Path) -> None:
    """Connections that end before anything was said are replaced until one stays."""

    async def scene() -> None:
        hang_ups = 4

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            nonlocal hang_ups
            hang_ups -= 1
            if hang_ups < 0:
                await reader.readexactly(wire.HEAD_BYTES)
                writer.write(wire.APPEND_REPLY.pack(9, wire.STATUS_OK, 7))
                await reader.read()
            writer.close()
            await writer.wait_closed()

        async def append() -> int:
            while True:
                try:
                    return (await client.append(event())).seq
                except LogUnavailable:
                    await until(lambda: client.connected)

        server = await asyncio.start_unix_server(serve, socket_path)
        client = await AuditClient.connect(socket_path, deadline_s=DEADLINE_S)
        assert await asyncio.wait_for(append(), DEADLINE_S) == 7
        await client.close()
        server.close()
        await server.wait_closed()

    uvloop.run(scene())


class HastyLoop:
    """Stands in for the loop's dialling: the connection has ended before its caller hears that it began."""

    async def create_unix_connection(self, factory: Callable[[], Link], _path: str) -> tuple[None, Link]:
        """A link that is over."""
        link = factory()
        link.connection_lost(None)
        return None, link


def test_a_connection_that_is_over_before_it_is_taken_up_is_not_kept(socket_path: Path) -> None:
    """A dead link is never taken for a connection: appends would wait in it for ever."""

    async def scene() -> None:
        client = AuditClient(socket_path, deadline_s=DEADLINE_S)
        client._loop = cast("asyncio.AbstractEventLoop", HastyLoop())
        with pytest.raises(ConnectionResetError):
            await client._dial()
        assert not client.connected

    asyncio.run(scene())
