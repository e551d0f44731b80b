"""The hot path to OPA over the child's unix socket: requests in one queue, changes in one of their own.

A change may take OPA long to read, so it waits for no request and no request waits for it.
"""

import asyncio
from pathlib import Path

from decision.decider import CHANGE_DEADLINE_S, DEADLINE_S
from decision.jury import JuryQuestion
from decision.model import Decision
from decision.question import ChangeQuestion, Question
from decision.question_queue import Bounds, QuestionQueue

MAX_BATCH = 32
MAX_EVALUATIONS = 1
"""Evaluations under way at a time. Measured with 32 askers: 190 us of OPA's CPU a question with one, 300
with two, because batches are larger and wake-ups fewer."""

_CHANGES = Bounds(deadline_s=CHANGE_DEADLINE_S, max_batch=1, max_evaluations=1)


class SocketDecider:
    """A `Decider` on OPA's unix socket. Used on one event loop only."""

    def __init__(
        self,
        socket_path: Path,
        token: str,
        *,
        deadline_s: float = DEADLINE_S,
        max_batch: int = MAX_BATCH,
        max_evaluations: int = MAX_EVALUATIONS,
    ) -> None:
        self._quick = QuestionQueue(socket_path, token, Bounds(deadline_s, max_batch, max_evaluations))
        self._changes = QuestionQueue(socket_path, token, _CHANGES)

    async def ask(self, question: Question) -> Decision:
        """The decision, at the latest when the deadline is over; see `Decider`."""
        queue = self._changes if isinstance(question, ChangeQuestion | JuryQuestion) else self._quick
        return await queue.ask(question)

    async def drain(self) -> None:
        """Return when nothing is asked any more. Every question ends by its deadline, so this ends too."""
        await asyncio.gather(self._quick.drain(), self._changes.drain())

    async def close(self) -> None:
        """Close all connections; what is still asked is denied."""
        await asyncio.gather(self._quick.close(), self._changes.close())
