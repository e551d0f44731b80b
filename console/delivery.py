"""Sending one hold until somebody took it or its time is over: the same id each time, later and later.

Promises: nothing but an answer 2xx counts as taken, no redirect is followed, no body of an answer is read, and an attempt
ends in time however slowly it is answered.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import httpx
import msgspec

from console.signature import Signer

WAITS_S = (1.0, 5.0, 15.0, 60.0, 300.0)
"""Between attempts; the last one again and again."""
ANSWER_S = 10.0
"""For one attempt as a whole: a receiver that sends a byte now and then would hold it for ever."""

_LOGGER = logging.getLogger("console")


class Hold(msgspec.Struct, frozen=True):
    """A hold as the gateway tells it: what we computed, nothing that an agent says of itself."""

    hold: str
    state: str
    workflow: str
    role: str
    service: str
    target: str
    digest: str
    decision: str
    opened_at: int
    expires_at: int
    approvers: tuple[str, ...]
    needed: int


@dataclass(frozen=True, slots=True)
class Clock:
    """The time in Unix seconds, and how long is waited between attempts."""

    now: Callable[[], int]
    waits_s: tuple[float, ...] = WAITS_S
    answer_s: float = ANSWER_S


def message_of(hold: Hold) -> bytes:
    """The body: `type` and `data`, as Standard Webhooks advise, and how to answer."""
    return msgspec.json.encode(
        {
            "type": "hold.opened",
            "timestamp": hold.opened_at,
            "data": {
                **msgspec.to_builtins(hold),
                "show": f"doorless approvals show {hold.hold}",
                "approve": f"doorless approvals approve {hold.hold}",
            },
        }
    )


@dataclass(frozen=True, slots=True)
class Way:
    """How a hold is sent, and how it is known whether that is still worth it."""

    http: httpx.AsyncClient
    url: str
    signer: Signer
    clock: Clock
    waits: Callable[[], Awaitable[bool]]
    """Whether nobody has decided it yet."""
    room: asyncio.Semaphore
    """How many attempts may be under way at once."""


async def deliver(hold: Hold, way: Way) -> bool:
    """Send a hold; whether it was taken before it was over."""
    body, attempt, clock = message_of(hold), 0, way.clock
    while clock.now() < hold.expires_at:
        headers = way.signer.headers(hold.hold, clock.now(), body) | {"content-type": "application/json"}
        if await _taken(way, headers, body):
            return True
        await asyncio.sleep(clock.waits_s[min(attempt, len(clock.waits_s) - 1)])
        attempt += 1
        if not await way.waits():
            return False
    _LOGGER.warning("the hold %s was not delivered: nobody took it in %d attempts", hold.hold, attempt)
    return False


async def _taken(way: Way, headers: dict[str, str], body: bytes) -> bool:
    try:
        async with (
            way.room,
            asyncio.timeout(way.clock.answer_s),
            way.http.stream("POST", way.url, content=body, headers=headers, timeout=None) as answer,
        ):
            if answer.is_success:
                return True
            _LOGGER.warning("the webhook answered %d", answer.status_code)
    except (httpx.HTTPError, TimeoutError) as error:
        _LOGGER.warning("the webhook cannot be reached: %s", type(error).__name__)
    return False
