"""How a connection's requests end: broken bodies, early answers, clients that leave, answers without a body."""

import asyncio
import itertools
from pathlib import Path
from typing import Any

import pytest

from gateway.cycle import Cycle
from tests.gateway.connection import CHUNKED, GET, Witness, answer_with, connected, until


def test_garbage_behind_a_request_is_refused_in_its_turn(tmp_path: Path) -> None:
    """The request before it is answered, then the garbage is refused. It used to cut the answer under way."""

    async def send() -> None:
        witness = Witness()
        witness.wait.clear()
        async with connected(tmp_path, witness) as (client, _):
            await client.send(GET, b"\x00garbage\r\n\r\n")
            witness.wait.set()
            received = await client.rest()
        assert [shown.flaw for shown in witness.shown] == ["", "request.framing"]
        assert received.startswith(b"HTTP/1.1 200 ")
        assert b"HTTP/1.1 400 " in received

    asyncio.run(send())


@pytest.mark.parametrize(
    "broken", [b"zz\r\n", b"-1\r\n", b"1\r\nab\r\n", b"1\nx\r\n", b"fffffffffffffffff\r\n", b" 1\r\nx\r\n"]
)
def test_a_body_that_breaks_off_takes_its_request_along(tmp_path: Path, broken: bytes) -> None:
    """Broken at once, the request is refused; broken later, it ends with its connection, and never looks whole.

    Without `_broken_body`, a request broken in its first segment vanished without a record.
    """

    async def send() -> None:
        witness = Witness()
        async with connected(tmp_path, witness) as (client, _):
            await client.send(CHUNKED + broken + GET)
            assert (await client.rest()).startswith(b"HTTP/1.1 400 ")
        assert [shown.flaw for shown in witness.shown] == ["request.framing"]
        witness = Witness()
        async with connected(tmp_path, witness) as (client, _):
            await client.send(CHUNKED, broken + GET)
            assert await client.rest() == b""
        assert (witness.shown, witness.cancelled) == ([], 1)

    asyncio.run(send())


def test_an_answer_before_the_body_is_complete_ends_the_connection(tmp_path: Path) -> None:
    """What is left of the body is neither read for nobody nor taken for the next request.

    Without the close, 408 came ten seconds later, in the middle of the body, as if it answered another request.
    """

    async def early(_scope: Any, _receive: Any, send: Any) -> None:
        await answer_with(send, 200)

    async def send() -> None:
        witness = Witness()
        witness.answer = early
        async with connected(tmp_path, witness) as (client, room):
            await client.send(b"POST /a HTTP/1.1\r\nHost: proxy\r\nContent-Length: 1000\r\n\r\nonly this")
            assert (await client.rest()).count(b"HTTP/1.1 ") == 1
            assert not room.connections

    asyncio.run(send())


def test_a_client_that_leaves_ends_the_request_under_way_not_the_one_behind_it(tmp_path: Path) -> None:
    """With two pipelined, the first is cancelled and the second never begins.

    With only the newest marked as gone, the first one was not told.
    """

    async def leave() -> None:
        witness = Witness()
        witness.wait.clear()
        async with connected(tmp_path, witness) as (client, room):
            await client.send(GET + GET)
            await until(lambda: room.only.pipeline)
            running = room.only._running
            room.only.cut()  # while requests wait we do not read, so that an end shows at the next write
            await until(lambda: not room.connections)
            assert isinstance(running, Cycle)
            assert running.disconnected
        assert (witness.shown, witness.cancelled) == ([], 1)

    asyncio.run(leave())


def test_a_client_that_leaves_is_noticed_while_its_last_request_runs(tmp_path: Path) -> None:
    """Two pipelined, the first answered: reading goes on, so that an end is seen and the second is cancelled.

    With uvicorn's resuming alone, which comes before the line is shorter, it ran on for nobody.
    """
    asked = itertools.count()
    cancelled: list[bool] = []

    async def slow_second(_scope: Any, _receive: Any, send: Any) -> None:
        if next(asked) == 1:
            try:
                await asyncio.sleep(60)
            except asyncio.CancelledError:
                cancelled.append(True)
                raise
        await answer_with(send, 200)

    async def leave() -> None:
        witness = Witness()
        witness.answer = slow_second
        async with connected(tmp_path, witness) as (client, room):
            await client.send(GET + GET)
            assert (await client.some()).startswith(b"HTTP/1.1 200 ")
            client.leave()
            await until(lambda: cancelled)
            assert not room.connections

    asyncio.run(leave())


@pytest.mark.parametrize("status", [204, 304])
def test_an_answer_without_a_body_may_have_named_a_length(tmp_path: Path, status: int) -> None:
    """A 304 that names the length of what it does not send is whole, and the connection goes on.

    Without `Cycle.send`, uvicorn waited for the named bytes and broke the connection.
    """

    async def bare(_scope: Any, _receive: Any, send: Any) -> None:
        headers = [(b"content-length", b"999"), (b"etag", b"x")]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": b""})

    async def ask_twice() -> None:
        witness = Witness()
        witness.answer = bare
        async with connected(tmp_path, witness) as (client, _):
            await client.send(GET + GET[:-2] + b"Connection: close\r\n\r\n")
            received = await client.rest()
        assert received.count(b"HTTP/1.1 %d " % status) == 2
        assert received.count(b"etag: x\r\n") == 2
        assert b"content-length" not in received

    asyncio.run(ask_twice())


def test_an_expected_body_is_invited_once_and_only_when_it_is_wanted(tmp_path: Path) -> None:
    """`100 Continue` stands before the answer of an application that reads, and never before one that does not."""

    async def refuse(_scope: Any, _receive: Any, send: Any) -> None:
        await answer_with(send, 403)

    head = b"POST /a HTTP/1.1\r\nHost: proxy\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n"

    async def expect() -> None:
        witness = Witness()
        async with connected(tmp_path, witness) as (client, _):
            await client.send(head)
            assert await client.some() == b"HTTP/1.1 100 Continue\r\n\r\n"
            await client.send(b"ab" + GET[:-2] + b"Connection: close\r\n\r\n")
            assert (await client.rest()).count(b"HTTP/1.1 200 ") == 2
        assert witness.shown[0].body == b"ab"
        witness.answer = refuse
        async with connected(tmp_path, witness) as (client, _):
            await client.send(head)
            received = await client.rest()
        assert received.startswith(b"HTTP/1.1 403 ")

    asyncio.run(expect())
