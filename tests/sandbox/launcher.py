"""The launching process of a test's room: builds it, reports events as JSON lines, obeys words on its stdin.

Run as `python -c <this text> SPEC`; a word "stop SECONDS" on stdin stops the room.
"""

import asyncio
import json
import os
import signal
import sys
import time
from pathlib import PurePosixPath
from typing import Any

from sandbox.binary import SandboxUnavailable
from sandbox.folders import RoomRefused
from sandbox.launch import RoomBroken
from sandbox.room import Limits, Room
from sandbox.run import Running, start


def report(event: str, **detail: Any) -> None:
    """Write one event."""
    print(json.dumps({"event": event, **detail}), flush=True)


def room_of(spec: dict[str, Any]) -> Room:
    """Read a room from its JSON form."""
    return Room(
        argv=tuple(spec["argv"]),
        env=spec.get("env", {}),
        channel_folder=PurePosixPath(spec["channel"]),
        uid=spec["uid"],
        agent_folder=PurePosixPath(spec["agent"]) if "agent" in spec else None,
        forbidden=tuple(map(PurePosixPath, spec.get("forbidden", ()))),
        limits=Limits(**spec.get("limits", {})),
    )


async def obey(running: Running) -> None:
    """Stop the room when told so."""
    while line := await asyncio.to_thread(sys.stdin.readline):
        await running.stop(float(line.split()[1]))


async def main(spec: dict[str, Any]) -> None:
    """Run one room to its end."""
    os.set_inheritable(os.open("/proc/self/status", os.O_RDONLY), True)  # so that closing is ours to do
    asyncio.get_running_loop().add_signal_handler(signal.SIGINT, report, "interrupted")
    began = time.monotonic()
    running = await start(room_of(spec), lambda stream, text: report("output", stream=stream, text=text))
    report("started", s=time.monotonic() - began)
    orders = asyncio.create_task(obey(running))
    ended = await running.wait()
    report("ended", code=ended.code, cause=ended.cause)
    orders.cancel()


if __name__ == "__main__":
    try:
        # Not asyncio.run: it would wait for the thread that reads stdin.
        asyncio.new_event_loop().run_until_complete(main(json.loads(sys.argv[1])))
    except (RoomRefused, RoomBroken, SandboxUnavailable) as problem:
        report("problem", kind=type(problem).__name__, text=str(problem))
    os._exit(0)
