"""A real gateway between fakes: real OPA, real audit writer, real sockets, a real process.

What a test wants to know it reads where users would: at the upstream, in the log, in the answer. When a rig ends, all
that it left behind is searched for its secrets: answers, log, output, every file, and what /proc shows.
"""

import base64
import http.client
import json
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from audit.entry import DecisionEntry, Entry, EventEntry, OutcomeEntry
from audit.folder import create
from audit.reader import read_entries
from tests.canaries import CANARIES
from tests.gateway.connector import Connector
from tests.gateway.left_behind import process_views, refuse_leaks
from tests.gateway.peers import FakeIssuer, FakeUpstream, Loop

REPOSITORY = Path(__file__).parents[2]
STATIC_KEY = CANARIES.plant("static-key")
PEOPLE_KEY = CANARIES.plant("people-key")
SECRET_FILES = frozenset({"static-key", "people-key"})
"""Where a secret belongs: not searched for one, but to see that the search finds it."""
DEADLINE_S = 10.0

SERVICES = """
services:
  notes:
    upstream: http://127.0.0.1:{port}
    allow_loopback: true
    credential: workflow-jwt
    limits: {{max_body_bytes: 1000, timeout_s: 2}}
    routes:
      list: {{method: GET, path: /notes, action: read, data: notes}}
      show: {{method: GET, path: "/notes/{{id}}", action: read, data: notes}}
      add: {{method: POST, path: /notes, action: write, data: notes}}
      purge: {{method: DELETE, path: "/notes/{{id}}", action: delete, data: notes, irreversible: true}}
      merge:
        method: PUT
        path: "/notes/{{id}}/merge"
        action: delete
        data: notes
        irreversible: true
        people_credential: people-key
      ref: {{method: GET, path: "/refs/{{ref}}", action: read, data: notes, params: {{ref: {{encoded_slash: true}}}}}}
  keyed:
    upstream: http://127.0.0.1:{port}/base
    allow_loopback: true
    credential: static-key
    errors: openai
    routes:
      ask: {{method: GET, path: /ask, action: read, data: answers}}
      secret: {{method: GET, path: /secret, action: read, data: secrets}}
  searched:
    upstream: http://127.0.0.1:{port}
    allow_loopback: true
    credential: static-key
    scan_bodies: true
    limits: {{max_body_bytes: 100000}}
    routes:
      tell: {{method: POST, path: /tell, action: write, data: notes}}
  guarded:
    upstream: http://127.0.0.1:{port}
    credential: workflow-jwt
    routes:
      ask: {{method: GET, path: /ask, action: read, data: answers}}
  people:
    upstream: http://127.0.0.1:{port}
    allow_loopback: true
    credential: static-key
    personal: true
    routes:
      show: {{method: GET, path: "/persons/{{person}}", action: read, data: notes}}
  in-query:
    upstream: http://127.0.0.1:{port}
    allow_loopback: true
    credential: query-key
    routes:
      ask: {{method: GET, path: /ask, action: read, data: answers}}
  uncredentialed:
    upstream: http://127.0.0.1:{port}
    allow_loopback: true
    credential: nobody-configured-this
    routes:
      ask: {{method: GET, path: /ask, action: read, data: answers}}
"""

ROLES = """
roles:
  writer:
    services: [notes, keyed, searched, guarded, people, in-query, uncredentialed]
    actions: [read, write, delete]
    data: [notes, answers]
  reader:
    services: [notes]
    actions: [read]
    data: [notes]
    limits: {max_requests_per_min: 5}
"""

CREDENTIALS = """
credentials:
  static-key: {file: static-key, as: header, name: X-Api-Key}
  people-key: {file: people-key, as: header, name: X-People-Key}
  query-key: {file: static-key, as: query, name: api_key}
"""


