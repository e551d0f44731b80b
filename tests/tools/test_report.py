import os
from pathlib import Path

import pytest

from tools import report
from tools.report import RootNeededError, SetupError, answer, run_logged, step


def test_a_step_prints_what_was_used(capsys: pytest.CaptureFixture[str]) -> None:
    """A step that went well is one line with its name, what it used, and its seconds."""
    step("opa", lambda: "opa 1.2.3, /there/opa")
    line = capsys.readouterr().out
    assert line.startswith("  opa ")
    assert "opa 1.2.3, /there/opa" in line
    assert line.endswith(" s]\n")


def test_a_failing_step_says_what_why_and_what_to_do(capsys: pytest.CaptureFixture[str]) -> None:
    """A failure prints all three on the error stream and is raised on."""

    def work() -> str:
        raise SetupError("it broke", "the disk\nis full", "make room")

    with pytest.raises(SetupError):
        step("opa", work)
    shown = capsys.readouterr()
    assert shown.out == ""
    for part in ("stopped at: opa", "it broke", "the disk\n    is full", "make room"):
        assert part in shown.err


def test_the_two_failures_have_their_own_status() -> None:
    """A caller can tell by the exit status whether root's help is what is missing."""
    assert (SetupError("", "", "").status, RootNeededError("", "", "").status) == (1, 3)


def test_a_failed_program_shows_the_end_of_what_it_said(tmp_path: Path) -> None:
    """The error holds the last lines and the log's path; the log holds all of it."""
    log = tmp_path / "logs" / "it.log"
    script = "i=0; while [ $i -lt 40 ]; do echo line $i; i=$((i+1)); done; echo worst >&2; exit 7"
    with pytest.raises(SetupError) as caught:
        run_logged(["/bin/sh", "-c", script], log, remedy="do this", environment=os.environ)
    assert "status 7" in caught.value.what
    assert str(log) in caught.value.what
    assert caught.value.why.endswith("line 39\nworst")
    assert "line 3\n" not in caught.value.why
    assert caught.value.remedy == "do this"
    assert log.read_text(encoding="utf-8").startswith("line 0\n")


def test_a_program_that_cannot_start_is_a_failed_step(tmp_path: Path) -> None:
    """A missing program is the same kind of failure, with the system's own reason."""
    with pytest.raises(SetupError, match="could not be started"):
        run_logged([str(tmp_path / "no")], tmp_path / "log", remedy="", environment=os.environ)


def test_long_work_shows_signs_of_life(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """While a program runs, its last line is shown again and again; here it waits until one was shown."""
    monkeypatch.setattr(report, "HEARTBEAT_S", 0.05)
    flag = tmp_path / "shown"

    class Screen:
        """Prints on, and tells the program when its line was seen."""

        def write(self, text: str) -> int:
            if "working on it" in text:
                flag.touch()
            return len(text)

        def flush(self) -> None: ...

    monkeypatch.setattr("sys.stdout", Screen())
    script = f"echo working on it; while [ ! -e {flag} ]; do :; done"
    run_logged(["/bin/sh", "-c", script], tmp_path / "log", remedy="", environment=os.environ)
    assert flag.exists()


def test_a_question_that_gets_no_answer_is_empty(tmp_path: Path) -> None:
    """A program that is missing or fails answers nothing; a working one answers what it prints."""
    assert answer([str(tmp_path / "no")], os.environ) == ""
    assert answer(["/bin/sh", "-c", "echo yes; exit 1"], os.environ) == ""
    assert answer(["/bin/sh", "-c", "echo yes"], os.environ) == "yes\n"
