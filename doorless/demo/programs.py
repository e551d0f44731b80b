"""The demo's processes: each from its ready line to its end, which comes with the story's."""

import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from doorless.demo.waiting import PATIENCE_S, NeverCame

REPOSITORY = Path(__file__).resolve().parents[2]


@contextmanager
def service(flags: list[str]) -> Iterator[str]:
    """A program that says where it listens, which is what is given."""
    command = [sys.executable, "-m", *flags, "--listen", "127.0.0.1:0"]
    with process(command, "ready") as ready:
        address = re.search(r"http://\S+", ready)
        if address is None:
            raise NeverCame(f"{flags[0]} did not say where it listens")
        yield address[0]


@contextmanager
def process(command: list[str], ready: str) -> Iterator[str]:
    """A process from its ready line to its end; it ends with the context, gently first."""
    running = subprocess.Popen(command, cwd=REPOSITORY, stdout=subprocess.PIPE, text=True)
    assert running.stdout is not None
    try:
        line = running.stdout.readline()
        if ready not in line:
            raise NeverCame(f"`{' '.join(command[1:4])}` did not start")
        yield line
    finally:
        running.terminate()
        try:
            running.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:
            running.kill()
            running.wait()
        running.stdout.close()


def free_port() -> int:
    """A port of loopback that nothing listened on a moment ago."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port
