"""`doorless prove`: makes a home and a world for it, runs the proof in there, and keeps what it told.

The proof is a program of its own, started in namespaces of its own; nothing of it touches this machine.
"""

import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from doorless.create import DEFAULT_LISTEN, create_home
from doorless.home import Home
from doorless.problem import Problem
from proof.model import Group, Result, Verdict
from proof.namespace import world_argv
from proof.tally import Line, count

SHORT_PREFIX = "dl-"
_JWT_SERVICE = "crash-reporting"
_STATIC_SERVICE = "telemetry"
_REMEDY = "`doorless doctor` says what this machine lacks."


@dataclass(frozen=True, slots=True)
class Proof:
    """A finished proof."""

    groups: tuple[Group, ...]
    results: tuple[Result, ...]
    seconds: float

    @property
    def lines(self) -> tuple[Line, ...]:
        """One line a group."""
        return count(self.groups, self.results)

    @property
    def holds(self) -> bool:
        """Whether every group holds."""
        return all(line.holds for line in self.lines)


def run_proof(groups: tuple[Group, ...], on_result: Callable[[Result], None]) -> Proof:
    """Prove these groups here; `on_result` sees each result as it comes. Raises `Problem` where it cannot be run."""
    began = time.monotonic()
    results: list[Result] = []
    with tempfile.TemporaryDirectory(prefix=SHORT_PREFIX) as folder, _program(Path(folder), groups) as told:
        for document in told:
            if "result" in document:
                results.append(read_result(document["result"]))
                on_result(results[-1])
    return Proof(groups, tuple(results), round(time.monotonic() - began, 1))


def read_result(document: dict[str, Any]) -> Result:
    """A result as the proof told it."""
    closed = {"group": Group(document["group"]), "verdict": Verdict(document["verdict"])}
    return Result(**(document | closed))


def report(proof: Proof) -> dict[str, Any]:
    """The whole of a proof for an archive."""
    return {
        "version": 1,
        "doorless": version("doorless"),
        "python": platform.python_version(),
        "kernel": f"{platform.system()} {platform.release()} {platform.machine()}",
        "uid": os.geteuid(),
        "ended_at": int(time.time()),
        "seconds": proof.seconds,
        "holds": proof.holds,
        "groups": [asdict(line) | {"verdict": line.verdict, "title": line.title} for line in proof.lines],
        "probes": [asdict(result) for result in proof.results],
    }


@contextmanager
def _program(place: Path, groups: tuple[Group, ...]) -> Iterator[Iterator[dict[str, Any]]]:
    """The proof's lines. Raises `Problem` at the end unless the program told everything."""
    with (place / "said").open("w+b") as said:
        process = subprocess.Popen(
            _argv(place, groups),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=said,
            cwd=Path(__file__).resolve().parents[1],
            env={name: value for name, value in os.environ.items() if not name.startswith("DOORLESS_HOME")},
        )
        assert process.stdout is not None
        try:
            yield (json.loads(line) for line in process.stdout)
            if process.wait() != 0:
                said.seek(0)
                words = said.read().decode("utf-8", "replace").strip()[-2000:]
                raise Problem(
                    "The proof could not be run.", words or f"It ended with {process.returncode}.", _REMEDY
                )
        finally:
            process.kill()
            process.wait()
            process.stdout.close()


def _argv(place: Path, groups: tuple[Group, ...]) -> tuple[str, ...]:
    home = Home(place / "home")
    create_home(home.root, DEFAULT_LISTEN)
    flags = {
        "place": place,
        "home": home.root,
        "policies": home.policies,
        "run": home.run,
        "log": home.log,
        "keys": home.keys,
        "jwt-secret": home.secrets / f"introspection-{_JWT_SERVICE}",
        "static-key": home.secrets / f"{_STATIC_SERVICE}-key",
        "forge-token": home.secrets / "forge-git",
        "jury": home.jury,
        "jwt-service": _JWT_SERVICE,
        "static-service": _STATIC_SERVICE,
        "issuer-url": f"http://{DEFAULT_LISTEN}",
    }
    words = [word for name, value in flags.items() for word in (f"--{name}", str(value))]
    words += [word for group in groups for word in ("--group", group.value)]
    program = (sys.executable, "-m", "proof", *words)
    return world_argv(_found("setpriv"), _found("unshare"), os.geteuid(), program)


def _found(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        raise Problem(
            f"The program {name} is missing.", "The proof's world is made with it.", "Install util-linux."
        )
    return found
