"""Asking the real OPA many recorded questions: processes of our own, on one bundle, gone when the work is done.

Nothing here touches the OPA of a running gateway. Calls are asked many in one evaluation where the policy has the
entry point for it, everything else alone. Promises one answer for each question, in order, or an exception.
"""

import asyncio
import secrets
import tempfile
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Final, NamedTuple

from authoring.model import Kind
from decision.bundle import Bundle, build_bundle
from decision.decider import (
    BATCH_PATH,
    CHANGE_PATH,
    JURY_PATH,
    REQUEST_PATH,
    TOKEN_PATH,
    TOO_LONG,
    engine_error,
)
from decision.document import read_answer, read_batch
from decision.exchange import Answer, Failure, Outcome
from decision.lane import Lane
from decision.model import Decision, Deny
from decision.opa_child import ChildError, OpaChild, start_child

MAX_BATCH: Final = 128
MAX_BATCH_BYTES: Final = 512 * 1024
PROCESSES: Final = 2
"""OPA uses one processor in each: see `decision.opa_child.environment`."""

_LANES: Final = 2
"""Exchanges under way at a time with one process: it evaluates one while we read the answer to the other."""
_DEADLINE_S: Final = 60.0
_PATHS: Final[Mapping[Kind, str]] = {
    "request": REQUEST_PATH,
    "token": TOKEN_PATH,
    "change": CHANGE_PATH,
    "jury": JURY_PATH,
}


class Question(NamedTuple):
    """What is asked: where, and the document without the `input` wrapper, as JSON."""

    kind: Kind
    document: bytes


class EngineLost(Exception):
    """OPA did not start, ended, or did not answer: nothing can be said of what was asked."""


class Engine:
    """OPA processes on one bundle. Made by `engine`."""

    def __init__(self, children: Sequence[OpaChild], token: str) -> None:
        self._token = token
        self._lanes = [Lane(child.socket_path, _DEADLINE_S) for _ in range(_LANES) for child in children]
        self._idle: asyncio.Queue[Lane] = asyncio.Queue()
        for lane in self._lanes:
            self._idle.put_nowait(lane)
        self._asks_many = True

    async def ask(self, questions: Sequence[Question]) -> list[Decision]:
        """The answers in order. What policy cannot answer is a `Deny` whose source is the gateway.

        Raises `EngineLost`.
        """
        parts = await asyncio.gather(*(self._part(part) for part in _parts(questions)))
        return [decision for part in parts for decision in part]

    async def close(self) -> None:
        """Close the connections."""
        for lane in self._lanes:
            await lane.close()

    async def _part(self, part: Sequence[Question]) -> tuple[Decision, ...]:
        if len(part) > 1 and self._asks_many:
            answers = await self._many(part)
            if not isinstance(answers, Deny):
                return answers
            # Older policies have no entry point for many calls, and one call can spoil an evaluation.
            self._asks_many = answers.reasons[0].code != "pdp_undefined"
        return tuple(await asyncio.gather(*(self._alone(question) for question in part)))

    async def _many(self, part: Sequence[Question]) -> tuple[Decision, ...] | Deny:
        calls = b",".join([question.document for question in part])
        match await self._exchange(BATCH_PATH, b'{"input":{"calls":[%b]}}' % calls):
            case Answer(status, body):
                return read_batch(status, body, len(part))
            case Failure(kind="too_long"):
                return engine_error(TOO_LONG)
            case Failure(kind=kind):
                raise EngineLost(f"OPA did not answer {len(part)} questions ({kind})")

    async def _alone(self, question: Question) -> Decision:
        match await self._exchange(_PATHS[question.kind], b'{"input":%b}' % question.document):
            case Answer(status, body):
                return read_answer(status, body)
            case Failure(kind=kind):
                raise EngineLost(f"OPA did not answer a question of kind {question.kind} ({kind})")

    async def _exchange(self, path: str, body: bytes) -> Outcome:
        lane = await self._idle.get()
        try:
            done: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
            head = (
                f"POST {path} HTTP/1.1\r\nHost: opa\r\nAuthorization: Bearer {self._token}\r\n"
                f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
            )
            lane.start(head.encode("ascii") + body, partial(_settle, done))
            return await done
        finally:
            self._idle.put_nowait(lane)


@asynccontextmanager
async def engine(opa: Path, bundle: Path, processes: int = PROCESSES) -> AsyncIterator[Engine]:
    """Start OPA on a bundle, and end it in any case. Raises `EngineLost`."""
    token = secrets.token_urlsafe(32)
    async with AsyncExitStack() as stack:
        # Not pytest's or a home's folder: a unix socket's path holds 107 bytes.
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="dl-ask-")))
        children = []
        for number in range(processes):
            try:
                child = await start_child(opa, bundle, folder / str(number), token)
            except ChildError as error:
                raise EngineLost(str(error)) from error
            stack.push_async_callback(child.stop)
            children.append(child)
        asked = Engine(children, token)
        stack.push_async_callback(asked.close)
        yield asked


@asynccontextmanager
async def engine_of(
    opa: Path, policies: Path, processes: int = PROCESSES
) -> AsyncIterator[tuple[Engine, Bundle]]:
    """The same on a folder of policies, and what was built of it. Raises `ConfigErrors`, `EngineLost`."""
    with tempfile.TemporaryDirectory(prefix="dl-ask-") as folder:
        bundle = await asyncio.to_thread(build_bundle, policies, Path(folder), opa)
        async with engine(opa, bundle.path, processes) as asked:
            yield asked, bundle


def _settle(done: asyncio.Future[Outcome], outcome: Outcome) -> None:
    if not done.done():  # whoever asked may have been cancelled
        done.set_result(outcome)


def _parts(questions: Sequence[Question]) -> list[list[Question]]:
    """Neighbouring calls together, as many as an evaluation takes; anything else alone."""
    parts: list[list[Question]] = []
    size = 0
    for question in questions:
        size += len(question.document)
        last = parts[-1] if parts else []
        joins = question.kind == "request" and bool(last) and last[-1].kind == "request"
        if joins and len(last) < MAX_BATCH and size <= MAX_BATCH_BYTES:
            last.append(question)
        else:
            parts.append([question])
            size = len(question.document)
    return parts
