"""The code repository and the agent that pushes to it, with real git between them."""

import base64
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from tests.tenants.processes import PROJECT, Service, refused_start

MODULE = "tenants.services.code_repository"
AGENT = "tenants.agents.pr_creator"
TOKEN = "canary-code-repository-token"
REFS = "/acme/shop.git/info/refs?service=git-upload-pack"
SEED = "commit refs/heads/main\ncommitter a <a@example.com> 1700000000 +0000\ndata 1\nx\nM 100644 inline a\ndata 2\na\n\n"


@dataclass(frozen=True)
class Forge:
    """A running code repository."""

    url: str
    bare: Path
    log: Path

    def environment(self, home: Path, token: str = TOKEN) -> dict[str, str]:
        """Git's, with a token, as an agent that needs none through the gateway would never have."""
        basic = base64.b64encode(f"x:{token}".encode()).decode()
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(home),
            "PYTHONPATH": str(PROJECT),
            "LC_ALL": "C",
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_TERMINAL_PROMPT": "0",
            "GIT_CONFIG_COUNT": "1",
            "GIT_CONFIG_KEY_0": "http.extraHeader",
            "GIT_CONFIG_VALUE_0": f"Authorization: Basic {basic}",
            "GIT_AUTHOR_NAME": "a",
            "GIT_AUTHOR_EMAIL": "a@example.com",
            "GIT_COMMITTER_NAME": "a",
            "GIT_COMMITTER_EMAIL": "a@example.com",
            "DOORLESS_WORKFLOW": "wf-a",
        }

    def refs(self) -> dict[str, str]:
        """What it has."""
        shown = subprocess.run(
            ["git", "--git-dir", str(self.bare), "for-each-ref", "--format=%(refname) %(objectname)"],
            capture_output=True,
            text=True,
            check=True,
        )
        return {
            name: commit for name, _, commit in (line.partition(" ") for line in shown.stdout.splitlines())
        }


@pytest.fixture(scope="module")
def forge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Forge]:
    """A service with one repository."""
    folder = tmp_path_factory.mktemp("forge")
    bare = folder / "repositories" / "acme" / "shop.git"
    bare.mkdir(parents=True)
    subprocess.run(["git", "init", "--quiet", "--bare", "--initial-branch=main", str(bare)], check=True)
    subprocess.run(["git", "--git-dir", str(bare), "fast-import", "--quiet"], input=SEED.encode(), check=True)
    (folder / "token").write_text(TOKEN)
    flags = ("--listen", "127.0.0.1:0", "--repositories", str(folder / "repositories"))
    log = folder / "log.jsonl"
    service = Service(MODULE, *flags, "--token-file", str(folder / "token"), "--request-log", str(log))
    yield Forge(service.url, bare, log)
    assert service.stop() == ""


def run_agent(forge: Forge, home: Path, *words: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", AGENT, f"{forge.url}/acme/shop", *words],
        env=forge.environment(home),
        cwd=home,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize("value", [None, "", "Basic !", "Basic eDp4", "Bearer x", f"Bearer {TOKEN}x", "é"])
def test_nobody_reads_without_the_token(forge: Forge, value: str | None) -> None:
    """No token and any other one are 401 with a challenge, which is how git learns that it needs one."""
    headers = {} if value is None else {"Authorization": value.encode("latin-1")}
    answer = httpx.get(forge.url + REFS, headers=headers, trust_env=False)  # type: ignore[arg-type]
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Basic")
    assert "refs/heads" not in answer.text


def test_a_bearer_token_opens_too(forge: Forge) -> None:
    """API clients bring the same token as a bearer."""
    answer = httpx.get(forge.url + REFS, headers={"Authorization": f"Bearer {TOKEN}"}, trust_env=False)
    assert answer.status_code == 200
    assert "refs/heads/main" in answer.text


def test_the_request_log_holds_no_token(forge: Forge) -> None:
    """Each request has its line, with a digest where the token stood."""
    httpx.get(forge.url + REFS, headers={"Authorization": f"Bearer {TOKEN}"}, trust_env=False)
    line = json.loads(forge.log.read_text().splitlines()[-1])
    assert (line["method"], line["target"]) == ("GET", REFS)
    assert len(line["authorization_sha256"]) == 64
    assert TOKEN not in forge.log.read_text()


def test_a_repository_that_is_not_there_is_404(forge: Forge) -> None:
    """Git itself says so."""
    answer = httpx.get(
        f"{forge.url}/acme/none.git/info/refs?service=git-upload-pack",
        headers={"Authorization": f"Bearer {TOKEN}"},
        trust_env=False,
    )
    assert answer.status_code == 404


def test_the_agent_pushes_what_it_was_told(forge: Forge, tmp_path: Path) -> None:
    """It clones, writes, commits, and pushes to its workflow's own branch; a body over 1 MiB comes in chunks.

    With Starlette's own streaming answer the body of a push was read away while it was answered.
    """
    small = run_agent(forge, tmp_path, "--write", "docs/new.md", "# New\n", "--name", "small")
    assert small.returncode == 0, small.stdout
    clone, environment = tmp_path / "clone", forge.environment(tmp_path)
    clone.mkdir()

    def git(*words: str) -> None:
        subprocess.run(["git", *words], cwd=clone, env=environment, check=True)

    git("clone", "--quiet", f"{forge.url}/acme/shop", ".")
    (clone / "large").write_bytes(os.urandom(1_500_000))
    git("add", "large")
    git("commit", "--quiet", "--message", "large")
    git("push", "--quiet", "origin", "HEAD:large")
    assert {"refs/heads/agent/wf-a/small", "refs/heads/large"} <= forge.refs().keys()


def test_a_refused_push_is_told_from_a_git_that_failed(forge: Forge, tmp_path: Path) -> None:
    """3 where the other side refused, with its words; 4 where there was nothing to clone."""
    hook = forge.bare / "hooks" / "pre-receive"
    hook.write_text("#!/bin/sh\necho not today\nexit 1\n")
    hook.chmod(0o755)
    ran = run_agent(forge, tmp_path, "--write", "a", "b\n", "--name", "refused")
    hook.unlink()
    assert ran.returncode == 3
    assert "remote: not today\n" in ran.stdout
    assert run_agent(forge, tmp_path, "--base", "no-such-branch").returncode == 4


def test_a_service_without_its_token_does_not_start(tmp_path: Path) -> None:
    """One sentence says what is missing."""
    flags = (
        "--listen",
        "127.0.0.1:0",
        "--repositories",
        str(tmp_path),
        "--token-file",
        str(tmp_path / "none"),
    )
    ended = refused_start(MODULE, *flags)
    assert ended.code == 2
    assert "--token-file" in ended.errors
