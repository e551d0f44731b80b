"""Asking a candidate policy's engine: one exchange at a time, at leisure, beside everything that agents wait for.

Promises an answer to every question within its deadline, and that an engine that hangs, breaks off or answers rubbish
is a denial with a code, as it would be for the policy in force.
"""

import asyncio
import contextlib
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import msgspec

from decision.decider import path_of
from decision.document import read_document
from decision.evaluation import Heads, read_outcome
from decision.exchange import Outcome
from decision.lane import Lane
from decision.model import Decision, Deny
from decision.question import Question, encode_question

DEADLINE_S: Final = 2.0
MOST_REMEMBERED: Final = 1_024
NICENESS: Final = 7
"""Where both share a core and want it all, a candidate has a sixth of it (sched(7): a weight of 215 to 1,024)."""


class _Remembered:
    """Reads decision documents. Most are alike to the letter, and telling that takes a fifth of reading one."""

    def __init__(self) -> None:
        self._known: dict[bytes, Decision] = {}

    def read(self, raw: msgspec.Raw) -> Decision:
        """What `read_document` says of it."""
        key = bytes(raw)
        decision = self._known.get(key)
        if decision is None:
            if len(self._known) >= MOST_REMEMBERED:
                self._known.clear()
            decision = self._known[key] = read_document(key)
        return decision


class CandidateLine:
    """Used on one event loop, by one task."""

    def __init__(self, socket: Path, token: str) -> None:
        self._remembered = _Remembered()
        self._lane = Lane(socket, DEADLINE_S)
        self._heads = Heads(token)

    async def ask(self, questions: Sequence[Question]) -> tuple[Decision, ...]:
        """A decision on each, in their order. Several must be of requests."""
        decisions = await self._exchange(questions)
        if not isinstance(decisions, Deny):
            return decisions
        if len(questions) == 1:
            return (decisions,)
        # One question can spoil the whole evaluation: asked again, each alone, it spoils only its own.
        return tuple([(await self.ask([question]))[0] for question in questions])

    async def close(self) -> None:
        """Let go of the connection."""
        await self._lane.close()

    async def _exchange(self, questions: Sequence[Question]) -> tuple[Decision, ...] | Deny:
        answered: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()

        def done(outcome: Outcome) -> None:
            if not answered.done():
                answered.set_result(outcome)

        request = self._heads.request(path_of(questions[0]), [encode_question(each) for each in questions])
        self._lane.start(request, done)
        return read_outcome(await answered, len(questions), self._remembered.read)


def stand_back(pid: int) -> None:
    """Put a process, alone in its session, on the last of our cores where there are several, and let others come first.

    Its threads of now: those that they start later inherit both (sched_setaffinity(2), setpriority(2)). Where the
    kernel shares a core between sessions first, the niceness that counts is the session's (sched(7), autogroup).
    """
    with contextlib.suppress(OSError):  # a kernel without it
        Path(f"/proc/{pid}/autogroup").write_text(str(NICENESS), encoding="ascii")
    cores = sorted(os.sched_getaffinity(0))
    for task in Path(f"/proc/{pid}/task").iterdir():
        with contextlib.suppress(ProcessLookupError):  # it has just ended
            os.setpriority(os.PRIO_PROCESS, int(task.name), NICENESS)
            if len(cores) > 1:
                os.sched_setaffinity(int(task.name), cores[-1:])
