"""`issuer.endings`: what listeners hear, and what happens to those that do not listen."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any

from starlette.types import Message

from issuer import endings as module
from issuer.endings import MAX_BEHIND, Endings, LineStream
from issuer.workflows import Ending, Workflow


def ended(name: str) -> Workflow:
    return Workflow(
        id=name, role="r", only=(), task="", started_at=0, expires_at=1, ended_reason=Ending.COMPLETED
    )


async def take(lines: AsyncIterator[bytes], count: int) -> list[Any]:
    return [json.loads(await anext(lines)) for _ in range(count)]


def within(story: Callable[[], Coroutine[Any, Any, None]], seconds: float = 20) -> None:
    asyncio.run(asyncio.wait_for(story(), seconds))


def test_each_listener_hears_the_active_first_and_then_every_end() -> None:
    """Two listeners hear the same; one that comes later hears only what ends from then on."""

    async def story() -> None:
        hub = Endings(lambda: ["a", "b"])
        one, two = hub.lines(), hub.lines()
        assert await take(one, 1) == await take(two, 1) == [{"active": ["a", "b"]}]
        hub.publish(ended("a"))
        expected = [{"ended": "a", "reason": "completed"}]
        assert await take(one, 1) == await take(two, 1) == expected
        late = hub.lines()
        await take(late, 1)
        hub.publish(ended("b"))
        assert await take(late, 1) == [{"ended": "b", "reason": "completed"}]

    within(story)


def test_a_listener_that_is_too_far_behind_is_cut_off() -> None:
    """It is dropped with what it had not read, and the others hear on."""

    async def story() -> None:
        hub = Endings(list)
        slow, quick = hub.lines(), hub.lines()
        await take(slow, 1)
        await take(quick, 1)
        for number in range(MAX_BEHIND + 1):
            hub.publish(ended(str(number)))
            await take(quick, 1)
        assert hub.listeners == 1
        assert [line async for line in slow] == []

    within(story)


def test_closing_ends_every_stream() -> None:
    """After `close` each listener's stream ends, and a new one ends after its first line."""

    async def story() -> None:
        hub = Endings(list)
        lines = hub.lines()
        await take(lines, 1)
        hub.close()
        assert [line async for line in lines] == []
        assert len([line async for line in hub.lines()]) == 1
        assert hub.listeners == 0

    within(story)


async def _never() -> Message:
    await asyncio.Event().wait()
    raise AssertionError


def test_a_reader_that_takes_nothing_is_dropped(monkeypatch: Any) -> None:
    """When a line cannot be sent within a ping's time, the stream ends and the listener is forgotten."""
    monkeypatch.setattr(module, "PING_S", 0.05)

    async def story() -> None:
        hub = Endings(list)

        async def send(message: Message) -> None:
            if message["type"] == "http.response.body":
                await asyncio.Event().wait()

        await LineStream(hub.lines())({}, _never, send)
        assert hub.listeners == 0

    within(story)


def test_a_reader_that_leaves_is_forgotten() -> None:
    """When the connection closes, the stream ends without waiting for the next line."""

    async def story() -> None:
        hub = Endings(list)
        sent: list[Message] = []
        gone = asyncio.Event()

        async def send(message: Message) -> None:
            sent.append(message)
            if message["type"] == "http.response.body":
                gone.set()

        async def receive() -> Message:
            await gone.wait()
            return {"type": "http.disconnect"}

        await LineStream(hub.lines())({}, receive, send)
        assert hub.listeners == 0
        assert json.loads(sent[1]["body"]) == {"active": []}

    within(story)
