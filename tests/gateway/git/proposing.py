"""A real gateway before a forge with pull requests; its checks are real but for what would take minutes or a model.

Between the gateway and the forge's API stands a relay that keeps what was sent, and can do something in that moment.
"""

import asyncio
import http.client
import json
import os
import pwd
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import aiohttp
from aiohttp import web

from audit.entry import DecisionEntry, EventEntry
from tests.gateway.git.rig import Clone, GitAgent, GitRig, git
from tests.gateway.peers import Received
from tests.gateway.rig import REPOSITORY, STATIC_KEY, Answer, start

ME = pwd.getpwuid(os.getuid()).pw_name
API = "/forge/repos/acme/shop"
SERVICES = """
services:
  forge:
    upstream: http://127.0.0.1:PORT
    allow_loopback: true
    errors: github
    credential: forge-api
    scan_bodies: true
    routes:
      list-prs: {method: GET, path: "/repos/{owner}/{repo}/pulls", action: read}
      read-pr: {method: GET, path: "/repos/{owner}/{repo}/pulls/{number}", action: read}
      create-pr: {method: POST, path: "/repos/{owner}/{repo}/pulls", action: create-pr, output: create-pr}
      merge-pr:
        method: PUT
        path: "/repos/{owner}/{repo}/pulls/{number}/merge"
        action: merge
        irreversible: true
        people_credential: forge-people
        output: merge-pr
    git:
      upstream: http://127.0.0.1:FORGE
      allow_loopback: true
      credential: forge-git
      staging: [staging]
      push: {action: create-branch}
  # The same, by an operator who forgot to say that a merge cannot be undone.
  careless:
    upstream: http://127.0.0.1:PORT
    allow_loopback: true
    errors: github
    credential: forge-api
    routes:
      merge-pr: {method: PUT, path: "/repos/{owner}/{repo}/pulls/{number}/merge", action: merge, output: merge-pr}
    git: {upstream: "http://127.0.0.1:FORGE", allow_loopback: true, credential: forge-git}
"""
ROLES = """
roles:
  proposer:
    services: [forge, careless]
    actions: [read, create-branch, create-pr, merge]
    forbidden_paths: [auth/*]
"""
CREDENTIALS = """
credentials:
  forge-git: {file: static-key, as: basic, name: x-access-token}
  forge-api: {file: static-key, as: header, name: Authorization, prefix: "Bearer "}
  forge-people: {file: people-key, as: header, name: Authorization, prefix: "Bearer "}
"""
TERMS = """
templates:
  irreversible: {{approvers: [{me}], needed: 1, expires_in_s: 600}}
  merge: {{approvers: [{names}], needed: {needed}, expires_in_s: 600}}
  output: {{approvers: [{me}], needed: 1, expires_in_s: 600}}
"""
PASSED: dict[str, Any] = {"evidence": {"semgrep": "passed", "tests": "passed"}, "findings": []}
GOOD = "def total(prices):\n    return sum(prices, start=0)\n"
_SOCKET = "real-checks.sock"


