"""A real gateway before a real git server, with real git on the agent's side; the checks are real or a fake that fails.

The upstream demands a token that no agent holds. What a push did is read there, in the log, and in what git printed.
"""

import contextlib
import os
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from audit.entry import DecisionEntry
from tests.gateway.rig import REPOSITORY, Agent, Rig, start, stop

SERVICES = """
services:
  forge:
    upstream: http://127.0.0.1:{port}
    allow_loopback: true
    errors: github
    git:
      upstream: http://127.0.0.1:{forge}
      allow_loopback: true
      credential: forge-git
      push: {{action: create-branch, max_bytes: {max_bytes}}}
  demanding:
    upstream: http://127.0.0.1:{port}
    allow_loopback: true
    git:
      upstream: http://127.0.0.1:{forge}
      allow_loopback: true
      credential: forge-git
      push: {{action: create-branch, require_evidence: [semgrep, tests]}}
  closed:
    upstream: http://127.0.0.1:{port}
    allow_loopback: true
    git: {{upstream: "http://127.0.0.1:{forge}", allow_loopback: true, credential: forge-git}}
"""
ROLES = """
roles:
  pr-creator:
    services: [forge, demanding, closed]
    actions: [read, create-branch]
    forbidden_paths: [auth/*, .ci/*, security/*]
    limits: {max_diff_lines: 500, max_files_changed: 10}
  carrier:
    services: [forge]
    actions: [read, create-branch]
  reader:
    services: [forge, closed]
    actions: [read]
"""
CREDENTIALS = """
credentials:
  forge-git: {file: static-key, as: basic, name: x-access-token}
"""
MAX_PUSH_BYTES = 120_000_000

SEED = {
    "README.md": "# shop\n",
    "shop/cart.py": "def total(prices):\n    return sum(prices)\n",
    "tests/test_cart.py": "def test_total():\n    assert True\n",
}


@dataclass
class Ran:
    """How a git ended, and all that it printed."""

    code: int
    out: str


@dataclass
class Clone:
    """An agent's clone, with its own git settings and the identity of its workflow."""

    folder: Path
    environment: dict[str, str]
    branch: str
    """The branch that its workflow may push to."""

    def git(self, *words: str, ok: bool = True) -> Ran:
        """Run git in the clone."""
        ran = git(self.folder, *words, environment=self.environment)
        assert not ok or ran.code == 0, ran.out
        return ran

    def commit(self, files: Mapping[str, str | bytes], message: str = "A change") -> str:
        """Write files and commit them; the commit."""
        for name, content in files.items():
            path = self.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content if isinstance(content, bytes) else content.encode())
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", message)
        return self.git("rev-parse", "HEAD").out.strip()

    def push(self, *refspecs: str, ok: bool = True) -> Ran:
        """Push, by default to the workflow's own branch."""
        return self.git("push", "origin", *(refspecs or (f"HEAD:{self.branch}",)), ok=ok)


def git(folder: Path, *words: str, environment: dict[str, str] | None = None, given: bytes = b"") -> Ran:
    """Run git, by default with nobody's settings."""
    ran = subprocess.run(
        ["git", *words],
        cwd=folder,
        env=environment or plain_environment(folder),
        input=given,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=60,
        check=False,
    )
    return Ran(ran.returncode, ran.stdout.decode("utf-8", "replace"))


def plain_environment(home: Path) -> dict[str, str]:
    """An environment with nobody's settings."""
    return {
        "HOME": str(home),
        "PATH": os.environ["PATH"],
        "LC_ALL": "C",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_AUTHOR_NAME": "somebody",
        "GIT_AUTHOR_EMAIL": "somebody@example.com",
        "GIT_COMMITTER_NAME": "somebody",
        "GIT_COMMITTER_EMAIL": "somebody@example.com",
    }


class Forwarder:
    """A port of this machine that leads to one agent's channel, as the room's forwarder does."""

    def __init__(self, agent: Agent) -> None:
        self._agent = agent
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        """Take no more connections."""
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            try:
                gateway = self._agent.connect()
            except OSError:
                client.close()
                continue
            threading.Thread(target=_forward, args=(client, gateway), daemon=True).start()


def _forward(client: socket.socket, gateway: socket.socket) -> None:
    gateway.settimeout(None)
    with client, gateway:
        back = threading.Thread(target=_copy, args=(gateway, client), daemon=True)
        back.start()
        _copy(client, gateway)
        back.join()


def _copy(source: socket.socket, sink: socket.socket) -> None:
    try:
        while chunk := source.recv(65536):
            sink.sendall(chunk)
        sink.shutdown(socket.SHUT_WR)
    except OSError:
        for each in (source, sink):
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)


