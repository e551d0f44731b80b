"""A whole home under `doorless up`, a witness as its upstream, and agents that the real issuer gave tokens.

Nothing here is an operator: after a fault the home must come back by itself. Faults come from outside, by signals,
limits, files and tracers on processes that are found by what they are.
"""

import os
import shutil
import signal
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import httpx

from audit.entry import EventEntry
from audit.reader import read_entries
from doorless.create import create_home
from tests.doorless.conftest import Place, descendants, free_port
from tests.faults.load import Load, Witness
from tests.gateway.peers import FakeUpstream, Loop
from tests.gateway.rig import CREDENTIALS, PEOPLE_KEY, ROLES, SERVICES, STATIC_KEY, Agent, Lease, until

HERE = Path(__file__).parent
PARTS = ("audit", "issuer", "gateway")

Prepare = Callable[["Home", ExitStack], None]
"""Changes a home before it runs; what must be undone goes on the stack."""


class Home:
    """One running home. `environment` is added to that of every part."""

    def __init__(self, environment: dict[str, str] | None = None, prepare: Prepare | None = None) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="dl-"))
        self.folder.chmod(0o755)
        self._open = ExitStack()
        self._open.callback(shutil.rmtree, self.folder)
        try:
            self._start(environment or {}, prepare)
        except BaseException:
            self.close()
            raise

    def _start(self, environment: dict[str, str], prepare: Prepare | None) -> None:
        (self.folder / "agents").mkdir()
        self.root = self.folder / "h"
        create_home(self.root, listen=f"127.0.0.1:{free_port()}")
        self.log, self.run = self.root / "log", self.root / "run"
        if prepare is not None:
            prepare(self, self._open)
        loop = Loop()
        self._open.callback(loop.close)
        upstream = FakeUpstream(loop)
        self._open.callback(upstream.close)
        self.witness = Witness(self.log)
        upstream.answer = self.witness
        self._configure(upstream.port)
        self._up = _PlaceWith(self.root, self.folder / "agents", environment).up()
        self._open.callback(self._up.end)

    def _configure(self, port: int) -> None:
        (self.root / "policies" / "services.yaml").write_text(SERVICES.format(port=port))
        (self.root / "policies" / "roles.yaml").write_text(ROLES)
        (self.root / "static-key").write_text(STATIC_KEY)
        (self.root / "people-key").write_text(PEOPLE_KEY)
        (self.root / "credentials.yaml").write_text(CREDENTIALS)

    def close(self) -> None:
        """Stop everything, and remove it."""
        self._open.close()

    def part(self, name: str) -> int:
        """The process id of a part."""
        return self._up.part(name)

    def opa(self) -> int:
        """The process id of the gateway's OPA."""
        [opa] = [
            pid
            for pid in descendants(self.part("gateway"))
            if b"--unix-socket-perm" in Path(f"/proc/{pid}/cmdline").read_bytes()
        ]
        return opa

    def signal(self, pid: int, number: signal.Signals) -> None:
        """Send a signal."""
        os.kill(pid, number)

    @contextmanager
    def stopped(self, part: str) -> Iterator[None]:
        """Hold a part still as long as this context."""
        pid = self.part(part)
        os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(pid, signal.SIGCONT)

    def said(self) -> str:
        """What the parts told the operator."""
        return self._up.said()

    def issuer(self, method: str, path: str, document: object = None) -> httpx.Response:
        """One call of the issuer's control API."""
        return self._ask("issuer.sock", method, path, document)

    def gateway(self, method: str, path: str, document: object = None) -> httpx.Response:
        """One call of the gateway's admin API."""
        return self._ask("gateway.sock", method, path, document)

    def _ask(self, socket: str, method: str, path: str, document: object) -> httpx.Response:
        transport = httpx.HTTPTransport(uds=str(self.run / socket))
        with httpx.Client(transport=transport, base_url="http://part", timeout=15) as client:
            return client.request(method, path, json=document)

    @contextmanager
    def gateway_stream(self, method: str, path: str, document: object) -> Iterator[httpx.Response]:
        """One call of the gateway's admin API whose answer stays open as long as this context."""
        transport = httpx.HTTPTransport(uds=str(self.run / "gateway.sock"))
        with (
            httpx.Client(transport=transport, base_url="http://part", timeout=15) as client,
            client.stream(method, path, json=document) as response,
        ):
            yield response

    def start_workflow(self, role: str = "writer") -> dict[str, Any]:
        """A workflow with its tokens; waits until the home gives one."""

        def started() -> dict[str, Any] | None:
            try:
                reply = self.issuer("POST", "/workflows", {"role": role, "ttl_s": 600})
            except httpx.HTTPError:
                return None
            document: dict[str, Any] = reply.json()
            return document if reply.status_code == 201 else None

        workflow: dict[str, Any] = until(started)
        return workflow

    @contextmanager
    def agent(self, role: str = "writer") -> Iterator[Agent]:
        """An agent on a channel of its own, which is open as long as this context."""
        workflow = self.start_workflow(role)
        lease = Lease(self.run / "gateway.sock", workflow["workflow"], tokens_of(workflow))
        try:
            agent = Agent(lease.opened)
            try:
                yield agent
            finally:
                agent.close()
        finally:
            lease.hang_up()

    @contextmanager
    def load(self, connections: int = 16) -> Iterator["Load"]:
        """Agents at work, all well before the test goes on; in the end the account is right."""
        with self.agent() as agent, Load(agent, self.witness, connections) as load:
            yield load

    def events(self, name: str, first: int = 0) -> list[EventEntry]:
        """The recorded events of this name, from a place in the log on."""
        entries = (stored.entry for stored in read_entries(self.log, first=first))
        return [entry for entry in entries if isinstance(entry, EventEntry) and entry.event == name]


class _PlaceWith(Place):
    """A place whose parts get more in their environment."""

    def __init__(self, home: Path, agents: Path, more: dict[str, str]) -> None:
        super().__init__(home, agents)
        self._more = more

    def environment(self) -> dict[str, str]:
        return super().environment() | self._more


def tokens_of(workflow: dict[str, Any]) -> list[str]:
    """The compact tokens of an answer of the issuer."""
    return [each["token"] for each in workflow["tokens"]]
