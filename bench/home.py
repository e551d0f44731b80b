"""A home as a user makes one, with a role and two services of the benchmark's own in it, and its running parts.

Everything is done by the `doorless` command and by editing the files that an operator edits.
"""

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from bench import process
from bench.failure import CannotMeasure

ROOT = Path(__file__).resolve().parent.parent
ROLE = "bench"
FORGE = "large-files"
_DEFAULT_ADDRESS = "127.0.0.1:8400"


@dataclass(frozen=True, slots=True)
class Ports:
    """Loopback ports of one run of the benchmark."""

    issuer: int
    upstream: int
    events: int
    relay: int
    direct: int
    forge: int


@dataclass(frozen=True, slots=True)
class Stack:
    """A running `doorless up`."""

    root: Path
    supervisor: int
    ready_s: float
    """From the start of the command to its ready line."""

    def part(self, name: str) -> int:
        """The process of one part: `gateway`, `issuer`, `audit` or `opa`."""
        for pid in process.descendants(self.supervisor):
            words = process.command_line(pid)
            if words[1:3] == ["-m", name] or (name == "opa" and words[1:3] == ["run", "--server"]):
                return pid
        raise CannotMeasure(f"`doorless up` has no process of {name}", "See what it said above.")

    def pss_megabytes(self) -> float:
        """Memory of the supervisor and everything below it."""
        return sum(map(process.pss_megabytes, (self.supervisor, *process.descendants(self.supervisor))))


def make_home(root: Path, ports: Ports) -> None:
    """`doorless init`, then the benchmark's services, role and port."""
    done = subprocess.run(doorless("init", str(root)), cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise CannotMeasure(f"`doorless init` failed: {done.stderr.strip()}", "Run `make setup` first.")
    configuration = root / "doorless.yaml"
    text = configuration.read_text(encoding="utf-8")
    configuration.write_text(text.replace(_DEFAULT_ADDRESS, f"127.0.0.1:{ports.issuer}"), encoding="utf-8")
    _add(root / "policies" / "services.yaml", "services", services(ports))
    _add(root / "policies" / "roles.yaml", "roles", roles())


def services(ports: Ports) -> dict[str, Any]:
    """What the benchmark adds to the catalogue: a plain service and one that streams, both with our tokens."""
    route = {"method": "GET", "action": "read"}
    shared = {"allow_loopback": True, "credential": "workflow-jwt"}
    return {
        "items": {
            "upstream": f"http://127.0.0.1:{ports.upstream}",
            **shared,
            "routes": {"list": {**route, "path": "/items", "data": "items"}},
        },
        "feed": {
            "upstream": f"http://127.0.0.1:{ports.events}",
            **shared,
            "routes": {"follow": {**route, "path": "/events", "data": "events"}},
        },
        FORGE: {
            "upstream": f"http://127.0.0.1:{ports.forge}",
            "allow_loopback": True,
            "credential": "forge-git",
            "routes": {
                "create-pr": {
                    "method": "POST",
                    "path": "/repos/{owner}/{repo}/pulls",
                    "action": "create-pr",
                    "output": "create-pr",
                }
            },
            "git": {
                "upstream": f"http://127.0.0.1:{ports.forge}",
                "allow_loopback": True,
                "credential": "forge-git",
                "push": {"action": "create-branch"},
            },
        },
    }


def roles() -> dict[str, Any]:
    """Who calls them. Without a rate limit: a limit that nobody reaches is not what anybody sets."""
    return {
        ROLE: {
            "services": ["items", "feed", FORGE],
            "actions": ["read", "create-branch", "create-pr"],
            "data": ["items", "events"],
        }
    }


@contextlib.contextmanager
def up(root: Path, log: Path, core: int | None = None) -> Iterator[Stack]:
    """`doorless up` on `root`, on one core or on all; leaving stops it. Its stderr goes to `log`."""
    command = doorless("up", "--home", str(root))
    argv = process.unpinned(command) if core is None else process.pinned(core, command)
    began = time.monotonic()
    with process.running(argv, ROOT, log, environment()) as started:
        assert started.stdout is not None
        line = started.stdout.readline()
        took = time.monotonic() - began
        if not line.startswith(b"ready"):
            said = log.read_text(encoding="utf-8", errors="replace").strip()[-1000:]
            raise CannotMeasure(f"`doorless up` did not get ready: {said}", "`doorless doctor` says more.")
        yield Stack(root, started.pid, took)


def doorless(*words: str) -> list[str]:
    """The command line of one `doorless` command, as it is installed beside this Python."""
    return [str(Path(sys.executable).with_name("doorless")), *words]


def environment() -> dict[str, str]:
    """Ours, without the caller's home."""
    return {name: value for name, value in os.environ.items() if name != "DOORLESS_HOME"}


def _add(file: Path, key: str, entries: dict[str, Any]) -> None:
    document = yaml.safe_load(file.read_text(encoding="utf-8"))
    document[key] |= entries
    file.write_text(yaml.safe_dump(document, sort_keys=False), encoding="utf-8")
