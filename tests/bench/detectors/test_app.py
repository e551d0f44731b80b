"""`python -m bench.detectors`: tables, a file for programs, a line and an exit code for what does not hold."""

import json
from pathlib import Path

import pytest

from bench.detectors import app
from proof.histories.model import DAY_MS, Fault, Story

BEGIN = 1_760_054_400_000


def test_figures_are_shown_and_written_and_a_miss_is_exit_1(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Two short histories: a burst that is found, a slowdown without enough of a past, and sizes nobody tried."""
    faults = (
        Fault("denials", "crash-tracker", 40.0, BEGIN + 8 * DAY_MS, BEGIN + 8 * DAY_MS + 3_600_000),
        Fault("slowdown", "telemetry-analyzer", 5.0, BEGIN, BEGIN + DAY_MS),
    )
    told = [Story(1, BEGIN, 9, faults), Story(2, BEGIN, 3)]
    monkeypatch.setattr(app, "stories", lambda times, without: told if (times, without) == (1, 2) else [])
    assert app.main(["--quick", "--json", str(tmp_path / "figures.json")]) == app.MISSED
    shown = capsys.readouterr().out
    assert "2 histories of 9 days, 1 of them without a fault" in shown
    assert "MISS slowdown 5 x: recall 0.00, promised 0.9" in shown
    assert "MISS denials 40" not in shown
    figures = json.loads((tmp_path / "figures.json").read_text())
    (row,) = [one for one in figures["faults"] if (one["kind"], one["size"]) == ("denials", 40)]
    assert row["recall"] == 1.0
    assert 0 < row["delays_h"][0] <= 6


def test_wrong_usage_is_exit_2(capsys: pytest.CaptureFixture[str]) -> None:
    """And the help says what the codes mean."""
    with pytest.raises(SystemExit) as left:
        app.main(["--wrong"])
    assert left.value.code == 2
    with pytest.raises(SystemExit):
        app.main(["--help"])
    assert "Exit codes" in capsys.readouterr().out
