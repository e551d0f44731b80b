"""One run of a repository's tests in a room: no network, a copy of the tree, limits on time, memory and processes.

Nothing is judged here. Promises that no process of the run is left when it returns, and that what the tested code
prints can never stand for what our own program in the room says.
"""

import asyncio
import base64
import os
import secrets
import shutil
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Literal

import msgspec

from checks import inside_tests
from sandbox.binary import SandboxUnavailable
from sandbox.folders import RoomRefused
from sandbox.host import gather_host, with_environment
from sandbox.launch import RoomBroken
from sandbox.output import Stream
from sandbox.room import Limits, Room
from sandbox.run import Ended, start

_UIDS = range(64_001, 65_500)
"""Beyond those that the gateway gives to workflows."""
_ANSWER_BYTES = 64 * 2**20
_MARGIN_S = 15.0


class RoomFailed(Exception):
    """The room could not be built, or ended without an answer: code and message."""

    def __init__(self, code: str, message: str, remedy: str) -> None:
        super().__init__(message)
        self.code, self.message, self.remedy = code, message, remedy


@dataclass(frozen=True, slots=True)
class SuiteRun:
    """What is run, and how much it may use: seconds, and megabytes for each process."""

    command: Sequence[str]
    seconds: int
    memory_mb: int
    virtual_environment: Path | None
    """Where the tests' libraries are, beside those of Doorless' own Python; shown read-only."""


class RoomAnswer(msgspec.Struct, frozen=True):
    """What our program in the room says: how the command ended, its code, the end of its output, its report."""

    how: Literal["ended", "timed_out", "not_started"]
    code: int
    said: str
    report: str
    peak_kb: int = 0

    @property
    def junit(self) -> bytes:
        """The report's bytes; empty where none was written."""
        return base64.b64decode(self.report)


async def run_tests(folder: Path, run: SuiteRun) -> RoomAnswer:
    """Run the tests of `folder/tree`; `folder` is ours and empty but for it. Main thread only. Raises `RoomFailed`."""
    said: list[str] = []

    def keep(stream: Stream, text: str) -> None:
        said.append(text if stream == "stdout" or not text else "")

    room = await asyncio.to_thread(_room, folder, run)
    host = with_environment(await asyncio.to_thread(gather_host), run.virtual_environment)
    try:
        async with await start(room, keep, host) as running:
            ended = await running.wait()
    except SandboxUnavailable as error:
        raise RoomFailed(
            "no_sandbox", f"Tests run in a sandbox only: {error.reason}.", error.remedy
        ) from None
    except (RoomBroken, RoomRefused) as error:
        message = f"The sandbox for the tests could not be built: {error}."
        raise RoomFailed(
            "no_sandbox", message, "Ask `doorless doctor` what is missing on this machine."
        ) from None
    return _answer("".join(said), ended)


def _room(folder: Path, run: SuiteRun) -> Room:
    program = folder / "run.py"
    shutil.copyfile(Path(inside_tests.__file__), program)
    channel = folder.with_name(f"{folder.name}-channel")
    channel.mkdir()
    for place, mode in ((program, 0o644), (channel, 0o755), (folder, 0o755)):
        place.chmod(mode)
    limits = Limits()
    return Room(
        argv=("python3", "-I", "-S", "/agent/run.py", str(run.seconds), *run.command),
        env={"PYTHONDONTWRITEBYTECODE": "1", "CI": "true"},
        channel_folder=PurePosixPath(channel),
        uid=secrets.choice(_UIDS) if os.geteuid() == 0 else None,
        agent_folder=PurePosixPath(folder),
        limits=replace(
            limits,
            data_bytes=run.memory_mb * 2**20,
            cpu_s=run.seconds * 4,
            work_bytes=2**30,
            output_bytes=_ANSWER_BYTES,
            wall_s=run.seconds + _MARGIN_S,
        ),
    )


def _answer(said: str, ended: Ended) -> RoomAnswer:
    begin, end = said.rfind(inside_tests.BEGIN), said.rfind(inside_tests.END)
    if begin < 0 or end < begin:
        raise RoomFailed(
            "tests_broke_the_room",
            f"The room ended ({ended.cause}, code {ended.code}) without an answer: its processes, memory or time ran out.",
            "Look for a test that starts processes without end or fills memory; see the limits in .doorless/checks.yaml.",
        )
    packed = said[begin + len(inside_tests.BEGIN) : end]
    try:
        unpacked = zlib.decompressobj().decompress(base64.b64decode(packed, validate=True), _ANSWER_BYTES)
        return msgspec.json.decode(unpacked, type=RoomAnswer)
    except (ValueError, zlib.error) as error:
        raise RoomFailed(
            "tests_broke_the_room", f"The room's answer is garbled: {error}.", "Run it again."
        ) from None