class ProposalRig(GitRig):
    """A gateway, a forge with people's own token, and checks. `reset` makes all of it well-behaved again."""

    def _prepare(self) -> None:
        self._runner: web.AppRunner | None = None
        super()._prepare()
        self.set_terms()
        self.reset()
        self.upstream.answer = self._relay
        self.loop.run(self._front())
        self._open.callback(self.stop_front)

    def reset(self) -> None:
        """The jury passes, every check passes, and nothing happens on the way."""
        self.jury = "passed"
        self.evidence: list[dict[str, Any]] = [PASSED]
        self.asked: list[tuple[str, dict[str, Any]]] = []
        """What the checks were asked, by path."""
        self.meanwhile: Callable[[], None] = _nothing
        """Is done while the jury deliberates."""
        self.at_forge: Callable[[Received], bytes | None] = _pass_on
        """Is shown each call just before the forge is; what it answers is the forge's answer."""
        self.upstream.received.clear()

    def _write_policy(self) -> None:
        services = SERVICES.replace("PORT", str(self.upstream.port)).replace("FORGE", str(self.forge_port))
        (self.policies / "services.yaml").write_text(services)
        (self.policies / "roles.yaml").write_text(ROLES)
        (self.home / "credentials.yaml").write_text(CREDENTIALS)

    def set_terms(self, *names: str, needed: int = 1) -> None:
        """Write who may approve a merge."""
        text = TERMS.format(me=ME, names=", ".join(names or (ME,)), needed=needed)
        (self.policies / "approvals.yaml").write_text(text)

    def start_checks(self) -> "subprocess.Popen[bytes]":
        """Start the real ones, behind those that the gateway sees."""
        return start("checks", "--socket", str(self.run / _SOCKET), output=self.home / "output")

    def start_forge(self) -> "subprocess.Popen[bytes]":
        """Start the forge, with people's token."""
        process = subprocess.Popen(
            [
                *(sys.executable, "-m", "tenants.services.code_repository"),
                *("--repositories", str(self.repositories), "--token-file", str(self.home / "static-key")),
                *("--people-token-file", str(self.home / "people-key")),
                *("--listen", f"127.0.0.1:{self.forge_port}"),
            ],
            stdout=subprocess.PIPE,
            cwd=REPOSITORY,
        )
        assert process.stdout is not None
        self.forge_port = int(process.stdout.readline().decode().rpartition(":")[2])
        return process

    def tokens(self, workflow: str, role: str = "proposer", ttl_s: int = 300) -> list[str]:
        """Tokens for all that the role may do."""
        words = {"forge": ("create-branch", "create-pr", "merge", "read"), "careless": ("merge", "read")}
        return [
            self.issuer.token(workflow, service, *scope, role=role, ttl_s=ttl_s)
            for service, scope in words.items()
        ]

    def paths(self) -> list[str]:
        """Which checks were asked, in order."""
        return [path for path, _ in self.asked]

    def shown_to_jury(self) -> list[dict[str, Any]]:
        """What the jury was asked."""
        return [asked for path, asked in self.asked if path == "/validate" and asked["jury"]]

    def sent(self, method: str = "POST") -> list[Received]:
        """What reached the forge's API by a method."""
        return [one for one in self.upstream.received if one.line.startswith(method.encode())]

    def forge_api(self, method: str, path: str, token: str = STATIC_KEY, **members: Any) -> Any:
        """A call straight to the forge, as somebody who has its token."""
        connection = http.client.HTTPConnection("127.0.0.1", self.forge_port, timeout=10)
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        connection.request(method, path, json.dumps(members) if members else None, headers)
        answer = json.loads(connection.getresponse().read())
        connection.close()
        return answer

    def move(self, branch: str, base: str = "main") -> str:
        """Put a new commit on a branch at the forge, around the gateway; the commit."""
        tip = git(self.shop, "rev-parse", f"refs/heads/{branch}").out.strip()
        tree = git(self.shop, "rev-parse", f"refs/heads/{base}^{{tree}}").out.strip()
        made = git(self.shop, "commit-tree", tree, "-p", tip, "-m", "moved").out.strip()
        assert git(self.shop, "update-ref", f"refs/heads/{branch}", made).code == 0
        return made

    def say(self, hold: str, word: str = "approve") -> tuple[int, dict[str, Any]]:
        """A person's word."""
        answer = self.admin.post(f"/holds/{hold}/{word}", json={}, timeout=60)
        return answer.status_code, answer.json()

    def steps(self, hold: str) -> list[str]:
        """What the log says of a hold, without its delivery."""
        told = [e for e in self.entries() if isinstance(e, EventEntry) and e.detail.get("hold") == hold]
        return [event.event for event in told if event.event != "hold.delivered"]

    def opened(self, hold: str) -> EventEntry:
        """How a hold began."""
        events = (e for e in self.entries() if isinstance(e, EventEntry) and e.event == "hold.opened")
        return next(event for event in events if event.detail["hold"] == hold)

    def judged(self, workflow: str) -> DecisionEntry:
        """The last decision on a change that a workflow proposed."""
        changes = [entry for entry in self.changes(workflow) if entry.input and entry.input["via"] == "api"]
        return changes[-1]

    def stop_front(self) -> None:
        """Answer no more as the checks."""
        if self._runner is not None:
            self.loop.run(self._runner.cleanup())
            self._runner = None

    def start_front(self) -> None:
        """Answer again."""
        self.loop.run(self._front())

    async def _front(self) -> None:
        app = web.Application(client_max_size=16 * 2**20)
        for path in ("/describe", "/evidence", "/validate"):
            app.router.add_post(path, self._checks)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self._runner.setup()
        socket = self.run / "checks.sock"
        socket.unlink(missing_ok=True)
        await web.UnixSite(self._runner, str(socket)).start()

    async def _checks(self, request: web.Request) -> web.Response:
        asked = await request.json()
        self.asked.append((request.path, asked))
        if request.path == "/evidence":
            return web.Response(body=b"".join(json.dumps(line).encode() + b"\n" for line in self.evidence))
        of_jury = request.path == "/validate" and asked["jury"]
        status, answer = await self._really(request.path, {**asked, "jury": False} if of_jury else asked)
        if of_jury:
            await asyncio.to_thread(self.meanwhile)
            results = [one for one in answer["results"] if one["kind"] != "jury"]
            answer["results"] = [*results, {"kind": "jury", "state": self.jury}]
        return web.json_response(answer, status=status)

    async def _really(self, path: str, asked: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        connector = aiohttp.UnixConnector(str(self.run / _SOCKET))
        async with (
            aiohttp.ClientSession(connector=connector) as session,
            session.post(f"http://checks{path}", json=asked) as answer,
        ):
            return answer.status, await answer.json()

    async def _relay(self, received: Received, writer: asyncio.StreamWriter) -> None:
        writer.write(await asyncio.to_thread(self._at_forge, received))
        await writer.drain()

    def _at_forge(self, received: Received) -> bytes:
        instead = self.at_forge(received)
        if instead is not None:
            return instead
        method, path, _ = received.line.decode().split(" ")
        connection = http.client.HTTPConnection("127.0.0.1", self.forge_port, timeout=10)
        authorization = received.headers[b"authorization"].decode()
        connection.request(method, path, received.body or None, {"Authorization": authorization})
        answer = connection.getresponse()
        body = answer.read()
        connection.close()
        return answered(answer.status, body)


def answered(status: int, body: bytes) -> bytes:
    """An answer of the forge's, on the wire."""
    head = f"HTTP/1.1 {status} X\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


def pushed(agent: GitAgent, name: str = "work", text: str = GOOD, base: str = "main") -> tuple[str, str]:
    """A branch of the workflow's own with one change, pushed through the gateway: its short name, and its head."""
    clone = agent.clone("--branch", base)
    head = clone.commit({f"shop/of_{agent.workflow[3:]}.py": text})
    branch = f"agent/{agent.workflow}/{name}"
    clone.push(f"HEAD:refs/heads/{branch}")
    return branch, head


def push_more(agent: GitAgent, branch: str, text: str) -> str:
    """One more commit on a branch, through the gateway; the commit."""
    clone: Clone = agent.clone("--branch", branch)
    head = clone.commit({f"shop/of_{agent.workflow[3:]}.py": text})
    clone.push(f"HEAD:refs/heads/{branch}")
    return head


def call(agent: GitAgent, method: str, path: str, **members: Any) -> Answer:
    """A call of the forge's API."""
    return agent.agent.request(
        method, path, json.dumps(members).encode(), {"Content-Type": "application/json"}
    )


def propose(agent: GitAgent, head: str, **members: Any) -> Answer:
    """Open a pull request."""
    document = {"title": "Start at 0", "body": "It crashed.", "base": "main", "head": head} | members
    return call(agent, "POST", f"{API}/pulls", **document)


def merge(agent: GitAgent, number: int | str, sha: str, service: str = "forge", **members: Any) -> Answer:
    """Ask for a merge."""
    return call(agent, "PUT", f"/{service}/repos/acme/shop/pulls/{number}/merge", sha=sha, **members)


def codes(answer: Answer) -> list[str]:
    """The codes of a refusal, as GitHub's clients show them in its text."""
    text: str = answer.json["message"]
    return [word.strip("[]") for word in text.split() if word.startswith("[") and word.endswith("]")]


def held(answer: Answer) -> str:
    """The hold that an answer names."""
    assert answer.status == 403, answer.body
    assert "x-doorless-hold" in answer.headers, answer.body
    return answer.headers["x-doorless-hold"]


def _nothing() -> None:
    pass


def _pass_on(_: Received) -> None:
    return None
