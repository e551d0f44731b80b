"""One connection's protocol: splits, waiting lines, and every kind of silence, with short deadlines."""

import asyncio
import itertools
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st

from gateway.protocol import MAX_UNFINISHED_BYTES, MAX_WAITING, Deadlines
from tests.gateway.connection import CHUNKED, GET, SHORT, Room, Shown, Witness, answer_with, connected, until

CONVERSATION = (
    b"POST /a?b=1 HTTP/1.1\r\nHost: proxy\r\nTransfer-Encoding: chunked\r\nX-A: 1\r\n\r\n"
    b'3;x="1"\r\nabc\r\n1\r\nd\r\n0\r\nAuthorization: t\r\n\r\n'
    b"PUT /%41 HTTP/1.1\r\nHost: proxy\r\nContent-Length: 3\r\n\r\nxyz"
    b"GET /c HTTP/1.1\r\nHost: proxy\r\nConnection: close\r\n\r\n"
)


@settings(max_examples=150, deadline=None)
@given(cuts=st.lists(st.integers(1, len(CONVERSATION) - 1), max_size=12, unique=True).map(sorted))
def test_however_bytes_are_split_the_same_requests_are_seen(
    cuts: list[int], tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Three requests with chunks, an extension and a trailer, split anywhere: the same three, and no trailer.

    With the trailer guard of `on_header` removed, `authorization` stood among the first request's headers.
    """
    ends = [0, *cuts, len(CONVERSATION)]
    parts = [CONVERSATION[start:end] for start, end in itertools.pairwise(ends)]
    assert _seen(tmp_path_factory.getbasetemp(), parts) == THREE


def test_a_split_at_every_byte_changes_nothing(tmp_path: Path) -> None:
    """Each single split, and all of them at once."""
    for cut in range(1, len(CONVERSATION)):
        assert _seen(tmp_path, [CONVERSATION[:cut], CONVERSATION[cut:]]) == THREE
    assert _seen(tmp_path, [CONVERSATION[at : at + 1] for at in range(len(CONVERSATION))]) == THREE


HOST = (b"host", b"proxy")
THREE = [
    Shown("POST", b"/a?b=1", (HOST, (b"transfer-encoding", b"chunked"), (b"x-a", b"1")), b"abcd", ""),
    Shown("PUT", b"/%41", (HOST, (b"content-length", b"3")), b"xyz", ""),
    Shown("GET", b"/c", (HOST, (b"connection", b"close")), b"", ""),
]


def _seen(folder: Path, parts: list[bytes]) -> list[Shown]:
    async def converse() -> list[Shown]:
        witness = Witness()
        async with connected(folder, witness, Deadlines()) as (client, _):
            await client.send(*parts)
            assert (await client.rest()).count(b"HTTP/1.1 200 ") == 3
        return witness.shown

    return asyncio.run(converse())


def test_a_line_of_waiting_requests_is_bounded_and_those_in_it_are_answered(tmp_path: Path) -> None:
    """A flood of pipelined requests: those that may wait are answered in order, the last one says `close`.

    Without the bound all 20,000 stood in memory at once, and each answer let another 200 KiB of them in.
    """

    async def flood() -> None:
        witness = Witness()
        witness.wait.clear()
        async with connected(tmp_path, witness, Deadlines()) as (client, room):
            client.push(b"".join(GET.replace(b"/a", b"/%d" % i) for i in range(20_000)))
            await until(lambda: room.only.pipeline)
            assert len(room.only.pipeline) <= MAX_WAITING
            witness.wait.set()
            received = await client.rest()
        count = MAX_WAITING + 1
        assert [shown.target for shown in witness.shown] == [b"/%d" % i for i in range(count)]
        assert received.count(b"HTTP/1.1 200 ") == count
        assert received.count(b"connection: close") == 1

    asyncio.run(flood())


def test_a_line_that_keeps_pace_is_served_for_ever(tmp_path: Path) -> None:
    """A client that pipelines a few at a time gets each of its many answers. Without resuming, it stopped after one line."""

    async def keep_pace() -> None:
        witness = Witness()
        async with connected(tmp_path, witness, Deadlines()) as (client, _):
            for _ in range(40):
                await client.send(GET * 8)
                received = b""
                while received.count(b"HTTP/1.1 200 ") < 8:
                    received += await client.some()
        assert len(witness.shown) == 320

    asyncio.run(keep_pace())


@pytest.mark.parametrize(
    "endless",
    {
        "a header's value": GET[:-2] + b"X: ",
        "a header's name": GET[:-2],
        "a target": b"GET /",
        "a chunk's extension": CHUNKED + b"1;",
        "a trailer": CHUNKED + b"0\r\nX: ",
        "a chunk's length": CHUNKED + b"0",
        "empty lines": b"\r\n",
    }.items(),
    ids=lambda pair: pair[0],
)
def test_what_never_ends_is_refused_while_it_is_small(tmp_path: Path, endless: tuple[str, bytes]) -> None:
    """A header, trailer, target or extension without an end is over after some 40 KiB, long before any deadline.

    Without the bound the parser kept every byte: 90 MB of one header's value before this test gave up.
    """
    _, begin = endless
    filler = b"\r\n" * 2048 if begin == b"\r\n" else b"0" * 4096

    async def send() -> None:
        witness, sent = Witness(), 0
        async with connected(tmp_path, witness, Deadlines(head_s=60)) as (client, room):
            await client.send(begin)
            while room.connections and not witness.shown and sent < 90_000_000:
                await client.send(filler)
                sent += len(filler)
            assert sent < 4 * MAX_UNFINISHED_BYTES
            received = await client.rest()
            # A body under way cannot be refused any more: it ends with its connection.
            assert received == b"" or received.startswith(b"HTTP/1.1 4")
        assert all(shown.flaw for shown in witness.shown)

    asyncio.run(send())


def test_half_a_head_is_refused_in_time_however_slowly_it_comes(tmp_path: Path) -> None:
    """A byte now and then does not move the deadline. With a timer that each byte restarts, it never ended."""

    async def dribble() -> None:
        witness = Witness()
        async with connected(tmp_path, witness) as (client, _):
            await client.send(b"GET /a HTTP/1.1\r\n")
            for _ in range(200):
                if witness.shown:
                    break
                await client.send(b"X: 1\r\n")
                await asyncio.sleep(0.01)
            assert [shown.flaw for shown in witness.shown] == ["request.head_timeout"]
            assert (await client.rest()).startswith(b"HTTP/1.1 408 ")

    asyncio.run(dribble())


def test_half_a_head_behind_an_answer_has_the_deadline_too(tmp_path: Path) -> None:
    """It counts from the end of the answer before it. Without the alarm it held the connection for the keep-alive time."""

    async def half() -> None:
        witness = Witness()
        witness.wait.clear()
        async with connected(tmp_path, witness, keep_alive_s=60) as (client, _):
            await client.send(GET + b"GET /b HT")
            await asyncio.sleep(2 * SHORT.head_s)
            assert witness.shown == []
            witness.wait.set()
            assert (await client.rest()).count(b"HTTP/1.1 408 ") == 1

    asyncio.run(half())


def test_a_waiting_head_is_not_late_while_we_do_not_read(tmp_path: Path) -> None:
    """Two requests and a half: however long the first two take, the half one is not to blame.

    With the alarm set while an answer was under way, the third was refused with 408 although it had arrived.
    """
    asked = itertools.count()

    async def slow_second(_scope: Any, _receive: Any, send: Any) -> None:
        if next(asked) == 1:
            await asyncio.sleep(2 * SHORT.head_s)
        await answer_with(send, 200)

    async def wait() -> None:
        witness = Witness()
        witness.answer = slow_second
        async with connected(tmp_path, witness) as (client, _):
            await client.send(GET * 2 + GET[:10])
            received = b""
            while received.count(b"HTTP/1.1 200 ") < 2:
                received += await client.some()
            await client.send(GET[10:-2] + b"Connection: close\r\n\r\n")
            assert (await client.rest()).startswith(b"HTTP/1.1 200 ")

    asyncio.run(wait())


def test_a_silent_connection_ends_after_the_keep_alive_time(tmp_path: Path) -> None:
    """One that never speaks, and one that spoke and was answered. Without the timer of `connection_made` the first stayed."""

    async def idle(*, speak: bool) -> None:
        async with connected(tmp_path, Witness(), keep_alive_s=1) as (client, _):
            if speak:
                await client.send(GET)
            received = await client.rest()
            assert received.count(b"HTTP/1.1 200 ") == int(speak)

    async def both() -> None:
        await idle(speak=False)
        await idle(speak=True)

    asyncio.run(both())


def test_a_client_that_does_not_read_its_answer_is_cut(tmp_path: Path) -> None:
    """An endless answer to a client that never reads ends, and its request is cancelled; little was kept.

    Without the stall alarm the request stayed for ever.
    """
    written = 0
    ended: list[str] = []

    async def endless(_scope: Any, _receive: Any, send: Any) -> None:
        nonlocal written
        try:
            await send({"type": "http.response.start", "status": 200, "headers": []})
            while True:
                await send({"type": "http.response.body", "body": b"x" * 65536, "more_body": True})
                written += 65536
        except asyncio.CancelledError:
            ended.append("cancelled")

    async def never_read() -> None:
        witness = Witness()
        witness.answer = endless
        async with connected(tmp_path, witness) as (client, room):
            await client.send(GET)
            await until(lambda: not room.connections)
            await until(lambda: ended)
        assert written < 2_000_000

    asyncio.run(never_read())


def test_the_end_of_an_answer_that_nobody_reads_does_not_hold_the_connection(tmp_path: Path) -> None:
    """A whole answer with `close` that the client does not take is dropped. Without the alarm it waited for ever."""
    rooms: list[Room] = []

    async def big(_scope: Any, _receive: Any, send: Any) -> None:
        """As much as the kernel takes, and a little more, which is not enough to pause us."""
        await send({"type": "http.response.start", "status": 200, "headers": [(b"connection", b"close")]})
        while not rooms[0].only.transport.get_write_buffer_size():
            await send({"type": "http.response.body", "body": b"x" * 4096, "more_body": True})
        assert not rooms[0].only.flow.write_paused
        await send({"type": "http.response.body", "body": b"x"})

    async def never_read() -> None:
        witness = Witness()
        witness.answer = big
        async with connected(tmp_path, witness) as (client, room):
            rooms.append(room)
            await client.send(GET)
            await until(lambda: not room.connections)

    asyncio.run(never_read())