@dataclass(frozen=True)
class Answer:
    """What an agent got."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)

    @property
    def decision(self) -> str:
        """The decision id of a refusal."""
        return self.headers["x-doorless-decision"]


class Agent:
    """One workflow's channel, seen from inside: raw connections and ordinary requests."""

    def __init__(self, lease: dict[str, Any]) -> None:
        self.workflow: str = lease["workflow"]
        self.socket = Path(lease["socket"])
        self.seen = bytearray()
        """All that it was answered by `request` and `raw`."""
        self._made: list[socket.socket] = []
        self._connector = Connector(self.socket.parent, lease["uid"])

    def connect(self) -> socket.socket:
        """A raw connection; it is closed with the agent at the latest."""
        made = self._connector.connect()
        self._made.append(made)
        return made

    def request(
        self, method: str, target: str, body: bytes | None = None, headers: dict[str, str] | None = None
    ) -> Answer:
        """One request on a connection of its own."""
        connection = http.client.HTTPConnection("proxy", timeout=10)
        connection.sock = self.connect()
        try:
            connection.request(method, target, body, headers or {})
            answer = _answer(connection.getresponse())
            self.seen += str(answer.headers).encode() + answer.body
            return answer
        finally:
            connection.close()

    def get(self, target: str, **headers: str) -> Answer:
        """A GET; header names are written with underscores."""
        return self.request("GET", target, headers={k.replace("_", "-"): v for k, v in headers.items()})

    def raw(self, request: bytes) -> bytes:
        """Send bytes, and give back everything until the gateway closes or is silent for a while."""
        with self.connect() as connection:
            connection.settimeout(1.0)
            connection.sendall(request)
            received = b""
            try:
                while chunk := connection.recv(65536):
                    received += chunk
            except (TimeoutError, ConnectionResetError):
                pass
            self.seen += received
            return received

    def close(self) -> None:
        """Close every connection and give the helper process back."""
        for made in self._made:
            made.close()
        self._connector.close()


def _answer(response: http.client.HTTPResponse) -> Answer:
    body = response.read()
    return Answer(response.status, {name.lower(): value for name, value in response.getheaders()}, body)


class Lease:
    """The connection that holds a channel open."""

    def __init__(self, admin: Path, workflow: str, tokens: list[str]) -> None:
        self._open = ExitStack()
        client = httpx.Client(transport=httpx.HTTPTransport(uds=str(admin)), base_url="http://gateway")
        self._open.callback(client.close)
        body = {"workflow": workflow, "tokens": tokens}
        response = self._open.enter_context(client.stream("POST", "/channels", json=body, timeout=30))
        if response.status_code != 200:
            raise AssertionError(response.read())
        self.lines = response.iter_lines()

    @property
    def opened(self) -> dict[str, Any]:
        """The first line."""
        document: dict[str, Any] = json.loads(next(self.lines))
        return document

    def hang_up(self) -> None:
        """Let go."""
        self._open.close()


