"""Sending one hold until somebody took it or its time is over: the same id each time, later and later.

Promises: nothing but an answer 2xx counts as taken, no redirect is followed, and no body of an answer is read.
"""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass

import httpx
import msgspec

from console.signature import Signer

WAITS_S = (1.0, 5.0, 15.0, 60.0, 300.0)
"""Between attempts; the last one again and again."""
_ANSWER_S = 10.0

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


async def deliver(http: httpx.AsyncClient, url: str, signer: Signer, hold: Hold, clock: Clock) -> bool:
    """Send a hold; whether it was taken before it expired."""
    body, attempt = message_of(hold), 0
    while clock.now() < hold.expires_at:
        headers = signer.headers(hold.hold, clock.now(), body) | {"content-type": "application/json"}
        if await _taken(http, url, headers, body):
            return True
        await asyncio.sleep(clock.waits_s[min(attempt, len(clock.waits_s) - 1)])
        attempt += 1
    _LOGGER.warning("the hold %s was not delivered: nobody took it in %d attempts", hold.hold, attempt)
    return False


async def _taken(http: httpx.AsyncClient, url: str, headers: dict[str, str], body: bytes) -> bool:
    try:
        async with http.stream("POST", url, content=body, headers=headers, timeout=_ANSWER_S) as answer:
            if answer.is_success:
                return True
            _LOGGER.warning("the webhook answered %d", answer.status_code)
    except httpx.HTTPError as error:
        _LOGGER.warning("the webhook cannot be reached: %s", type(error).__name__)
    return False
