"""Real parts for tests: OPA, the audit writer and the issuer as processes, in one folder that is removed after.

Each is started by the test's own process, waited for by what it answers, and ended by its own handle.
"""

import hashlib
import json
import os
import secrets
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from audit.entry import Entry
from audit.reader import read_entries
from decision.opa_binary import find_opa
from issuer import keys

ROOT = Path(__file__).parents[2]
TINY = Path(__file__).parent / "tiny_policy"
WITHIN_S = 20.0
AUDIENCES = ("crash-reporting", "telemetry")

Process = subprocess.Popen[str]


def until(holds: Callable[[], object], what: str) -> None:
    """Return as soon as `holds()` is true; fail by name when it never is."""
    deadline = time.monotonic() + WITHIN_S
    while not holds():
        assert time.monotonic() < deadline, f"never came: {what}"
        time.sleep(0.01)


def free_port() -> int:
    """A port on loopback that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def start(*argv: str) -> Process:
    """A module of ours as a process of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", *argv],
        cwd=ROOT,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )


def stop(process: Process | None) -> int | None:
    """End it by SIGTERM, then by force; its exit code."""
    if process is None:
        return None
    if process.poll() is None:
        process.terminate()
    try:
        process.communicate(timeout=10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
    return process.returncode


class Home:
    """One folder with everything that an issuer needs; each part can be started and ended on its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.run = folder / "run"
        self.run.mkdir()
        self.log = folder / "log"
        self.audit_socket = folder / "audit.sock"
        self.control_socket = folder / "issuer.sock"
        self.keys = folder / "keys"
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.opa: subprocess.Popen[bytes] | None = None
        self._all_opas: list[subprocess.Popen[bytes]] = []
        self.audit: Process | None = None
        self.issuer: Process | None = None
        self.secrets = {audience: secrets.token_urlsafe(24) for audience in AUDIENCES}
        self._engines = 0
        for audience, secret in self.secrets.items():
            (folder / f"{audience}.secret").write_text(secret + "\n")
        self.resource_servers = folder / "servers.yaml"
        self.resource_servers.write_text("".join(f"{each}: {each}.secret\n" for each in AUDIENCES))
        keys.create(self.keys)
        create = start("audit", "create", "--log", str(self.log))
        assert stop_when_done(create) == 0

    def start_audit(self) -> None:
        self.audit = start("audit", "--log", str(self.log), "--socket", str(self.audit_socket))
        until(lambda: _accepts(self.audit_socket), "the audit writer")

    def start_opa(self, policy: Path = TINY, revision: str = "ab12") -> None:
        """A new engine with a new token, published as the gateway does it; an older one runs on."""
        self._engines += 1
        folder = self.run / f"opa-{self._engines}"
        folder.mkdir()
        token = secrets.token_urlsafe(16)
        (folder / "runtime.json").write_text(
            json.dumps({"token_sha256": hashlib.sha256(token.encode()).hexdigest()})
        )
        (folder / "revision").write_text(revision)
        opa = str(find_opa(os.environ))
        address = f"unix://{folder / 'opa.sock'}"
        argv = [
            opa,
            "run",
            "--server",
            "--addr",
            address,
            "--unix-socket-perm",
            "600",
            "--log-level",
            "error",
        ]
        argv += ["--authentication", "token", "--authorization", "basic", "--skip-version-check"]
        self.opa = subprocess.Popen(
            [*argv, str(policy), str(folder / "runtime.json")],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self._all_opas.append(self.opa)
        until(lambda: _accepts(folder / "opa.sock"), "OPA")
        _replace(self.run / "opa.token", lambda new: new.write_text(token))
        _replace(self.run / "opa.sock", lambda new: new.symlink_to(folder / "opa.sock"))

    def issuer_flags(self) -> list[str]:
        return [
            *("--control-socket", str(self.control_socket)),
            *("--listen", f"127.0.0.1:{self.port}"),
            *("--issuer-url", self.url),
            *("--keys", str(self.keys)),
            *("--run", str(self.run)),
            *("--audit-socket", str(self.audit_socket)),
            *("--resource-servers", str(self.resource_servers)),
        ]

    def start_issuer(self) -> None:
        self.issuer = start("issuer", *self.issuer_flags())
        assert self.issuer.stdout is not None
        assert self.issuer.stdout.readline() == "ready\n", self.issuer.communicate()

    def control(self, method: str, path: str, **options: Any) -> httpx.Response:
        """One call of the control API."""
        transport = httpx.HTTPTransport(uds=str(self.control_socket))
        with httpx.Client(transport=transport, timeout=WITHIN_S) as client:
            return client.request(method, "http://issuer" + path, **options)

    @contextmanager
    def endings(self) -> Iterator[Iterator[str]]:
        """The lines of the endings stream."""
        transport = httpx.HTTPTransport(uds=str(self.control_socket))
        with (
            httpx.Client(transport=transport, timeout=WITHIN_S) as client,
            client.stream("GET", "http://issuer/endings") as response,
        ):
            yield response.iter_lines()

    def public(self, method: str, path: str, **options: Any) -> httpx.Response:
        """One call of the public face."""
        with httpx.Client(trust_env=False, timeout=WITHIN_S) as client:
            return client.request(method, self.url + path, **options)

    def introspect(self, token: str, audience: str = "crash-reporting") -> dict[str, Any]:
        """What the public face says about a token to the service `audience`."""
        auth = (audience, self.secrets[audience])
        reply = self.public("POST", "/introspect", auth=auth, data={"token": token})
        assert reply.status_code == 200, reply.text
        document: dict[str, Any] = reply.json()
        return document

    def start_workflow(self, role: str = "crash-tracker", ttl_s: int = 600, **more: Any) -> dict[str, Any]:
        """A workflow that must be allowed; the answer."""
        reply = self.control("POST", "/workflows", json={"role": role, "ttl_s": ttl_s, **more})
        assert reply.status_code == 201, reply.text
        document: dict[str, Any] = reply.json()
        return document

    def entries(self) -> list[Entry]:
        """Everything in the log so far."""
        return [read.entry for read in read_entries(self.log)]

    def stop(self) -> None:
        for process in (self.issuer, self.audit):
            stop(process)
        self.stop_opa()

    def stop_opa(self) -> None:
        """Kill every engine that still runs."""
        for engine in self._all_opas:
            if engine.poll() is None:
                engine.kill()
                engine.wait()


def stop_when_done(process: Process) -> int:
    """Wait for a process that ends by itself."""
    process.communicate(timeout=WITHIN_S)
    return process.returncode


def token_for(answer: dict[str, Any], audience: str = "crash-reporting") -> str:
    """The token for one service from an answer of the control API."""
    found: list[str] = [each["token"] for each in answer["tokens"] if each["audience"] == audience]
    assert len(found) == 1
    return found[0]


def _accepts(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as probe:
        return probe.connect_ex(str(path)) == 0


def _replace(path: Path, write: Callable[[Path], object]) -> None:
    new = path.with_name(f".{path.name}.new")
    write(new)
    new.replace(path)
