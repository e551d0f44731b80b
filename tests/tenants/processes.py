"""Real processes for the tenants' tests: services on free ports, agents as poor as a sandbox leaves them."""

import importlib.util
import os
import select
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

READY_WITHIN_S = 30.0
AGENT_WITHIN_S = 60.0
PROJECT = Path(__file__).parents[2]
READABLE = ("httpx", "httpcore", "h11", "anyio", "certifi", "idna", "typing_extensions", "yaml")


class Service:
    """A service process that has said it is ready; `url` is its base URL."""

    def __init__(self, module: str, *flags: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-W", "error", "-m", module, *flags],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=PROJECT,
        )
        self.url = self._ready().removeprefix("ready ")

    def _ready(self) -> str:
        output = self._process.stdout
        assert output is not None
        deadline = time.monotonic() + READY_WITHIN_S
        readable, _, _ = select.select([output], [], [], max(0.0, deadline - time.monotonic()))
        line = output.readline().strip() if readable else ""
        if not line.startswith("ready http://127.0.0.1:"):
            self._process.kill()
            _, errors = self._process.communicate()
            raise AssertionError(f"the service did not become ready: {line!r} {errors}")
        return line

    def stop(self) -> str:
        """End the process and return what it wrote to stderr."""
        self._process.terminate()
        try:
            _, errors = self._process.communicate(timeout=10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            _, errors = self._process.communicate()
            raise AssertionError(f"the service did not end on SIGTERM: {errors}") from None
        return errors


@dataclass(frozen=True)
class Ended:
    """How an agent ended."""

    code: int
    output: str
    errors: str


def bare_packages(folder: Path) -> Path:
    """Make a folder that holds what an agent may import, and nothing else of this project's environment."""
    for name in READABLE:
        found = importlib.util.find_spec(name)
        assert found is not None
        assert found.origin is not None
        origin = Path(found.origin)
        source = origin.parent if origin.name == "__init__.py" else origin
        (folder / source.name).symlink_to(source)
    (folder / "tenants").mkdir()
    (folder / "tenants" / "__init__.py").touch()
    (folder / "tenants" / "agents").symlink_to(PROJECT / "tenants" / "agents")
    return folder


def run_agent(module: str, packages: Path, url: str | None, *flags: str) -> Ended:
    """Run an agent with the standard library and `packages` only, no HOME, and a working folder it cannot write."""
    work = packages.parent / "read-only"
    work.mkdir(mode=0o555, exist_ok=True)
    environment = {"PYTHONPATH": str(packages)}
    if url is not None:
        environment["DOORLESS_URL"] = url
    done = subprocess.run(
        [sys.executable, "-S", "-B", "-W", "error", "-m", module, *flags],
        env=environment,
        cwd=work,
        capture_output=True,
        text=True,
        timeout=AGENT_WITHIN_S,
        check=False,
    )
    assert not os.listdir(work)  # noqa: PTH208 - names are enough
    return Ended(done.returncode, done.stdout, done.stderr)


def refused_start(module: str, *flags: str) -> Ended:
    """Run a service that must not start."""
    done = subprocess.run(
        [sys.executable, "-m", module, *flags],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    return Ended(done.returncode, done.stdout, done.stderr)
