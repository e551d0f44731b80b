"""A room with a juror in it: its vendor's client before the channel of a workflow of its own, asked several things.

The room has the channel and nothing else, so neither the client library nor what a model says can reach further. The
libraries are loaded once for all that is asked in it.
"""

import asyncio
import contextlib
import itertools
import json
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Literal

import msgspec

from checks.jury.inside import juror as program
from checks.jury.model import Budget, Juror, NoReply, Prompt, Reply
from sandbox.host import gather_host, with_environment
from sandbox.output import Stream
from sandbox.room import FORWARDER_PORT, Host, Limits, Room
from sandbox.run import Ended, start

_URL = f"http://127.0.0.1:{FORWARDER_PORT}"
_OUTPUT_BYTES = 8 * 2**20
_MARGIN_S = 10.0


@dataclass(frozen=True, slots=True)
class Seat:
    """Where a juror sits: the folder of its channel, and its uid there, which it is given where we are root."""

    channel: Path
    uid: int


class _Answer(msgspec.Struct, frozen=True):
    """What the program says to the question of this number; `why` is empty where the juror answered."""

    number: int
    text: str = ""
    input_tokens: int = 0
    output_tokens: int = 0
    why: Literal["", "refused", "timeout", "failed"] = ""
    detail: str = ""


class Occupied:
    """A standing room with the juror's program in it. Made by `occupied`.

    Questions are files in the folder that it reads; a pipe there says that one has come. Answers are lines of JSON.
    """

    def __init__(self, desk: "_Desk", bell: int, answers: "_Answers", ended: "asyncio.Future[Ended]") -> None:
        self._desk = desk
        self._bell = bell
        self._answers = answers
        self._ended = ended
        self._numbers = itertools.count(1)

    @property
    def over(self) -> bool:
        """Whether nobody is left to be asked."""
        return self._ended.done()

    async def ask(self, prompt: Prompt) -> Reply | NoReply:
        """What the juror says; one question at a time. Raises OSError where it cannot be asked."""
        number = next(self._numbers)
        question = {"system": prompt.system, "user": prompt.user}
        await asyncio.to_thread(self._desk.lay, f"{number}.json", question)
        with self._answers.awaiting(number) as answer:
            os.write(self._bell, b"%d\n" % number)
            await asyncio.wait((answer, self._ended), return_when=asyncio.FIRST_COMPLETED)
            return _reply(answer.result()) if answer.done() else _no_reply(self._ended.result())


class _Answers:
    """Lines of JSON as they come, in pieces. What nobody waits for, or is no answer, is dropped."""

    def __init__(self) -> None:
        self._begun = ""
        self._waiting: dict[int, asyncio.Future[_Answer]] = {}

    def feed(self, stream: Stream, text: str) -> None:
        """Take a piece of what the program prints; what it says on stderr is no answer."""
        if stream != "stdout":
            return
        *lines, self._begun = (self._begun + text).split("\n")
        for line in lines:
            with contextlib.suppress(msgspec.DecodeError, UnicodeError):
                answer = msgspec.json.decode(line, type=_Answer)
                waiting = self._waiting.get(answer.number)
                if waiting is not None and not waiting.done():
                    waiting.set_result(answer)

    @contextlib.contextmanager
    def awaiting(self, number: int) -> Iterator["asyncio.Future[_Answer]"]:
        """The answer of this number, waited for while the context lasts."""
        answer: asyncio.Future[_Answer] = asyncio.get_running_loop().create_future()
        self._waiting[number] = answer
        try:
            yield answer
        finally:
            del self._waiting[number]


@asynccontextmanager
async def occupied(juror: Juror, budget: Budget, seat: Seat, libraries: Path) -> AsyncIterator[Occupied]:
    """A room with the program in it, for as long as the context lasts. Main thread only.

    `libraries` is the environment of the vendors' clients. Raises as `sandbox.run.start`, and OSError.
    """
    host = with_environment(await asyncio.to_thread(gather_host), libraries)
    with tempfile.TemporaryDirectory(prefix="dl-juror-") as name:
        desk = _Desk(Path(name), seat.uid if host.is_root else None)
        await asyncio.to_thread(desk.furnish, juror, budget)
        # For both directions, so that neither side's coming or going is an end for the other; never blocking, because
        # as an ordinary user the juror could fill the pipe itself.
        bell = os.open(desk.folder / program.BELL, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            answers = _Answers()
            async with await start(_room(desk, budget, seat, host), answers.feed, host) as running:
                yield Occupied(desk, bell, answers, asyncio.ensure_future(running.wait()))
        finally:
            os.close(bell)


@dataclass(frozen=True, slots=True)
class _Desk:
    """The folder that the room shows. Nobody but the juror and we can read what lies there.

    `reader` is the room's own uid, which is its group's number too; None where it has ours.
    """

    folder: Path
    reader: int | None

    def furnish(self, juror: Juror, budget: Budget) -> None:
        """Put the program there, whom it asks, and the pipe."""
        told = {
            "api": juror.api,
            "service": juror.service,
            "model": juror.model,
            "tokens": budget.answer_tokens,
            "seconds": budget.answer_seconds,
        }
        shutil.copyfile(Path(program.__file__), self.folder / "juror.py")
        os.mkfifo(self.folder / program.BELL)
        for name in ("juror.py", program.BELL):
            self._show(self.folder / name, 0o640)
        self.lay(program.TOLD, told)
        self._show(self.folder, 0o750)

    def lay(self, name: str, document: Mapping[str, object]) -> None:
        """Put a document there."""
        file = self.folder / name
        file.write_text(json.dumps(document), encoding="utf-8")
        self._show(file, 0o640)

    def _show(self, path: Path, mode: int) -> None:
        if self.reader is not None:
            os.chown(path, -1, self.reader)
        path.chmod(mode)


def _room(desk: _Desk, budget: Budget, seat: Seat, host: Host) -> Room:
    return Room(
        argv=("python3", "-I", "-B", "/agent/juror.py"),
        env={"DOORLESS_URL": _URL},
        channel_folder=PurePosixPath(seat.channel),
        uid=seat.uid if host.is_root else None,
        agent_folder=PurePosixPath(desk.folder),
        limits=replace(Limits(), output_bytes=_OUTPUT_BYTES, wall_s=budget.seconds + _MARGIN_S),
    )


def _reply(answer: _Answer) -> Reply | NoReply:
    if answer.why:
        return NoReply(answer.why, answer.detail)
    return Reply(answer.text, answer.input_tokens, answer.output_tokens)


def _no_reply(ended: Ended) -> NoReply:
    why: Literal["timeout", "failed"] = "timeout" if ended.cause == "deadline" else "failed"
    return NoReply(why, f"the juror's program ended with {ended.code}")
