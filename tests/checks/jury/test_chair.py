"""A juror's room as it is built for a real deliberation, with a library that does what the question says."""

import importlib.util
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from proof.vendors.environment import library_environment
from tests.sandbox.conftest import python_for_everybody

HERE = Path(__file__).parent
ROOM_UID = 60124
ORDINARY_UID = 60778
KINDS = ("root", "user") if os.geteuid() == 0 else ("user",)
NEEDED = ("checks/__init__.py", "decision/__init__.py", "decision/jury.py")


@dataclass(frozen=True)
class Chair:
    """Asks one juror, in a process that is root or an ordinary user."""

    kind: str
    interpreter: str
    folder: Path

    def ask(self, *questions: str) -> list[Any]:
        """The answers: a text, or why there is none and more about it."""
        root = self.kind == "root"
        spec = {
            "channel": str(self.folder / "channel"),
            "libraries": str(self.folder / "libraries"),
            "uid": ROOM_UID,
            "questions": questions,
        }
        drop = ["setpriv", f"--reuid={ORDINARY_UID}", f"--regid={ORDINARY_UID}", "--clear-groups", "--"]
        ran = subprocess.run(
            [
                *(drop if not root and os.geteuid() == 0 else []),
                sys.executable if root else self.interpreter,
                *("-c", (HERE / "asking.py").read_text()),
            ],
            env={
                "PYTHONPATH": str(Path.cwd() if root else self.folder / "site"),
                "PATH": os.environ["PATH"],
                "TMPDIR": str(self.folder / "tmp"),
                "ASKER_CANARY": "canary-of-the-asking-process",
            },
            input=json.dumps(spec),
            capture_output=True,
            text=True,
            timeout=100,
            check=False,
        )
        assert ran.returncode == 0, ran.stderr
        assert "canary" not in ran.stdout
        assert not list((self.folder / "tmp").iterdir()), "a room's folder goes with it"
        return [json.loads(line) for line in ran.stdout.splitlines()]


@pytest.fixture(scope="module")
def interpreter() -> Iterator[str]:
    """A Python that every user may run."""
    with tempfile.TemporaryDirectory(prefix="dl-python-", dir="/tmp") as name:
        Path(name).chmod(0o755)
        yield python_for_everybody(Path(name) / "python")


@pytest.fixture(params=KINDS)
def chair(request: pytest.FixtureRequest, interpreter: str) -> Iterator[Chair]:
    """Of each kind that this process can be."""
    with tempfile.TemporaryDirectory(prefix="dl-", dir="/tmp") as name:
        folder = Path(name)
        folder.chmod(0o755)
        library_environment(folder / "libraries", HERE / "odd_library.py", interpreter)
        (folder / "channel").mkdir(mode=0o755)
        (folder / "tmp").mkdir()
        (folder / "tmp").chmod(0o1777)
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(str(folder / "channel" / "gw.sock"))
            _copy_code(folder / "site")
            yield Chair(request.param, interpreter, folder)


def _copy_code(site: Path) -> None:
    """The code under test where an ordinary user may read it; a checkout may be private."""
    spare = shutil.ignore_patterns("__pycache__")
    for package in ("sandbox", "checks/jury"):
        shutil.copytree(package, site / package, ignore=spare)
    for file in NEEDED:
        (site / file).parent.mkdir(exist_ok=True)
        shutil.copy(file, site / file)
    for library in ("msgspec", "pyseccomp"):
        found = importlib.util.find_spec(library)
        assert found is not None
        assert found.origin is not None
        if found.submodule_search_locations:
            shutil.copytree(Path(found.origin).parent, site / library, ignore=spare)
        else:
            shutil.copy(found.origin, site)


def test_one_process_answers_all_that_its_juror_is_asked(chair: Chair) -> None:
    """Three questions, one of them larger than a pipe holds: the library is loaded once."""
    first, long, last = chair.ask("count", "length " + "x" * 300_000, "count")
    assert (first.split()[0], long, last.split()[0]) == ("1", "300000", "3")
    assert first.split()[1] == last.split()[1]


def test_who_is_given_up_on_or_ends_comes_back_with_an_empty_head(chair: Chair) -> None:
    """After silence and after a crash the next question is heard at once, in a new room."""
    answers = chair.ask("count", "hang", "count", "die", "count")
    assert answers[1] == ["timeout", "given up"]
    assert answers[3] == ["failed", "the juror's program ended with 3"]
    assert [answers[place].split()[0] for place in (0, 2, 4)] == ["1", "1", "1"]


def test_nobody_answers_for_another_question(chair: Chair) -> None:
    """What is printed beside the answer, in any form and under any number, is no answer; a full pipe ends that room only."""
    answers = chair.ask("chatter", "count", "ring", "count")
    assert answers[:2][0] == "mine"
    assert answers[1].split()[0] == "2"
    assert answers[2] == ("PermissionError" if chair.kind == "root" else "BlockingIOError")
    assert answers[3] if chair.kind == "root" else answers[3][0] == "failed"


def test_the_room_holds_its_questions_and_its_channel_and_nothing_else(chair: Chair) -> None:
    """No network, nothing to write to, nothing of whoever asks. Other users of the machine could read the questions once."""
    [seen] = chair.ask("look")
    assert seen == "no no no 1.json bell juror.json juror.py gw.sock"
