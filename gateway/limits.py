"""Rate limits: each attempt is counted before it is recorded, so that the recorded decision is the final one.

Counting is the `limits` library's, in memory: one gateway process serves a home, so counts per role are exact.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

from limits import RateLimitItem, RateLimitItemPerSecond
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

from decision.model import Allow, Decision, Deny, Hold, RateLimit, Reason, Source

REFUSALS_KEY = "refusals"
"""The key of the one limit that no policy sets: a workflow's refusals."""


@dataclass(frozen=True, slots=True)
class Exceeded:
    """A limit that an attempt went over, and when the next one fits."""

    limit: RateLimit
    retry_after_s: int


class RateLimits:
    """Counters by key, over a moving window. `clock` gives Unix seconds."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._limiter = MovingWindowRateLimiter(MemoryStorage())
        self._items: dict[tuple[int, int], RateLimitItem] = {}

    def spend(self, limits: tuple[RateLimit, ...]) -> Exceeded | None:
        """Count one attempt under every limit; the first one that is exceeded, if any.

        An attempt over its limit is not counted again, so a client that waits as told gets through.
        """
        for limit in limits:
            item = self._item(limit)
            if not self._limiter.hit(item, limit.key, cost=limit.cost):
                return Exceeded(limit, self._wait_s(item, limit))
        return None

    def remaining(self, limit: RateLimit) -> int:
        """How many attempts are left under a limit now."""
        return int(self._limiter.get_window_stats(self._item(limit), limit.key).remaining)

    def _item(self, limit: RateLimit) -> RateLimitItem:
        shape = (limit.limit, limit.window_s)
        item = self._items.get(shape)
        if item is None:
            item = self._items[shape] = RateLimitItemPerSecond(limit.limit, limit.window_s)
        return item

    def _wait_s(self, item: RateLimitItem, limit: RateLimit) -> int:
        reset = self._limiter.get_window_stats(item, limit.key).reset_time
        return max(1, min(limit.window_s, math.ceil(reset - self._clock())))


def count_attempt(decision: Decision, limits: RateLimits) -> tuple[Decision, Exceeded | None]:
    """The decision after its rate limits were spent: an exceeded one makes it a `Deny` with `rate_limited`."""
    exceeded = limits.spend(decision.terms.rate_limits)
    if exceeded is None:
        return decision, None
    hidden = isinstance(decision, Deny) and all(reason.audience == "operator" for reason in decision.reasons)
    reason = Reason(
        code="rate_limited",
        message=f"More than {exceeded.limit.limit} attempts in {exceeded.limit.window_s} seconds.",
        remedy=f"Wait {exceeded.retry_after_s} seconds and send the request again.",
        rule="gateway.rate_limited",
        # What does not exist for a workflow must not show by its limit either: that stays a plain "not found".
        audience="operator" if hidden else "agent",
        retry="retry",
    )
    match decision:
        case Allow():
            return Deny(reasons=(reason,), source=Source.GATEWAY, terms=decision.terms), exceeded
        case Deny() | Hold():
            reasons = (reason, *decision.reasons)
            denial = Deny(reasons=reasons, source=Source.GATEWAY, terms=decision.terms)
            return denial, None if hidden else exceeded
