"""The walk of docs/authoring.md, word for word: a rule is written, tried, replayed over past decisions, and shipped."""

import asyncio
import contextlib
import io
import json
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from audit.folder import Places
from audit.reader import log_size
from authoring.replay.replay import Source
from doorless.cli import run_command
from doorless.create import create_home
from doorless.home import Home
from tests.audit.whole_logs import extend
from tests.authoring.histories import Past, request

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "authoring.md").read_text()
TRIED = ("--role", "crash-tracker", "--service", "crash-reporting")


@dataclass(frozen=True)
class Said:
    """What a command ended with, and what it printed."""

    code: int
    stdout: str
    stderr: str


@dataclass(frozen=True)
class Author:
    """Somebody in an empty folder, with a home whose log holds three decisions."""

    folder: Path
    home: Home
    past: Past

    def doorless(self, *words: str) -> Said:
        """Run a command as the command line does; in this process, which is four times as fast."""
        out, err = io.StringIO(), io.StringIO()
        with (
            pytest.MonkeyPatch.context() as patch,
            contextlib.chdir(self.folder),
            contextlib.redirect_stdout(out),
            contextlib.redirect_stderr(err),
        ):
            patch.setenv("DOORLESS_HOME", str(self.home.root))
            code = run_command(list(words))
        return Said(code, out.getvalue(), err.getvalue())


