"""The stage of the demo: a temporary home, what stands behind it, and every part of Doorless as a real process.

Whatever the story does, leaving the stage ends all of it and removes the home.
"""

import json
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from audit.entry import DecisionEntry, EventEntry, OutcomeEntry
from audit.query import Stored
from audit.reader import read_entries
from doorless.create import create_home
from doorless.demo import forge
from doorless.demo.configure import configure
from doorless.demo.programs import REPOSITORY, free_port, process
from doorless.demo.services import MODEL_KEYS, Addresses, RequestLogs, services
from doorless.demo.streaming import Stream
from doorless.demo.waiting import PATIENCE_S
from doorless.home import Home

SHORT_PREFIX = "dl-"


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
        self.began_ms = time.time_ns() // 1_000_000
        """What the log has from before is made up."""
        self.home = Home(root / "home")
        self.agents = root / "agents"
        self.logs = RequestLogs(*(root / f"{name}.jsonl" for name in ("crash", "telemetry", "alerts")))
        self.issuer_url = f"http://127.0.0.1:{free_port()}"
        self.at = Addresses()
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

    def command(self, role: str, *program: str, options: tuple[str, ...] = ()) -> list[str]:
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
            *options,
            "--",
            *program,
        ]

    def run_agent(
        self, role: str, *program: str, options: tuple[str, ...] = (), expected: tuple[int, ...] = (0,)
    ) -> Ran:
        """Run an agent to its end; what it complained about is shown where its exit code is not `expected`."""
        ended = subprocess.run(
            self.command(role, *program, options=options),
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
    def streaming(self, role: str, *targets: str) -> Iterator[Stream]:
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
        """What stands in the log on disk since the stage was set: days that were made up are before that."""
        return tuple(stored for stored in read_entries(self.home.log) if stored.entry.time >= self.began_ms)

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
        say("starting reference services: crash-reporting, telemetry, alerts, a code repository")
        say("starting stand-ins for three model providers: their wire formats, no model behind them")
        behind = services(scene.home, scene.issuer_url, scene.repositories, scene.logs)
        scene.at = stack.enter_context(behind)
        configure(scene.home, scene.at)
        say("starting audit writer, issuer, gateway and OPA (doorless up)")
        command = [sys.executable, "-m", "doorless", "up", "--home", str(scene.home.root)]
        stack.enter_context(process(command, "ready"))
        yield scene


def _plant_canaries(home: Home) -> None:
    """Secrets of a recognisable shape, so that a search for it means something."""
    for file in home.secrets.iterdir():
        file.write_text("canary-" + secrets.token_hex(16))
    for name in MODEL_KEYS[1:]:
        shutil.copy(home.secrets / MODEL_KEYS[0], home.secrets / name)


def _copy_agents(folder: Path) -> None:
    """The agents' own folder: their programs and nothing else."""
    folder.mkdir()
    shutil.copytree(REPOSITORY / "tenants" / "agents", folder / "tenants" / "agents")
    (folder / "tenants" / "__init__.py").touch()
    for name in ("probe.py", "stream.py", "post.py"):
        shutil.copy(Path(__file__).parent / "agents" / name, folder)
