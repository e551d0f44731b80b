"""The stage of the demo: a temporary home, two reference services, and every part of Doorless as a real process.

Whatever the story does, leaving the stage ends all of it and removes the home.
"""

import json
import re
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from audit.entry import DecisionEntry, EventEntry, OutcomeEntry
from audit.query import Stored
from audit.reader import read_entries
from doorless.create import create_home
from doorless.demo import forge
from doorless.home import Home

REPOSITORY = Path(__file__).resolve().parents[2]
PATIENCE_S = 15.0
SHORT_PREFIX = "dl-"

# The shipped roles, and one of the demo's own that may ask often: two chapters need a stream of requests.
STREAMING_ROLE = """
  dashboard:
    services: [crash-reporting]
    actions: [read]
    data: [crash-reports, stack-traces]
    limits: { max_requests_per_min: 100000 }
"""

T = TypeVar("T")


class NeverCame(Exception):
    """Something that the story waits for did not happen in time."""


@dataclass(frozen=True, slots=True)
class Ran:
    """An agent that has ended: what it printed, and how it ended."""

    exit_code: int
    lines: tuple[str, ...]

    @property
    def results(self) -> dict[str, dict[str, Any]]:
        """The lines of a probing agent, by the name of the probe."""
        documents = (json.loads(line) for line in self.lines if line.startswith("{"))
        return {document["name"]: document for document in documents}