@dataclass
class GitAgent:
    """One workflow with git in its hands."""

    agent: Agent
    role: str
    forwarder: Forwarder
    folder: Path
    clones: int = field(default=0)

    @property
    def workflow(self) -> str:
        """Its workflow."""
        return self.agent.workflow

    @property
    def environment(self) -> dict[str, str]:
        """What `doorless run` would give it, but for the port."""
        return {
            **plain_environment(self.folder),
            "GIT_AUTHOR_NAME": self.role,
            "GIT_AUTHOR_EMAIL": f"{self.workflow}@agents.doorless.local",
            "GIT_COMMITTER_NAME": self.role,
            "GIT_COMMITTER_EMAIL": f"{self.workflow}@agents.doorless.local",
            "GIT_CONFIG_COUNT": "2",
            "GIT_CONFIG_KEY_0": "http.extraHeader",
            "GIT_CONFIG_VALUE_0": "Host: proxy",
            "GIT_CONFIG_KEY_1": "gc.auto",
            "GIT_CONFIG_VALUE_1": "0",
        }

    def url(self, service: str = "forge", repository: str = "acme/shop.git") -> str:
        """Where a repository is for this agent."""
        return f"http://127.0.0.1:{self.forwarder.port}/{service}/git/{repository}"

    def git(self, *words: str) -> Ran:
        """Run git outside any clone."""
        return git(self.folder, *words, environment=self.environment)

    def clone(self, *options: str, service: str = "forge", repository: str = "acme/shop.git") -> Clone:
        """A fresh clone."""
        self.clones += 1
        folder = self.folder / f"clone-{self.clones}"
        ran = self.git("clone", "--quiet", *options, self.url(service, repository), str(folder))
        assert ran.code == 0, ran.out
        return Clone(folder, self.environment, f"refs/heads/agent/{self.workflow}/work")


class GitRig(Rig):
    """A gateway, a forge, and checks."""

    def _prepare(self) -> None:
        super()._prepare()
        self.repositories = self.home / "forge"
        self.shop = self.new_repository("acme/shop")
        self.forge_log = self.home / "forge.jsonl"
        self.forge_port = 0
        self.forge = self.start_forge()
        self._open.callback(lambda: stop(self.forge))
        self._write_policy()
        self.checks = self.start_checks()
        self._open.callback(lambda: stop(self.checks))

    def _write_policy(self) -> None:
        services = SERVICES.format(port=self.upstream.port, forge=self.forge_port, max_bytes=MAX_PUSH_BYTES)
        (self.policies / "services.yaml").write_text(services)
        (self.policies / "roles.yaml").write_text(ROLES)
        (self.home / "credentials.yaml").write_text(CREDENTIALS)

    def start_checks(self) -> "subprocess.Popen[bytes]":
        """Start the checks."""
        return start("checks", "--socket", str(self.run / "checks.sock"), output=self.home / "output")

    def start_forge(self) -> "subprocess.Popen[bytes]":
        """Start the forge, again on its port where it had one."""
        process = subprocess.Popen(
            [
                *(sys.executable, "-m", "tenants.services.code_repository"),
                *("--repositories", str(self.repositories), "--token-file", str(self.home / "static-key")),
                *("--request-log", str(self.forge_log), "--listen", f"127.0.0.1:{self.forge_port}"),
            ],
            stdout=subprocess.PIPE,
            cwd=REPOSITORY,
        )
        assert process.stdout is not None
        ready = process.stdout.readline().decode()
        self.forge_port = int(ready.rpartition(":")[2])
        return process

    def new_repository(self, name: str) -> Path:
        """A bare repository at the forge with a few files on `main`."""
        bare = self.repositories / f"{name}.git"
        bare.mkdir(parents=True)
        git(bare, "init", "--quiet", "--bare", "--initial-branch=main")
        stream = "commit refs/heads/main\ncommitter a <a@example.com> 1700000000 +0000\ndata 5\nfirst\n"
        for path, content in SEED.items():
            stream += f"M 100644 inline {path}\ndata {len(content)}\n{content}\n"
        ran = git(bare, "fast-import", "--quiet", given=stream.encode())
        assert ran.code == 0, ran.out
        return bare

    def refs(self, bare: Path | None = None) -> dict[str, str]:
        """All refs of a repository at the forge."""
        listed = git(bare or self.shop, "for-each-ref", "--format=%(refname) %(objectname)").out.splitlines()
        return dict(line.split(" ", 1) for line in listed)

    def git_agent(self, role: str = "pr-creator") -> GitAgent:
        """A new workflow with git in its hands."""
        agent = self.agent(role)
        forwarder = Forwarder(agent)
        self._open.callback(forwarder.close)
        folder = self.home / "agents" / agent.workflow
        folder.mkdir(parents=True)
        self._open.callback(shutil.rmtree, folder, ignore_errors=True)
        return GitAgent(agent, role, forwarder, folder)

    def tokens(self, workflow: str, role: str = "pr-creator", ttl_s: int = 300) -> list[str]:
        """Tokens for all that a role may do."""
        both = ("create-branch", "read")
        words: dict[str, dict[str, tuple[str, ...]]] = {
            "pr-creator": {"forge": both, "demanding": both, "closed": ("read",)},
            "carrier": {"forge": both},
            "reader": {"forge": ("read",), "closed": ("read",)},
        }
        return [
            self.issuer.token(workflow, service, *scope, role=role, ttl_s=ttl_s)
            for service, scope in words[role].items()
        ]

    def changes(self, workflow: str) -> list[DecisionEntry]:
        """The recorded decisions on a workflow's changes."""
        return [entry for entry in self.decisions(workflow) if entry.kind == "change"]

    def refusals(self, workflow: str) -> list[Any]:
        """The codes of a workflow's refusals before policy."""
        return [entry.reasons[0].code for entry in self.decisions(workflow) if entry.kind == "refusal"]