class Rig:
    """Everything around one gateway process."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.run = home / "run"
        self.policies = home / "policies"
        self.loop = Loop()
        self.upstream = FakeUpstream(self.loop)
        self._open = ExitStack()
        self._workflows = 0
        self._agents: list[Agent] = []
        self._open.callback(self.loop.close)
        self._open.callback(self.upstream.close)
        try:
            self._start()
        except BaseException:
            self.close()
            raise

    def _start(self) -> None:
        self._prepare()
        self.issuer = FakeIssuer(self.loop, self.run / "issuer.sock")
        self._open.callback(self.issuer.close)
        self.audit = self.start_audit()
        self._open.callback(lambda: stop(self.audit))
        self.gateway = self.start_gateway()
        self._open.callback(lambda: stop(self.gateway))
        self.admin = httpx.Client(
            transport=httpx.HTTPTransport(uds=str(self.run / "gateway.sock")),
            base_url="http://gateway",
            timeout=10,
        )
        self._open.callback(self.admin.close)

    def _prepare(self) -> None:
        self.run.mkdir(mode=0o700)
        (self.home / "bundles").mkdir()
        create(self.home / "log")
        shutil.copytree(REPOSITORY / "policies", self.policies)
        (self.policies / "services.yaml").write_text(SERVICES.format(port=self.upstream.port))
        (self.policies / "roles.yaml").write_text(ROLES)
        (self.home / "static-key").write_text(STATIC_KEY)
        (self.home / "people-key").write_text(PEOPLE_KEY)
        (self.home / "credentials.yaml").write_text(CREDENTIALS)

    def start_audit(self) -> "subprocess.Popen[bytes]":
        """Start the audit writer."""
        flags = ("--log", str(self.home / "log"), "--socket", str(self.run / "audit.sock"))
        return start("audit", *flags, output=self.home / "output")

    def start_gateway(self) -> "subprocess.Popen[bytes]":
        """Start the gateway."""
        return start("gateway", *self.gateway_flags(), output=self.home / "output")

    def gateway_flags(self) -> tuple[str, ...]:
        """How this rig's gateway is started."""
        flags: dict[str, Path | str] = {
            "--run": self.run,
            "--policies": self.policies,
            "--bundles": self.home / "bundles",
            "--git": self.home / "git",
            "--audit-socket": self.run / "audit.sock",
            "--checks-socket": self.run / "checks.sock",
            "--issuer-socket": self.run / "issuer.sock",
            "--credentials": self.home / "credentials.yaml",
            "--issuer-url": FakeIssuer.URL,
        }
        return tuple(str(part) for pair in flags.items() for part in pair)

    def new_workflow(self) -> str:
        """A fresh workflow name of the issuer's form."""
        self._workflows += 1
        letters = "abcdefghijklmnopqrstuvwxyz"
        return "wf-" + "".join(letters[(self._workflows // 26**place) % 26] for place in range(20))

    def tokens(self, workflow: str, role: str = "writer", ttl_s: int = 300) -> list[str]:
        """Tokens for all that a role may do."""
        scopes: dict[str, dict[str, tuple[str, ...]]] = {
            "writer": {
                "notes": ("delete:notes", "read:notes", "write:notes"),
                "keyed": ("read:answers",),
                "searched": ("write:notes",),
                "guarded": ("read:answers",),
                "people": ("read:notes",),
                "in-query": ("read:answers",),
                "uncredentialed": ("read:answers",),
            },
            "reader": {"notes": ("read:notes",)},
        }
        return [
            self.issuer.token(workflow, service, *words, role=role, ttl_s=ttl_s)
            for service, words in scopes[role].items()
        ]

    def agent(self, role: str = "writer", tokens: list[str] | None = None, ttl_s: int = 300) -> Agent:
        """Open a channel and be the agent on it; it ends with the rig, or with `hang_up`."""
        workflow = self.new_workflow()
        self.issuer.active.append(workflow)
        lease = self.open_lease(workflow, tokens or self.tokens(workflow, role, ttl_s))
        return self._agent(lease)

    def agent_with(self, token: str) -> Agent:
        """The agent of a workflow that holds just this token."""
        claims = json.loads(base64.urlsafe_b64decode(token.split(".")[1] + "=="))
        lease = self.open_lease(claims["workflow"], [token])
        return self._agent(lease)

    def _agent(self, lease: Iterator[str]) -> Agent:
        agent = Agent(json.loads(next(lease)))
        self._agents.append(agent)
        self._open.callback(agent.close)
        return agent

    def open_lease(self, workflow: str, tokens: list[str]) -> Iterator[str]:
        """The lines of a lease that is held until the rig ends."""
        lease = Lease(self.run / "gateway.sock", workflow, tokens)
        self._open.callback(lease.hang_up)
        return lease.lines

    def lease(self, workflow: str, tokens: list[str]) -> "Lease":
        """A lease that the test itself hangs up."""
        return Lease(self.run / "gateway.sock", workflow, tokens)

    def closing_folders(self) -> set[str]:
        """Folders of channels that the gateway does not count as open."""
        known = {channel["workflow"] for channel in self.admin.get("/channels").json()["channels"]}
        return {folder.name for folder in (self.run / "ch").iterdir()} - known

    def evaluations(self) -> int:
        """How many questions OPA was asked, by its own metrics."""
        token = (self.run / "opa.token").read_text()
        transport = httpx.HTTPTransport(uds=str((self.run / "opa.sock").resolve()))
        with httpx.Client(transport=transport, base_url="http://opa") as opa:
            metrics = opa.get("/metrics", headers={"Authorization": f"Bearer {token}"}).text
        counts = re.findall(
            r'^http_request_duration_seconds_count\{.*handler="v1/data".*\} (\d+)', metrics, re.MULTILINE
        )
        return sum(int(count) for count in counts)

    def entries(self) -> list[Entry]:
        """The whole log, as it is on disk now."""
        return [stored.entry for stored in read_entries(self.home / "log")]

    def decision(self, decision: str) -> DecisionEntry:
        """The recorded decision with this id."""
        found = [e for e in self.entries() if isinstance(e, DecisionEntry) and e.id == decision]
        assert len(found) == 1, f"{len(found)} entries for {decision}"
        return found[0]

    def decisions(self, workflow: str) -> list[DecisionEntry]:
        """All recorded decisions of a workflow."""
        return [e for e in self.entries() if isinstance(e, DecisionEntry) and e.workflow == workflow]

    def outcome(self, decision: str) -> OutcomeEntry:
        """The outcome of a decision; waits for it, for it is appended after the answer."""

        def found() -> OutcomeEntry | None:
            entries = (e for e in self.entries() if isinstance(e, OutcomeEntry) and e.decision == decision)
            return next(entries, None)

        outcome: OutcomeEntry = until(found)
        return outcome

    def event(self, name: str, workflow: str = "") -> EventEntry:
        """The newest event of this name; waits for it."""

        def found() -> EventEntry | None:
            entries = [e for e in self.entries() if isinstance(e, EventEntry) and e.event == name]
            return next((e for e in reversed(entries) if workflow in {"", e.workflow}), None)

        event: EventEntry = until(found)
        return event

    def close(self) -> None:
        """End every process and peer, the newest first; then nothing that they left may hold a secret."""
        shown = process_views(self.gateway.pid, self.audit.pid) if hasattr(self, "gateway") else {}
        self._open.close()
        shown |= {f"answers to {agent.workflow}": bytes(agent.seen) for agent in self._agents}
        refuse_leaks(self.home, SECRET_FILES, shown)


def start(module: str, *flags: str, output: Path | None = None) -> "subprocess.Popen[bytes]":
    """Start a part and wait for its ready line. Raises `AssertionError` with its errors where it ends instead.

    What it complains about is added to the file `output`.
    """
    with ExitStack() as opened:
        errors = opened.enter_context(output.open("ab")) if output is not None else None
        process = subprocess.Popen(
            [sys.executable, "-m", module, *flags], stdout=subprocess.PIPE, stderr=errors, cwd=REPOSITORY
        )
    assert process.stdout is not None
    if b"ready" not in process.stdout.readline():
        process.stdout.close()
        raise AssertionError(f"{module} ended with {process.wait(10)}")
    return process


def stop(process: "subprocess.Popen[bytes]") -> int:
    """SIGTERM, and wait."""
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
    status = process.wait(DEADLINE_S)
    if process.stdout is not None:
        process.stdout.close()
    return status


def until(found: Callable[[], Any]) -> Any:
    """The first true result, within the deadline."""
    deadline = time.monotonic() + DEADLINE_S
    while not (result := found()):
        assert time.monotonic() < deadline, "it never came"
        time.sleep(0.01)
    return result
