"""A home of its own for each test that wants one, and the `doorless` command as a real process."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from doorless.create import create_home

ROOT = Path(__file__).resolve().parent.parent.parent
DEADLINE_S = 30.0


def until(condition: Callable[[], bool], what: str, deadline_s: float = DEADLINE_S) -> None:
    """Poll until the condition holds; fail with `what` where it never does."""
    end = time.monotonic() + deadline_s
    while not condition():
        if time.monotonic() > end:
            pytest.fail(f"never happened: {what}")
        time.sleep(0.02)


def descendants(pid: int) -> set[int]:
    """Every process below this one, by the kernel's account."""
    found: set[int] = set()
    waiting = [pid]
    while waiting:
        children = subprocess.run(
            ["pgrep", "-P", str(waiting.pop())], capture_output=True, text=True, check=False
        )
        new = {int(word) for word in children.stdout.split()} - found
        found |= new
        waiting += new
    return found


def alive(pid: int) -> bool:
    """Whether the process exists and is no zombie."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"


@dataclass
class Place:
    """A home, and an empty folder in which agents are started."""

    home: Path
    agents: Path

    def environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("DOORLESS_HOME")}
        return kept | {"PYTHONPATH": str(ROOT), "DOORLESS_HOME": str(self.home)}

    def doorless(self, *words: str, timeout_s: float = 60.0) -> "subprocess.CompletedProcess[str]":
        """Run a command to its end."""
        return subprocess.run(
            [sys.executable, "-m", "doorless", *words],
            cwd=self.agents,
            env=self.environment(),
            capture_output=True,
            text=True,
            timeout=timeout_s,
            check=False,
        )

    @contextmanager
    def begin(self, *words: str) -> "Iterator[subprocess.Popen[str]]":
        """Start a command; it goes on until it ends itself, or this context is left."""
        with subprocess.Popen(
            [sys.executable, "-m", "doorless", *words],
            cwd=self.agents,
            env=self.environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as process:
            try:
                yield process
            finally:
                process.kill()

    def up(self) -> "Stack":
        """Start all parts and wait for the ready line."""
        errors = (self.agents.parent / "up.err").open("w+")
        process = subprocess.Popen(
            [sys.executable, "-m", "doorless", "up"],
            cwd=self.agents,
            env=self.environment(),
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        )
        assert process.stdout is not None
        line = process.stdout.readline()
        stack = Stack(process, errors.name)
        errors.close()
        if not line.startswith("ready"):
            stack.end()
            pytest.fail(f"not ready: {line!r}\n{stack.said()}")
        return stack


@dataclass
class Stack:
    """A running `doorless up`."""

    process: "subprocess.Popen[str]"
    errors: str

    def said(self) -> str:
        """What it said on stderr so far."""
        return Path(self.errors).read_text(encoding="utf-8")

    def part(self, name: str) -> int:
        """The process id of one part."""
        for pid in descendants(self.process.pid):
            words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
            if words[1:3] == [b"-m", name.encode()]:
                return pid
        pytest.fail(f"no process of {name}")

    def end(self) -> int:
        """Stop it with SIGTERM; its exit code."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(timeout=DEADLINE_S)
        assert self.process.stdout is not None
        self.process.stdout.close()
        return code


def free_port() -> int:
    """A port that nothing listened on a moment ago."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def new_place() -> Place:
    """A new home in a short path (unix sockets), and a folder for agents."""
    folder = Path(tempfile.mkdtemp(prefix="dl-"))
    # As root an agent runs under a uid of its own, which must be able to read its folder.
    folder.chmod(0o755)
    agents = folder / "agents"
    agents.mkdir()
    create_home(folder / "h", listen=f"127.0.0.1:{free_port()}")
    return Place(folder / "h", agents)


@pytest.fixture
def place() -> Iterator[Place]:
    """A home that nothing runs in."""
    made = new_place()
    yield made
    shutil.rmtree(made.home.parent)


@pytest.fixture(scope="module")
def running() -> Iterator[Place]:
    """A home whose parts run, shared by the tests of one module."""
    made = new_place()
    stack = made.up()
    yield made
    code = stack.end()
    said = stack.said()
    shutil.rmtree(made.home.parent)
    assert code == 0, said
