"""Questions that wait for OPA: a lone one is sent at once, those that meet an evaluation under way wait for it.

Questions of requests that wait are asked together, which costs OPA half as much each; any other is asked
alone. Workflows take turns, so a flood of one waits behind itself. Every question has its answer, or its
denial, within the deadline.
"""

import asyncio
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from decision.decider import path_of, unavailable
from decision.evaluation import Heads, read_outcome
from decision.exchange import Outcome
from decision.jury import JuryQuestion
from decision.lane import Lane
from decision.model import Decision, Deny
from decision.question import Question, RequestQuestion, encode_question
from decision.turns import Turns

_DRAIN_POLL_S = 0.005


class _Asked:
    """One question on its way: its bytes, and the promise of its decision."""

    __slots__ = ("alone", "answer", "encoded", "path", "timer", "workflow")

    def __init__(self, question: Question, answer: asyncio.Future[Decision]) -> None:
        self.encoded = encode_question(question)
        self.path = path_of(question)
        self.workflow = "" if isinstance(question, JuryQuestion) else question.workflow
        self.answer = answer
        self.alone = not isinstance(question, RequestQuestion)
        self.timer: asyncio.TimerHandle | None = None

    def forget(self) -> None:
        if self.timer is not None:
            self.timer.cancel()
            self.timer = None

    def resolve(self, decision: Decision) -> None:
        self.forget()
        if not self.answer.done():
            self.answer.set_result(decision)


@dataclass(frozen=True, slots=True)
class Bounds:
    """How long a question may wait, in seconds; how many are asked together; how many evaluations at a time."""

    deadline_s: float
    max_batch: int
    max_evaluations: int


class QuestionQueue:
    """Asks OPA over its unix socket, within `bounds`. Used on one event loop only."""

    def __init__(self, socket_path: Path, token: str, bounds: Bounds) -> None:
        self._loop = asyncio.get_running_loop()
        self._bounds = bounds
        self._heads = Heads(token)
        self._waiting = Turns[_Asked]()
        self._lanes = tuple(Lane(socket_path, bounds.deadline_s) for _ in range(bounds.max_evaluations))
        self._idle = list(self._lanes)
        self._closed = False

    async def ask(self, question: Question) -> Decision:
        """The decision, at the latest when the deadline is over; see `Decider`."""
        if self._closed:
            return unavailable("The policy engine was asked after it was let go.")
        asked = _Asked(question, self._loop.create_future())
        if self._idle:
            self._evaluate(self._idle.pop(), [asked])
        else:
            asked.timer = self._loop.call_later(self._bounds.deadline_s, self._too_late, asked)
            self._waiting.add(asked.workflow, asked)
        return await asked.answer

    async def drain(self) -> None:
        """Return when nothing is asked any more. Every question ends by its deadline, so this ends too."""
        while self._waiting or len(self._idle) < len(self._lanes):  # noqa: ASYNC110 - once per policy change
            await asyncio.sleep(_DRAIN_POLL_S)

    async def close(self) -> None:
        """Close all connections; what is still asked is denied."""
        self._closed = True
        for asked in self._waiting.take_all():
            asked.resolve(unavailable("The policy engine was let go."))
        for lane in self._lanes:
            await lane.close()

    def _evaluate(self, lane: Lane, batch: list[_Asked]) -> None:
        lane.start(self._request_of(batch), partial(self._evaluated, lane, batch))

    def _evaluated(self, lane: Lane, batch: list[_Asked], outcome: Outcome) -> None:
        """The lane is free again: settle what it asked, then give it what waits."""
        self._settle(batch, read_outcome(outcome, len(batch)))
        following = self._next_batch()
        if following:
            self._evaluate(lane, following)
        else:
            self._idle.append(lane)

    def _settle(self, batch: list[_Asked], decisions: tuple[Decision, ...] | Deny) -> None:
        if isinstance(decisions, Deny) and len(batch) > 1:
            # One question can spoil the whole evaluation: asked again, each alone, it denies only itself.
            for asked in reversed(batch):
                asked.alone = True
                self._waiting.add_first(asked.workflow, asked)
            return
        answers = (decisions,) if isinstance(decisions, Deny) else decisions
        for asked, decision in zip(batch, answers, strict=True):
            asked.resolve(decision)

    def _next_batch(self) -> list[_Asked]:
        """What is asked next: whose turn it is, and the requests behind it, up to the limit."""
        batch: list[_Asked] = []
        while self._waiting and len(batch) < self._bounds.max_batch:
            asked = self._waiting.first()
            if asked.alone and batch and not asked.answer.done():
                break
            self._waiting.take()
            if asked.answer.done():  # its deadline is over, or whoever asked has gone
                asked.forget()
                continue
            batch.append(asked)
            if asked.alone:
                break
        return batch

    def _request_of(self, batch: list[_Asked]) -> bytes:
        return self._heads.request(batch[0].path, [asked.encoded for asked in batch])

    def _too_late(self, asked: _Asked) -> None:
        asked.resolve(unavailable("The policy engine did not answer in time."))
