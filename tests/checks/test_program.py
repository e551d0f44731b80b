"""`python -m checks` as the gateway and as bots meet it: a real process, its socket, its port, its files."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from checks.statement import open_sealed, read_signer
from tests.checks.repositories import CALCULATOR, SUITE, Repository, repository

ROOT = Path(__file__).resolve().parent.parent.parent
PAGE = (ROOT / "docs" / "checks.md").read_text(encoding="utf-8")


@dataclass(frozen=True)
class Running:
    """The program and what it was given."""

    folder: Path
    url: str
    process: subprocess.Popen[str]

    @property
    def socket(self) -> httpx.Client:
        """A client on the unix socket."""
        transport = httpx.HTTPTransport(uds=str(self.folder / "checks.sock"))
        return httpx.Client(transport=transport, base_url="http://checks", timeout=100)

    @property
    def token(self) -> str:
        """The bots' token."""
        return (self.folder / "token").read_text(encoding="ascii").strip()

    def ask(self, path: str, content: bytes | None = None) -> httpx.Response:
        """One call of a bot."""
        headers = {"Authorization": f"Bearer {self.token}"}
        method = "GET" if content is None else "POST"
        return httpx.request(method, self.url + path, content=content, headers=headers, timeout=60)

    def result(self, name: str) -> dict[str, Any]:
        """What became of a check."""
        end = time.monotonic() + 100
        while (answer := self.ask(f"/checks/{name}").json())["state"] in {"waiting", "running"}:
            assert time.monotonic() < end, "the check never ended"
            time.sleep(0.1)
        return dict(answer)


@pytest.fixture(scope="module")
def running() -> Iterator[Running]:
    """The program, for all tests of the module."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with tempfile.TemporaryDirectory(prefix="dl-") as name:
        folder = Path(name)
        argv = [sys.executable, "-m", "checks", "--socket", f"{name}/checks.sock", "--key", f"{name}/key"]
        bots = [
            "--listen",
            f"127.0.0.1:{port}",
            "--bot-token",
            f"{name}/token",
            "--policies",
            str(ROOT / "policies"),
        ]
        with subprocess.Popen(
            [*argv, *bots, "--cache", f"{name}/cache"], cwd=ROOT, stdout=subprocess.PIPE, text=True
        ) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
            yield Running(folder, f"http://127.0.0.1:{port}", process)
            process.send_signal(signal.SIGTERM)
            assert process.wait(20) == 0
        assert not (folder / "checks.sock").exists()


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Repository:
    """A repository with a branch `good` and a branch `bad`."""
    made = repository(
        tmp_path_factory.mktemp("program") / "repository", {**CALCULATOR, ".doorless/checks.yaml": SUITE}
    )
    made.git("branch", "good", made.commit({"calc.py": "def add(a, b):\n    return b + a\n"}, on="main"))
    made.git(
        "branch",
        "bad",
        made.commit({"calc.py": "def add(a, b):\n    return eval('b')\n" * 2 + "eval(add)\n"}, on="main"),
    )
    return made


def bot(running: Running, made: Repository, head: str) -> subprocess.CompletedProcess[str]:
    """The bot of the page, as printed."""
    found = re.search(r"```python\n# bot\.py\n(.*?)```", PAGE, re.DOTALL)
    assert found
    assert len([line for line in found[1].splitlines() if line.strip()]) <= 20
    variables = {**os.environ, "CHECKS_URL": running.url, "CHECKS_TOKEN": str(running.folder / "token")}
    argv = [sys.executable, "-c", found[1], "main", head]
    return subprocess.run(
        argv, cwd=made.folder, env=variables, capture_output=True, text=True, check=False, timeout=100
    )


def test_the_bot_of_the_page_works(running: Running, made: Repository) -> None:
    """Twenty lines: 0 and nothing for a good change; 1 and each failure with its place for a bad one."""
    good = bot(running, made, "good")
    assert (good.returncode, good.stdout) == (0, ""), good.stderr
    bad = bot(running, made, "bad")
    assert bad.returncode == 1, bad.stderr
    assert "calc.py" in bad.stdout
    assert "eval" not in bad.stderr


def test_evidence_comes_in_lines_and_its_statements_are_signed(running: Running, made: Repository) -> None:
    """Progress first, the answer last; each statement opens with the home's key and names the head."""
    head = made.git("rev-parse", "bad")
    asked = {
        "repository": str(made.folder / ".git"),
        "base": made.git("rev-parse", "main"),
        "head": head,
        "kinds": ["semgrep", "tests"],
    }
    with running.socket as client:
        lines = [json.loads(line) for line in client.post("/evidence", json=asked).text.splitlines()]
    *progress, answer = lines
    assert progress
    assert all(list(line) == ["progress"] for line in progress)
    assert answer["evidence"] == {"semgrep": "failed", "tests": "failed"}
    assert {finding["rule"] for finding in answer["findings"]} == {"doorless.python.eval"}
    key = read_signer(running.folder / "key").public_key
    opened = [open_sealed(each, key) for each in answer["statements"]]
    assert [each["predicate"]["kind"] for each in opened] == ["semgrep", "tests"]
    assert {each["subject"][0]["digest"]["gitCommit"] for each in opened} == {head}
    with running.socket as client:
        (again,) = client.post("/evidence", json=asked).text.splitlines()
    told = json.loads(again)
    assert told["findings"] == answer["findings"]
    assert told["details"] == answer["details"], "of the same commits nothing is found out twice"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{}",
        b'{"repository":"relative","base":"%(id)s","head":"%(id)s","kinds":["tests"]}',
        b'{"repository":"/r","base":"main","head":"%(id)s","kinds":["tests"]}',
        b'{"repository":"/r","base":"%(id)s","head":"%(id)s","kinds":["jury"]}',
        b'{"repository":"/r","base":"%(id)s","head":"%(id)s","kinds":[]}',
        b'{"repository":"/' + b"r" * 100_000 + b'","base":"%(id)s","head":"%(id)s","kinds":["tests"]}',
    ],
    ids=["nothing", "half", "relative", "name", "unknown", "none", "endless"],
)
def test_a_question_that_is_none_is_refused(running: Running, body: bytes) -> None:
    """Nothing, half, a relative path, a name for an id, an unknown kind, no kind, a hundred kilobytes: 400."""
    with running.socket as client:
        answer = client.post("/evidence", content=body.replace(b"%(id)s", b"1" * 40))
    assert answer.status_code == 400
    assert answer.json()["remedy"]


