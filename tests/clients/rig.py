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

from audit.entry import DecisionEntry
from sandbox.host import gather_host
from sandbox.room import Limits, Room
from sandbox.run import start
from tests.gateway.rig import REPOSITORY, Lease, Rig
from workflows.rooms import with_prefixes

CLIENTS = REPOSITORY / ".cache" / "clients"
PYTHON = CLIENTS / "venv" / "bin" / "python"
NODE = CLIENTS / "venv" / "bin" / "node"
PROGRAMS = Path(__file__).with_name("programs")
URL = "http://127.0.0.1:8080"
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
        assert entry.request is not None
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
        from decision.config import load_policies

        granted: Mapping[str, Mapping[str, bool]] = load_policies(self.policies).compiled["grants"][role]
        return {service: sorted(words) for service, words in granted.items()}

    def client(self, *argv: str, role: str = "client", env: Mapping[str, str] | None = None, folder: Path) -> Ran:
        """Run a command as the agent of a new workflow, in a room whose /agent is `folder`, to its end."""
        with self._workflow(role) as lease:
            printed = {"stdout": "", "stderr": ""}

            def keep(stream: str, text: str) -> None:
                printed[stream] += text

            host = with_prefixes(gather_host(), CLIENTS / "venv")
            room = Room(
                argv=argv,
                env={"DOORLESS_URL": URL, **(env or {})},
                channel_folder=PurePosixPath(Path(lease["socket"]).parent),
                uid=lease["uid"] if host.is_root else None,
                agent_folder=PurePosixPath(folder),
                # Node reserves address space freely; what it uses is bounded by the wall.
                limits=replace(Limits(), data_bytes=8 * 2**30, wall_s=50.0),
            )

            async def run() -> int:
                return (await (await start(room, keep, host)).wait()).code

            code = asyncio.run(run())
            return Ran(code, printed["stdout"], printed["stderr"], self.decisions(lease["workflow"]))

    @contextmanager
    def _workflow(self, role: str) -> Iterator[dict[str, Any]]:
        workflow = self.new_workflow()
        self.issuer.active.append(workflow)
        lease = Lease(self.run / "gateway.sock", workflow, self.tokens(workflow, role))
        try:
            yield lease.opened
        finally:
            lease.hang_up()
