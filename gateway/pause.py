"""The pause of a workflow that is refused again and again: its refusals stop being entries of their own and are counted.

Promises: the first `REFUSALS` of a minute are recorded singly, the pause itself is recorded before anybody is told of
it, and one entry at its end says how many were refused meanwhile. While it lasts, nothing is decided or forwarded.
"""

import asyncio
import math
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from decision.model import Deny, RateLimit, Reason, Source
from gateway.limits import REFUSALS_KEY, Exceeded
from gateway.refusals import Refusal, refusal_of
from gateway.request import Refused

REFUSALS: Final = 600
"""Refusals in a window after which a workflow pauses. A short one takes 500 bytes of log, so this is 5 KB a second."""
WINDOW_S: Final = 60

_NOT_THE_AGENTS: Final = frozenset({401, 500, 502, 503, 504})
"""Statuses of what the orchestrator, our own side or a service did: an agent that goes on asking did nothing wrong."""
_LIMIT: Final = RateLimit(key=REFUSALS_KEY, limit=REFUSALS, window_s=WINDOW_S, cost=1)


@dataclass(frozen=True, slots=True)
class Means:
    """What a pause needs: a clock in seconds, one refusal's durable entry, and an entry that nothing waits for."""

    monotonic: Callable[[], float]
    record: Callable[[Refused], Awaitable[object]]
    """Raises `LogUnavailable`."""
    tell: Callable[[str, int], None]
    """The pause's decision id, and how many were refused without an entry of their own."""


class Pause:
    """Counts the refusals of one workflow, and says when it is paused. Used on one event loop."""

    def __init__(self, means: Means) -> None:
        self._means = means
        self._ends = -math.inf
        self._refused = 0
        self._decision = ""
        self._counted = 0

    def count(self, status: int) -> None:
        """One more refusal was recorded; it counts if it was the agent's own doing."""
        if status in _NOT_THE_AGENTS:
            return
        now = self._means.monotonic()
        if now >= self._ends:
            self._ends, self._refused, self._decision = now + WINDOW_S, 0, ""
        self._refused += 1

    @property
    def left_s(self) -> int:
        """How long the workflow is paused yet, in seconds; 0 where it is not."""
        left = self._ends - self._means.monotonic()
        return max(1, math.ceil(left)) if self._refused >= REFUSALS and left > 0 else 0

    async def refuse(self, decision: str) -> Refusal:
        """What a paused workflow is shown, under the pause's decision. Raises `LogUnavailable` for the first."""
        left_s = self.left_s
        denial = _denial(left_s)
        if not self._decision:
            self._decision = decision
            try:
                await self._means.record(Refused(decision, denial, 429))
            except BaseException:
                self._decision = ""  # whoever comes next records it
                raise
        else:
            self._count_on(left_s)
        return refusal_of(denial, self._decision, exceeded=Exceeded(_LIMIT, left_s))

    def _count_on(self, left_s: int) -> None:
        if not self._counted:
            asyncio.get_running_loop().call_later(left_s, self._tell, self._decision)
        self._counted += 1

    def _tell(self, decision: str) -> None:
        counted, self._counted = self._counted, 0
        self._means.tell(decision, counted)


def _denial(left_s: int) -> Deny:
    reason = Reason(
        code="rate_limited",
        message=f"More than {REFUSALS} of this workflow's requests were refused within {WINDOW_S} seconds, so it is paused.",
        remedy=f"Wait {left_s} seconds, read what was refused and why, and send something else.",
        rule="gateway.paused",
        retry="retry",
    )
    return Deny(reasons=(reason,), source=Source.GATEWAY)