def test_a_repository_that_is_none_could_not_run(running: Running) -> None:
    """The answer comes, and it is no pass."""
    asked = {"repository": "/usr", "base": "1" * 40, "head": "1" * 40, "kinds": ["semgrep", "tests"]}
    with running.socket as client:
        answer = json.loads(client.post("/evidence", json=asked).text.splitlines()[-1])
    assert answer["evidence"] == {"semgrep": "could_not_run", "tests": "could_not_run"}
    assert {each["code"] for each in answer["details"]} == {"not_a_repository"}


def test_bots_need_the_token_and_a_whole_question(running: Running) -> None:
    """No token and a wrong one: 401 on both routes; a missing name: 400; a check that there never was: 404."""
    for headers in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": running.token}):
        for method, path in (("POST", "/checks?role=a&base=b&head=c"), ("GET", "/checks/c-1")):
            assert httpx.request(method, running.url + path, headers=headers).status_code == 401
    assert running.ask("/checks?role=a&base=b", b"x").status_code == 400
    assert running.ask("/checks/c-1").status_code == 404
    assert (running.folder / "token").stat().st_mode & 0o777 == 0o600


def test_a_bundle_that_is_none_could_not_run(running: Running, made: Repository) -> None:
    """Garbage, a torn bundle, names that it does not hold: an answer with a code, and the next check is answered."""
    whole = subprocess.run(
        ["git", "bundle", "create", "-", "main", "good"], cwd=made.folder, capture_output=True, check=True
    ).stdout
    for content, head, code in (
        (b"no bundle", "good", "bundle_invalid"),
        (whole[:-200], "good", "bundle_invalid"),
        (whole, "other", "head_missing"),
    ):
        name = running.ask(f"/checks?role=pr-creator&base=main&head={head}", content).json()["id"]
        answer = running.result(name)
        assert (answer["state"], answer["code"]) == ("could_not_run", code)
        assert answer["remedy"]


def test_who_stops_waiting_stops_the_work(running: Running, tmp_path: Path) -> None:
    """When the gateway hangs up, the room with its tests is gone soon, long before its limit.

    Without the cancellation the tests went on for their twenty seconds.
    """
    slow = "import sys, time\ntime.sleep(1000)\n"
    made = repository(
        tmp_path / "repository", {**CALCULATOR, "runner.py": slow, ".doorless/checks.yaml": SUITE}
    )
    head = made.commit({"calc.py": "x = 1\n"})
    asked = {
        "repository": str(made.folder / ".git"),
        "base": made.git("rev-parse", "main"),
        "head": head,
        "kinds": ["tests"],
    }
    with running.socket as client, client.stream("POST", "/evidence", json=asked) as answer:
        lines = answer.iter_lines()  # kept: the answer is closed with its lines
        next(lines)
        until(lambda: bool(rooms(running)), "the room stands")
    began = time.monotonic()
    until(lambda: not rooms(running), "the room is gone")
    assert time.monotonic() - began < 15


def rooms(running: Running) -> set[str]:
    """The bubblewraps that the program started."""
    said = subprocess.run(
        ["pgrep", "-P", str(running.process.pid), "bwrap"], capture_output=True, text=True, check=False
    )
    return set(said.stdout.split())


def until(condition: Callable[[], bool], what: str) -> None:
    """Poll until it holds."""
    end = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < end, f"never happened: {what}"
        time.sleep(0.05)
