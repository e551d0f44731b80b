"""The hot path to OPA: asks over the child's unix socket, and puts questions that wait into one evaluation.

A lone question is sent at once. While evaluations are under way, questions of requests are collected and
asked together, which costs OPA half as much each. Every question has its answer, or its denial, within the
deadline.
"""

import asyncio
import logging
from collections import deque
from functools import partial
from pathlib import Path

from decision.decider import (
    BAD_EXCHANGE,
    BATCH_PATH,
    DEADLINE_S,
    REQUEST_PATH,
    TOKEN_PATH,
    TOO_LONG,
    UNREACHED,
    engine_error,
    unavailable,
)
from decision.document import read_answer, read_batch
from decision.exchange import Answer, Failure, Outcome
from decision.lane import Lane
from decision.model import Decision, Deny
from decision.question import Question, RequestQuestion, encode_question

MAX_BATCH = 32
MAX_EVALUATIONS = 1
"""Evaluations under way at a time. Measured with 32 askers: 190 us of OPA's CPU a question with one, 300
with two, because batches are larger and wake-ups fewer."""

_DRAIN_POLL_S = 0.005

_log = logging.getLogger(__name__)


class _Asked:
    """One question on its way: its bytes, and the promise of its decision."""

    __slots__ = ("alone", "answer", "encoded", "is_request", "timer")

    def __init__(self, question: Question, answer: asyncio.Future[Decision]) -> None:
        self.encoded = encode_question(question)
        self.is_request = isinstance(question, RequestQuestion)
        self.answer = answer
        self.alone = not self.is_request
        self.timer: asyncio.TimerHandle | None = None

    def forget(self) -> None:
        if self.timer is not None:
            self.timer.cancel()
            self.timer = None

    def resolve(self, decision: Decision) -> None:
        self.forget()
        if not self.answer.done():
            self.answer.set_result(decision)


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
        self._loop = asyncio.get_running_loop()
        self._deadline_s = deadline_s
        self._max_batch = max_batch
        self._heads = {path: _head(path, token) for path in (REQUEST_PATH, TOKEN_PATH, BATCH_PATH)}
        self._waiting: deque[_Asked] = deque()
        self._lanes = tuple(Lane(socket_path, deadline_s) for _ in range(max_evaluations))
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
            asked.timer = self._loop.call_later(self._deadline_s, self._too_late, asked)
            self._waiting.append(asked)
        return await asked.answer

    async def drain(self) -> None:
        """Return when nothing is asked any more. Every question ends by its deadline, so this ends too."""
        while self._waiting or len(self._idle) < len(self._lanes):  # noqa: ASYNC110 - once per policy change
            await asyncio.sleep(_DRAIN_POLL_S)

    async def close(self) -> None:
        """Close all connections; what is still asked is denied."""
        self._closed = True
        for asked in self._waiting:
            asked.resolve(unavailable("The policy engine was let go."))
        self._waiting.clear()
        for lane in self._lanes:
            await lane.close()

    def _evaluate(self, lane: Lane, batch: list[_Asked]) -> None:
        lane.start(self._request_of(batch), partial(self._evaluated, lane, batch))

    def _evaluated(self, lane: Lane, batch: list[_Asked], outcome: Outcome) -> None:
        """The lane is free again: settle what it asked, then give it what waits."""
        self._settle(batch, _read(outcome, len(batch)))
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
                self._waiting.appendleft(asked)
            return
        answers = (decisions,) if isinstance(decisions, Deny) else decisions
        for asked, decision in zip(batch, answers, strict=True):
            asked.resolve(decision)

    def _next_batch(self) -> list[_Asked]:
        """What is asked next: the first that waits, and the requests behind it, up to the limit."""
        batch: list[_Asked] = []
        while self._waiting and len(batch) < self._max_batch:
            asked = self._waiting[0]
            if asked.alone and batch and not asked.answer.done():
                break
            self._waiting.popleft()
            if asked.answer.done():  # its deadline is over, or whoever asked has gone
                asked.forget()
                continue
            batch.append(asked)
            if asked.alone:
                break
        return batch

    def _request_of(self, batch: list[_Asked]) -> bytes:
        if len(batch) == 1:
            path = REQUEST_PATH if batch[0].is_request else TOKEN_PATH
            body = b'{"input":%b}' % batch[0].encoded
        else:
            path = BATCH_PATH
            body = b'{"input":{"calls":[%b]}}' % b",".join([asked.encoded for asked in batch])
        return b"%b%d\r\n\r\n%b" % (self._heads[path], len(body), body)

    def _too_late(self, asked: _Asked) -> None:
        asked.resolve(unavailable("The policy engine did not answer in time."))


def _head(path: str, token: str) -> bytes:
    return (
        f"POST {path} HTTP/1.1\r\nHost: opa\r\nAuthorization: Bearer {token}\r\n"
        "Content-Type: application/json\r\nContent-Length: "
    ).encode("ascii")


def _read(outcome: Outcome, count: int) -> tuple[Decision, ...] | Deny:
    """The decisions on `count` questions; a single `Deny` where the answer says nothing about any of them."""
    try:
        match outcome:
            case Answer(status, body) if count == 1:
                return (read_answer(status, body),)
            case Answer(status, body):
                return read_batch(status, body, count)
            case Failure(kind="unreachable"):
                return (unavailable(UNREACHED),) * count
            case Failure(kind=kind):
                return engine_error(TOO_LONG if kind == "too_long" else BAD_EXCHANGE)
    except Exception:  # noqa: BLE001 - a defect of ours must not leave anybody waiting for an answer
        _log.exception("an answer of the policy engine could not be read")
        return engine_error(BAD_EXCHANGE)