@pytest.fixture(scope="module")
def author(opa: Path) -> Iterator[Author]:
    """Made once: what one test writes the next one ships."""
    with tempfile.TemporaryDirectory(prefix="dl-") as folder:
        home = Home(Path(folder) / "h")
        create_home(home.root)
        past = Past(Path(folder), opa, now_ms=time.time_ns() // 1_000_000)
        past.source = Source(home.log, home.bundles, opa)
        calls = [request(path=f"/reports/{'x' * length}") for length in (1, 191, 192)]
        asyncio.run(past.decide(home.policies, calls))
        extend(Places.beside(home.log, home.log_key, home.log_signed), past.encoded())
        yield Author(Path(folder), home, past)


def written(name: str) -> str:
    """What the page says to write into that file."""
    (text,) = re.findall(rf"```rego\n# {re.escape(name)}\n(.*?)```", PAGE, re.DOTALL)
    return str(text)


def test_a_rule_written_by_the_page_passes_its_gates(author: Author, opa: Path) -> None:
    """The rule, its tests and its place among the denials, as the page has them."""
    new = shutil.copytree(author.home.policies, author.folder / "new")
    folder = new / "request/rules/path_too_long"
    folder.mkdir()
    for name in ("path_too_long.rego", "path_too_long_test.rego"):
        (folder / name).write_text(written(f"new/request/rules/path_too_long/{name}"))
    (named,) = re.findall(r"```rego\n(\t\trules\.\w+\.deny,\n)```", PAGE)
    entry = new / "request/request.rego"
    entry.write_text(
        entry.read_text().replace(
            "\t\trules.secret_outbound.deny,\n", f"\t\trules.secret_outbound.deny,\n{named}"
        )
    )
    said = author.doorless("policy", "check", "--policies", "new")
    assert said.code == 0, said.stdout
    # `doorless policy test` runs all of them, which takes ten times as long; that it does has a test of its own.
    some = ["--run", "path_too_long|data.request_test"]
    ran = subprocess.run(
        [opa, "test", "new", *some], cwd=author.folder, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stdout
    assert int(ran.stdout.rpartition("/")[2]) > 3


def test_a_call_is_tried_against_it(author: Author) -> None:
    """Allowed when it is short, denied by the new rule when it is long; the log knows nothing of either."""
    words = ("policy", "try", "--policies", "new", *TRIED)
    short = author.doorless(*words, "--path", "/reports/1")
    assert (short.code, short.stdout.split()[0]) == (0, "ALLOW")
    long = author.doorless(*words, "--path", f"/reports/{'x' * 192}", "--format", "json")
    assert long.code == 1
    document = json.loads(long.stdout)
    assert [reason["code"] for reason in document["reasons"]] == ["request.path_too_long"]
    assert log_size(author.home.log) == len(author.past.ids)


def test_it_is_replayed_over_what_was_decided(author: Author) -> None:
    """One of three decisions flips, in all three forms; against the home's own policies none does."""
    words = ("policy", "replay", "--since", "7d", "--against")
    text = author.doorless(*words, "new")
    assert text.code == 1, text.stderr
    assert author.past.ids[2] in text.stdout
    assert "1 of 3 reproduced decisions flip." in text.stdout
    document = json.loads(author.doorless(*words, "new", "--format", "json").stdout)
    assert document["flips"][0]["rules"] == ["request.rules.path_too_long"]
    markdown = author.doorless(*words, "new", "--format", "markdown").stdout
    assert (
        f"| 1 | allow to deny | `request.rules.path_too_long` | crash-tracker | `{author.past.ids[2]}` |"
        in markdown
    )
    same = author.doorless(*words, str(author.home.policies))
    assert (same.code, same.stderr) == (0, "")


def test_the_example_is_explained(author: Author) -> None:
    """By the policies that allowed it, in text, JSON and HTML."""
    name = author.past.ids[2]
    text = author.doorless("policy", "explain", name)
    assert text.code == 0, text.stderr
    assert "request.rules.role_grant (grant)" in text.stdout
    assert "path_too_long" not in text.stdout
    assert json.loads(author.doorless("policy", "explain", name, "--format", "json").stdout)["id"] == name
    assert name in author.doorless("policy", "explain", name, "--format", "html").stdout
    unknown = author.doorless("policy", "explain", "d-" + "z" * 26)
    assert (unknown.code, unknown.stdout) == (1, "")


def test_what_cannot_be_done_is_said_with_exit_code_2(author: Author) -> None:
    """A candidate that does not compile, a folder that is none, a role that is none, nothing to explain."""
    broken = shutil.copytree(author.home.policies, author.folder / "broken")
    (broken / "request/request.rego").write_text("package request\n\nbroken if {\n")
    said = author.doorless("policy", "replay", "--against", "broken")
    assert (said.code, said.stdout) == (2, "")
    assert "request/request.rego:" in said.stderr
    for words in (
        ("replay", "--against", "nowhere"),
        ("replay", "--against", "new", "--since", "last week"),
        ("try", "--role", "nobody", "--service", "telemetry", "--path", "/query"),
        (
            "try",
            "--role",
            "telemetry-analyzer",
            "--service",
            "telemetry",
            "--path",
            "/query",
            "--body",
            "nofile",
        ),
        ("explain",),
        ("explain", "d-x", "--role", "crash-tracker"),
    ):
        said = author.doorless("policy", *words)
        assert said.code == 2, words
        assert "do:" in said.stderr


def test_a_replay_of_nothing_never_looks_like_one_without_flips(author: Author, tmp_path: Path) -> None:
    """Bundles that are gone, and a log that is gone, end it with 2; a role that decided nothing is said."""
    words = ("policy", "replay", "--against", "new")
    kept = author.home.bundles.rename(tmp_path / "bundles")
    said = author.doorless(*words)
    kept.rename(author.home.bundles)
    assert said.code == 2
    assert "says nothing of the candidate" in said.stdout
    log = author.home.log.rename(author.folder / "log")
    said = author.doorless(*words)
    log.rename(author.home.log)
    assert (said.code, said.stdout) == (2, "")
    assert "The log cannot be read" in said.stderr
    assert "no decision in the log" in author.doorless(*words, "--role", "pr-creator").stdout


def test_it_is_shipped(author: Author) -> None:
    """Last: the copy takes the place of the home's policies, which decide by the new rule."""
    shutil.copytree(author.folder / "new", author.home.policies, dirs_exist_ok=True)
    words = (*TRIED, "--path", f"/reports/{'x' * 192}")
    assert "request.path_too_long" in author.doorless("policy", "try", *words).stdout
