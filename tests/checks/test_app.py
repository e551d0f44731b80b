"""`python -m checks` as a process, and its `/describe` as the gateway sees it."""

import os
import signal
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import httpx
import msgspec
import pytest

from decision.change import DescribedChange
from tests.checks.objects import NO_ID
from tests.checks.repositories import Repository, repository

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def socket() -> Iterator[Path]:
    """The socket of running checks; at the end SIGTERM must end them with 0."""
    with tempfile.TemporaryDirectory(prefix="dl-") as folder:
        path = Path(folder, "checks.sock")
        process = start(path)
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        yield path
        process.send_signal(signal.SIGTERM)
        assert process.communicate(timeout=20) == ("", "")
        assert process.returncode == 0
        assert not path.exists()


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Repository:
    found = repository(tmp_path_factory.mktemp("repository") / "work", {"a.txt": "1\n"})
    found.git("checkout", "-qb", "change")
    found.commit({"b.txt": "2\n"})
    return found


def start(path: Path) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-m", "checks", "--socket", str(path)],
        cwd=ROOT,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )


def asked(socket: Path, document: object) -> httpx.Response:
    with httpx.Client(transport=httpx.HTTPTransport(uds=str(socket)), timeout=60) as client:
        return client.post("http://checks/describe", json=document)


def question(made: Repository, **other: object) -> dict[str, object]:
    head = made.git("rev-parse", "change")
    return {
        "repository": str(made.folder),
        "objects": "",
        "base_ref": "main",
        "base": made.git("rev-parse", "main"),
        "updates": [{"name": "refs/heads/agent/x", "old": NO_ID, "new": head}],
        **other,
    }


def test_a_change_is_answered_with_its_facts(socket: Path, made: Repository) -> None:
    """200 with `DescribedChange`, complete: it decodes with no field missing and none unknown."""
    answer = asked(socket, question(made))
    assert answer.status_code == 200
    described = msgspec.json.decode(answer.content, type=DescribedChange, strict=True)
    facts = described.facts
    assert [(file.path, file.change, file.lines) for file in facts.files] == [("b.txt", "add", 1)]
    assert (facts.base.ref, facts.refs[0].change) == ("main", "create")


def test_what_cannot_be_described_is_422_with_code_and_remedy(socket: Path, made: Repository) -> None:
    """No facts are no pass: a code that stays, what happened, what to do."""
    answer = asked(socket, question(made, base="0123456789" * 4))
    assert answer.status_code == 422
    assert answer.json()["code"] == "base_missing"
    assert set(answer.json()) == {"code", "message", "remedy"}
    assert asked(socket, question(made, repository="/nowhere")).json()["code"] == "not_a_repository"


@pytest.mark.parametrize(
    "other",
    [
        {"repository": "relative"},
        {"objects": "relative"},
        {"base": "main"},
        {"base": "--all"},
        {"updates": []},
        {"updates": [{"name": "x", "old": NO_ID, "new": "HEAD"}]},
        {"unknown": 1},
    ],
    ids=str,
)
def test_a_question_that_asks_nothing_is_400(
    socket: Path, made: Repository, other: dict[str, object]
) -> None:
    """Names, options and relative folders never get to git."""
    answer = asked(socket, question(made, **other))
    assert (answer.status_code, answer.json()["code"]) == (400, "request.invalid")


def test_a_question_that_is_too_large_is_413(socket: Path, made: Repository) -> None:
    """What no change needs is not read."""
    assert asked(socket, question(made, base_ref="x" * (1 << 20))).status_code == 413


def test_only_this_user_may_ask(socket: Path) -> None:
    """The socket has mode 0600."""
    assert stat.S_IMODE(socket.stat().st_mode) == 0o600


def test_a_second_process_leaves_the_first_alone(socket: Path, made: Repository) -> None:
    """71, a sentence, and the first goes on."""
    second = start(socket)
    out, error = second.communicate(timeout=20)
    assert (second.returncode, out) == (71, "")
    assert "somebody serves it already" in error
    assert asked(socket, question(made)).status_code == 200
