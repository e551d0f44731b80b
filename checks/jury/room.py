"""Asks one juror one thing: its vendor's client in a room, before the channel of a workflow of its own.

The room has the channel and nothing else, so neither the client library nor what a model says can reach further.
"""

import asyncio
import json
import shutil
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Literal

import msgspec

from checks.jury.inside import juror as program
from checks.jury.model import Budget, Juror, NoReply, Prompt, Reply
from sandbox.binary import SandboxUnavailable
from sandbox.folders import RoomRefused
from sandbox.host import gather_host, with_environment
from sandbox.launch import RoomBroken
from sandbox.output import Stream
from sandbox.room import FORWARDER_PORT, Host, Limits, Room
from sandbox.run import start

_URL = f"http://127.0.0.1:{FORWARDER_PORT}"
_OUTPUT_BYTES = 2**20
_MARGIN_S = 10.0


class _Answer(msgspec.Struct, frozen=True):
    """What the program says; `why` is empty where the juror answered."""

    text: str = ""
    input_tokens: int = 0
    output_tokens: int = 0
    why: Literal["", "refused", "timeout", "failed"] = ""
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Seat:
    """Where a juror sits: the folder of its channel, and its uid there, which it is given where we are root."""

    channel: Path
    uid: int


async def ask(juror: Juror, prompt: Prompt, budget: Budget, seat: Seat, libraries: Path) -> Reply | NoReply:
    """What the juror says. `libraries` is the environment of the vendors' clients. Main thread only."""
    said: list[str] = []

    def keep(stream: Stream, text: str) -> None:
        if stream == "stdout":
            said.append(text)

    with tempfile.TemporaryDirectory(prefix="dl-juror-") as name:
        folder = Path(name)
        await asyncio.to_thread(_furnish, folder, juror, prompt, budget)
        host = with_environment(await asyncio.to_thread(gather_host), libraries)
        try:
            async with await start(_room(folder, budget, seat, host), keep, host) as running:
                ended = await running.wait()
        except (SandboxUnavailable, RoomBroken, RoomRefused) as error:
            return NoReply("failed", f"no room: {error}")
    if ended.cause == "deadline":
        return NoReply("timeout")
    return _reply("".join(said))


def _furnish(folder: Path, juror: Juror, prompt: Prompt, budget: Budget) -> None:
    asked = {
        "api": juror.api,
        "service": juror.service,
        "model": juror.model,
        "system": prompt.system,
        "user": prompt.user,
        "tokens": budget.answer_tokens,
        "seconds": budget.answer_seconds,
    }
    shutil.copyfile(Path(program.__file__), folder / "juror.py")
    (folder / "asked.json").write_text(json.dumps(asked), encoding="utf-8")
    for place, mode in ((folder, 0o755), (folder / "juror.py", 0o644), (folder / "asked.json", 0o644)):
        place.chmod(mode)


def _room(folder: Path, budget: Budget, seat: Seat, host: Host) -> Room:
    return Room(
        argv=("python3", "-I", "-B", "/agent/juror.py"),
        env={"DOORLESS_URL": _URL},
        channel_folder=PurePosixPath(seat.channel),
        uid=seat.uid if host.is_root else None,
        agent_folder=PurePosixPath(folder),
        limits=replace(Limits(), output_bytes=_OUTPUT_BYTES, wall_s=budget.answer_seconds + _MARGIN_S),
    )


def _reply(said: str) -> Reply | NoReply:
    try:
        answer = msgspec.json.decode(said, type=_Answer)
    except (msgspec.DecodeError, UnicodeError):
        return NoReply("failed", "the juror's program gave no answer")
    if answer.why:
        return NoReply(answer.why, answer.detail)
    return Reply(answer.text, answer.input_tokens, answer.output_tokens)
