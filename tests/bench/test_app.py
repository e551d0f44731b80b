import os
import signal

import pytest

from bench import app, machine
from bench.failure import CannotMeasure

BEFORE = signal.getsignal(signal.SIGTERM)


def test_what_cannot_be_measured_ends_with_its_remedy(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Where the machine lacks something, nothing is started: the reason, what to do, and exit code 3."""

    def lacking() -> None:
        raise CannotMeasure("not on this machine: wrk", "apt-get install wrk")

    monkeypatch.setattr(machine, "check", lacking)
    assert app.main(["--quick"]) == 3
    shown = capsys.readouterr()
    assert "not on this machine: wrk" in shown.err
    assert "do: apt-get install wrk" in shown.err
    assert shown.out == ""


def test_an_interrupted_run_shows_no_figures(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Ctrl-C, and SIGTERM like it, end with 130 and without a table; afterwards signals do what they did before."""
    for number in (signal.SIGINT, signal.SIGTERM):
        monkeypatch.setattr(machine, "check", lambda number=number: os.kill(os.getpid(), number))
        assert app.main([]) == 130
    assert capsys.readouterr().out == ""
    assert signal.getsignal(signal.SIGTERM) is BEFORE
