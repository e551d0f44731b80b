"""Real rooms for tests: each is started by a process of its own, as root or as an ordinary user.

A test sees only what a launching process would: events, and the machine from outside.
"""

import json
import os
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

ORDINARY_UID = 60777
ROOM_UID = 60123
KINDS = ("root", "user") if os.geteuid() == 0 else ("user",)
DEADLINE_S = 30.0


@dataclass
class Result:
    """What one room did."""

    code: int | None = None
    cause: str = ""
    stdout: str = ""
    stderr: str = ""
    problem: str = ""
    start_s: float = 0.0


@dataclass(frozen=True)
class Interpreter:
    """A Python that an ordinary user may run, and the folder that holds the code under test."""

    program: str
    site: Path


@dataclass
class Launcher:
    """A process that started a room; `event` reads what it reports."""

    process: subprocess.Popen[str]
    result: Result = field(default_factory=Result)

    def event(self) -> dict[str, Any]:
        """Read and fold the next event; an empty one at the end."""
        line = _stream(self.process.stdout).readline()
        event: dict[str, Any] = json.loads(line) if line else {}
        match event.get("event"):
            case "started":
                self.result.start_s = event["s"]
            case "output":
                setattr(self.result, event["stream"], getattr(self.result, event["stream"]) + event["text"])
            case "ended":
                self.result.code, self.result.cause = event["code"], event["cause"]
            case "problem":
                self.result.problem = f"{event['kind']}: {event['text']}"
        return event

    def until_output(self, text: str) -> None:
        """Read events until the agent has printed `text`."""
        while text not in self.result.stdout:
            assert self.event(), f"the room ended first: {self.result} {_stream(self.process.stderr).read()}"

    def finish(self) -> Result:
        """Read to the end."""
        while self.event():
            pass
        assert self.process.wait(DEADLINE_S) == 0, _stream(self.process.stderr).read()
        return self.result


@dataclass(frozen=True)
class Rooms:
    """Starts rooms of one kind: "root" (own uid) or "user" (user namespace)."""

    kind: str
    interpreter: Interpreter
    channel: Path

    @property
    def uid(self) -> int:
        """The uid that the agent has."""
        if self.kind == "root":
            return ROOM_UID
        return ORDINARY_UID if os.geteuid() == 0 else os.geteuid()

    def run(self, *argv: str, **spec: Any) -> Result:
        """Run a command in a room to its end."""
        with self.launch(*argv, **spec) as launcher:
            return launcher.finish()

    def python(self, code: str, *arguments: str, **spec: Any) -> Result:
        """Run Python code in a room to its end."""
        return self.run(self.program, "-c", code, *arguments, **spec)

    @property
    def program(self) -> str:
        """The Python that is there in the room."""
        return sys.executable if self.kind == "root" else self.interpreter.program

    def command(self, code: str) -> tuple[list[str], dict[str, str]]:
        """Return argv and environment of a process of this kind that runs Python code on the code under test."""
        if self.kind == "root":
            return [sys.executable, "-c", code], {**os.environ, "PYTHONPATH": str(Path.cwd())}
        drop = ["setpriv", f"--reuid={ORDINARY_UID}", f"--regid={ORDINARY_UID}", "--clear-groups", "--"]
        environment = {"PYTHONPATH": str(self.interpreter.site), "PATH": os.environ["PATH"]}
        return [*(drop if os.geteuid() == 0 else []), self.interpreter.program, "-c", code], environment

    @contextmanager
    def launch(self, *argv: str, **spec: Any) -> Iterator[Launcher]:
        """Start the launching process; it is killed on leaving, and what it left behind is a test's own business."""
        uid = self.uid if self.kind == "root" else None
        words = json.dumps({"argv": argv, "channel": str(self.channel), "uid": uid, **spec})
        code = Path(__file__).with_name("launcher.py").read_text()
        command, environment = self.command(code)
        with subprocess.Popen(
            [*command, words],
            env={**environment, "DOORLESS_TEST_CANARY": "canary-of-the-launching-process"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd="/",
            start_new_session=True,
        ) as process:
            try:
                yield Launcher(process)
            finally:
                process.kill()


def mark() -> str:
    """Return a word that makes a process findable from outside."""
    return f"mark-{uuid.uuid4().hex}"


def marked(word: str) -> list[str]:
    """Return the command lines of all living processes on this machine that hold `word`."""
    found = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                line = (folder / "cmdline").read_bytes()
            except OSError:
                continue
            if word.encode() in line:
                found.append(line.replace(b"\0", b" ").decode())
    return found


def eventually_gone(word: str) -> bool:
    """Wait, with a deadline, until no process holds `word`."""
    deadline = time.monotonic() + DEADLINE_S
    while marked(word) and time.monotonic() < deadline:
        time.sleep(0.02)
    return not marked(word)


def _stream(stream: IO[str] | None) -> IO[str]:
    assert stream is not None
    return stream
