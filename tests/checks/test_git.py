"""`checks.git`: one git at a time, in a fixed environment, within time and within bounds; and `sandbox.git_environment`."""

import os
import time
from pathlib import Path

import pytest

from checks.differences import differences
from checks.faults import CannotDescribe, Code, GitFailed
from checks.git import Git
from checks.raw_diff import UnexpectedForm
from sandbox.git_environment import SAFE_SETTINGS, git_environment
from tests.checks.objects import bare_repository

HANGS = ("-c", "alias.hang=!echo $$ >&2; sleep 60 & wait", "hang")
FLOODS = ("-c", "alias.flood=!yes", "flood")


@pytest.fixture
def git(tmp_path: Path) -> Git:
    (tmp_path / "home").mkdir()
    return Git(bare_repository(tmp_path / "git"), tmp_path / "home", time.monotonic() + 60)


def running_in(home: Path) -> list[str]:
    """The processes whose current folder is `home`."""
    found = []
    for each in Path("/proc").iterdir():
        try:
            if each.name.isdecimal() and (each / "cwd").readlink() == home:
                found.append(each.name)
        except OSError:
            continue  # it ended while we looked, or is not ours
    return found


def nothing_runs_in(home: Path) -> bool:
    """Whether all of them end within a few seconds."""
    until = time.monotonic() + 10
    while running_in(home):
        if time.monotonic() > until:
            return False
        time.sleep(0.01)
    return True


def test_it_says_what_git_says(git: Git) -> None:
    """Arguments in, bytes out, with what is given on standard input."""
    assert (
        git.run("hash-object", "--stdin", given=b"content\n") == b"d95f3ad14dee633a758d2e331151e950dd13e4ed\n"
    )


def test_a_git_that_fails_is_told_with_its_status_and_words(git: Git) -> None:
    """The caller knows what a failure means: it gets the status and the first words."""
    with pytest.raises(GitFailed) as raised:
        git.run("rev-parse", "--verify", "nothing")
    assert raised.value.status == 128
    assert "Needed a single revision" in raised.value.said


def test_at_the_deadline_git_and_all_that_it_started_is_killed(git: Git) -> None:
    """A hanging git with children ends at the deadline; without killing the group its child ran on."""
    with pytest.raises(CannotDescribe) as raised:
        Git(git.folder, git.home, time.monotonic() + 0.5).run(*HANGS)
    assert raised.value.code is Code.TOO_SLOW
    assert nothing_runs_in(git.home)


def test_what_says_too_much_is_killed(git: Git) -> None:
    """Output is cut at its limit, and so is its git."""
    with pytest.raises(CannotDescribe) as raised:
        Git(git.folder, git.home, git.deadline, most_bytes=1 << 20).run(*FLOODS)
    assert raised.value.code is Code.TOO_LARGE
    assert nothing_runs_in(git.home)


def test_a_stream_that_is_left_early_ends_its_git(git: Git) -> None:
    """Whoever has read enough leaves nothing running."""
    stream = git.stream(*FLOODS)
    assert next(stream).startswith(b"y\ny\n")
    stream.close()
    assert nothing_runs_in(git.home)


def test_a_failure_over_its_words_ends_its_git_at_once(git: Git, monkeypatch: pytest.MonkeyPatch) -> None:
    """While the error is still being told nothing of git runs any more.

    Without `closing` it ran until the collector found it, and was then complained about in whatever test came next.
    """
    monkeypatch.setattr("checks.differences._ARGUMENTS", FLOODS)
    with pytest.raises(UnexpectedForm) as told:
        differences(git, [("0" * 40, "1" * 40)])
    assert nothing_runs_in(git.home)
    assert told.value


def test_without_a_git_there_is_a_reason(git: Git, tmp_path: Path) -> None:
    """What cannot be started is told as such."""
    with pytest.raises(CannotDescribe) as raised:
        Git(git.folder, tmp_path / "gone", git.deadline).run("version")
    assert raised.value.code is Code.GIT_MISSING


def test_the_environment_is_its_own(git: Git, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing of our own process's environment reaches git: not its configuration, not its folders."""
    monkeypatch.setenv("GIT_OBJECT_DIRECTORY", "/nowhere")
    monkeypatch.setenv("GIT_CONFIG_PARAMETERS", "'core.bare=false'")
    said = git.run("-c", "alias.e=!env", "e")
    names = {line.partition("=")[0] for line in said.decode().splitlines()}
    assert names.isdisjoint({"GIT_OBJECT_DIRECTORY", "PYTHONPATH", "VIRTUAL_ENV"} & set(os.environ))
    assert f"HOME={git.home}" in said.decode().splitlines()


def test_later_settings_overrule_the_safe_ones() -> None:
    """Who must reach an upstream allows its one protocol; everything else stays forbidden."""
    environment = git_environment("/home", [("protocol.https.allow", "always")])
    count = int(environment["GIT_CONFIG_COUNT"])
    assert count == len(SAFE_SETTINGS) + 1
    assert environment[f"GIT_CONFIG_KEY_{count - 1}"] == "protocol.https.allow"
    assert environment["GIT_CONFIG_NOSYSTEM"] == "1"