class Stage:
    """Everything that the chapters act on."""

    def __init__(self, root: Path) -> None:
        self.home = Home(root / "home")
        self.agents = root / "agents"
        self.crash_log = root / "crash-requests.jsonl"
        self.telemetry_log = root / "telemetry-requests.jsonl"
        self.issuer_url = f"http://127.0.0.1:{_free_port()}"
        self.crash_url = self.telemetry_url = self.forge_url = ""
        self.repositories = root / "forge"
        self.shop = forge.found(self.repositories)
        self.printed: list[str] = []
        """All that agents printed."""
        self.direct_calls = 0
        """Calls that the story itself made to crash-reporting, around the proxy."""

    @property
    def roles(self) -> Path:
        """The roles file of the demo's home."""
        return self.home.policies / "roles.yaml"

    # Agents

    def command(self, role: str, *program: str) -> list[str]:
        """The command line that runs a program as an agent."""
        return [
            sys.executable,
            "-m",
            "doorless",
            "run",
            "--home",
            str(self.home.root),
            "--role",
            role,
            "--",
            *program,
        ]

    def run_agent(self, role: str, *program: str, expected: tuple[int, ...] = (0,)) -> Ran:
        """Run an agent to its end; what it complained about is shown where its exit code is not `expected`."""
        ended = subprocess.run(
            self.command(role, *program),
            cwd=self.agents,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        self.printed += (ended.stdout, ended.stderr)
        if ended.returncode not in expected:
            sys.stderr.write(ended.stderr)
        return Ran(ended.returncode, tuple(ended.stdout.splitlines()))

    @contextmanager
    def streaming(self, role: str, *targets: str) -> Iterator["Stream"]:
        """An agent that asks for targets over and over while the context lasts."""
        command = self.command(role, "python", "stream.py", *targets)
        process = subprocess.Popen(
            command, cwd=self.agents, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        try:
            yield Stream(process)
        finally:
            process.send_signal(signal.SIGTERM)
            process.communicate(timeout=PATIENCE_S)

    # The log

    def entries(self) -> tuple[Stored, ...]:
        """The whole log as it stands on disk."""
        return tuple(read_entries(self.home.log))

    def decision(self, decision_id: str | None) -> DecisionEntry | None:
        """The recorded decision of this id."""
        found = (
            s.entry
            for s in self.entries()
            if isinstance(s.entry, DecisionEntry) and s.entry.id == decision_id
        )
        return next(found, None)

    def decisions(self, workflow: str) -> tuple[DecisionEntry, ...]:
        """Every recorded decision on a request of a workflow."""
        entries = (s.entry for s in self.entries())
        return tuple(
            e
            for e in entries
            if isinstance(e, DecisionEntry) and e.workflow == workflow and e.kind != "token"
        )

    def newest_workflow(self, role: str) -> str:
        """The workflow that was started last under a role."""
        started = [
            s.entry
            for s in self.entries()
            if isinstance(s.entry, EventEntry)
            and s.entry.event == "workflow.started"
            and s.entry.detail.get("role") == role
        ]
        return started[-1].workflow

    def events(self, name: str) -> tuple[EventEntry, ...]:
        """Every recorded event of a name, the oldest first."""
        return tuple(
            s.entry for s in self.entries() if isinstance(s.entry, EventEntry) and s.entry.event == name
        )

    def outcomes(self) -> tuple[OutcomeEntry, ...]:
        """Every recorded outcome."""
        return tuple(s.entry for s in self.entries() if isinstance(s.entry, OutcomeEntry))


class Stream:
    """The answers of a streaming agent, as they come."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process
        self.seen: list[dict[str, Any]] = []

    def until(self, wanted: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """Read answers up to the first one that is wanted. Raises `NeverCame`."""
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline:
            if wanted(answer := self._next()):
                return answer
        raise NeverCame("the stream of requests never showed it")

    def read(self, count: int) -> None:
        """Read so many further answers. Raises `NeverCame`."""
        for _ in range(count):
            self._next()

    def _next(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise NeverCame("the stream of requests ended")
        answer: dict[str, Any] = json.loads(line)
        self.seen.append(answer)
        return answer


def wait_for(found: Callable[[], T]) -> T:
    """The first true result. Raises `NeverCame`."""
    deadline = time.monotonic() + PATIENCE_S
    while not (result := found()):
        if time.monotonic() > deadline:
            raise NeverCame("it did not happen in time")
        time.sleep(0.02)
    return result


@contextmanager
def stage(say: Callable[[str], None]) -> Iterator[Stage]:
    """Set everything up, and take everything down."""
    with ExitStack() as stack:
        # A short path: unix sockets lie below it (107 bytes at most).
        root = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix=SHORT_PREFIX)))
        scene = Stage(root)
        create_home(scene.home.root, scene.issuer_url.removeprefix("http://"))
        _plant_canaries(scene.home)
        _copy_agents(scene.agents)
        say("starting three reference services: crash-reporting, telemetry and a code repository")
        scene.crash_url = stack.enter_context(_service(_crash_flags(scene)))
        scene.telemetry_url = stack.enter_context(_service(_telemetry_flags(scene)))
        scene.forge_url = stack.enter_context(_service(_forge_flags(scene)))
        _point_at(scene)
        say("starting audit writer, issuer, gateway and OPA (doorless up)")
        command = [sys.executable, "-m", "doorless", "up", "--home", str(scene.home.root)]
        stack.enter_context(_process(command, "ready"))
        yield scene


def _plant_canaries(home: Home) -> None:
    """Secrets of a recognisable shape, so that a search for it means something."""
    for file in home.secrets.iterdir():
        file.write_text("canary-" + secrets.token_hex(16))


def _copy_agents(folder: Path) -> None:
    """The agents' own folder: their programs and nothing else."""
    folder.mkdir()
    shutil.copytree(REPOSITORY / "tenants" / "agents", folder / "tenants" / "agents")
    (folder / "tenants" / "__init__.py").touch()
    for name in ("probe.py", "stream.py"):
        shutil.copy(Path(__file__).parent / "agents" / name, folder)


def _crash_flags(scene: Stage) -> list[str]:
    secret = scene.home.secrets / "introspection-crash-reporting"
    return [
        "tenants.services.crash_reporting",
        "--audience",
        "crash-reporting",
        "--issuer",
        scene.issuer_url,
        "--introspection-secret-file",
        str(secret),
        "--request-log",
        str(scene.crash_log),
    ]


def _telemetry_flags(scene: Stage) -> list[str]:
    key = scene.home.secrets / "telemetry-key"
    return [
        "tenants.services.telemetry",
        "--api-key-file",
        str(key),
        "--request-log",
        str(scene.telemetry_log),
    ]


def _forge_flags(scene: Stage) -> list[str]:
    token = scene.home.secrets / "forge-git"
    return [
        "tenants.services.code_repository",
        "--repositories",
        str(scene.repositories),
        "--token-file",
        str(token),
        "--people-token-file",
        str(scene.home.secrets / "forge-people"),
    ]


def _point_at(scene: Stage) -> None:
    services = scene.home.policies / "services.yaml"
    text = services.read_text()
    for shipped, real in (("8401", scene.crash_url), ("8402", scene.telemetry_url)):
        text = text.replace(f"http://127.0.0.1:{shipped}", real)
    services.write_text(forge.pointed_at(text, scene.forge_url))
    scene.roles.write_text(scene.roles.read_text().rstrip("\n") + "\n" + STREAMING_ROLE + forge.MORE_ROLES)


@contextmanager
def _service(flags: list[str]) -> Iterator[str]:
    command = [sys.executable, "-m", *flags, "--listen", "127.0.0.1:0"]
    with _process(command, "ready") as ready:
        address = re.search(r"http://\S+", ready)
        if address is None:
            raise NeverCame(f"{flags[0]} did not say where it listens")
        yield address[0]


@contextmanager
def _process(command: list[str], ready: str) -> Iterator[str]:
    """A process from its ready line to its end; it ends with the context, gently first."""
    process = subprocess.Popen(command, cwd=REPOSITORY, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        line = process.stdout.readline()
        if ready not in line:
            raise NeverCame(f"`{' '.join(command[1:4])}` did not start")
        yield line
    finally:
        process.terminate()
        try:
            process.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        process.stdout.close()


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port
