"""A request's body on its way: counted before it passes, over when its client is, drained within bounds."""

import asyncio
from collections.abc import MutableMapping
from typing import Any

import pytest

from gateway.body import DRAIN_BYTES, BodyTooLarge, ClientGone, Receive, RequestBody


def _saying(*messages: MutableMapping[str, Any]) -> Receive:
    """A client that says these things and is silent then."""
    left = list(messages)

    async def receive() -> MutableMapping[str, Any]:
        if not left:
            await asyncio.sleep(3600)
        return left.pop(0)

    return receive


def _part(body: bytes, *, more: bool = True) -> MutableMapping[str, Any]:
    return {"type": "http.request", "body": body, "more_body": more}


async def _all(body: RequestBody, limit: int | None, into: list[bytes]) -> None:
    async for chunk in body.chunks(limit):
        into.append(chunk)  # noqa: PERF401 - what came before a failure counts too


def test_no_byte_over_the_limit_passes() -> None:
    """The part that goes over is not passed on. With the check after the `yield`, it was."""
    body, passed = RequestBody(_saying(_part(b"12345"), _part(b"6")), -1), list[bytes]()
    with pytest.raises(BodyTooLarge):
        asyncio.run(_all(body, 5, passed))
    assert passed == [b"12345"]
    assert isinstance(body.failure, BodyTooLarge)


@pytest.mark.parametrize("last", [[], [{"type": "http.disconnect"}]], ids=["silent", "gone"])
def test_a_client_that_falls_silent_or_leaves_ends_its_body(last: list[MutableMapping[str, Any]]) -> None:
    """Neither is the end of a body. Without the deadline, silence in the middle of one was for ever."""
    body, passed = RequestBody(_saying(_part(b"half"), *last), 10, idle_s=0.05), list[bytes]()
    with pytest.raises(ClientGone):
        asyncio.run(_all(body, None, passed))
    assert (passed, body.complete) == ([b"half"], False)


def test_draining_is_bounded() -> None:
    """A refused body is read for a while and no further. Without the bound, all of it was."""
    endless = [_part(b"x" * 65536) for _ in range(100)]
    body = RequestBody(_saying(*endless), -1)
    assert len(asyncio.run(body.drain())) == DRAIN_BYTES
    assert not body.complete
