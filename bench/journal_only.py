"""The audit writer without its tree, as a process: what sealing costs is measured against it.

The same socket, batches and journal; nothing is hashed, written or signed besides. Never a log that anybody keeps.
"""

import asyncio
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

import uvloop

from audit.app import listen
from audit.server import Connection, LogService
from audit.writer import Writer


async def serve(log: Path, socket: Path) -> None:
    """Serve until SIGTERM."""
    loop = asyncio.get_running_loop()
    stopped = asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, stopped.set)
    with Writer(log) as writer:
        service = LogService(writer, _forget, lambda _: stopped.set())
        server = await loop.create_unix_server(lambda: Connection(service), sock=listen(socket))
        print("ready", flush=True)
        await stopped.wait()
        server.close()


def _forget(_: Sequence[bytes]) -> None:
    """Where the tree would grow."""


if __name__ == "__main__":
    uvloop.run(serve(Path(sys.argv[1]), Path(sys.argv[2])))
