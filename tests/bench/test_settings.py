from pathlib import Path

import pytest

from bench.settings import FULL, QUICK, parse


def test_a_result_needs_at_least_three_runs() -> None:
    """Without options everything is measured at least three times."""
    settings = parse([])
    assert settings.effort is FULL
    assert settings.json is None
    assert not settings.soak
    assert min(FULL.rounds, FULL.starts) >= 3


def test_a_quick_look_and_a_file_can_be_asked_for(tmp_path: Path) -> None:
    """The two options do what they say."""
    settings = parse(["--quick", "--json", str(tmp_path / "figures.json")])
    assert settings.effort is QUICK
    assert settings.json == tmp_path / "figures.json"


def test_anything_else_is_wrong_usage(capsys: pytest.CaptureFixture[str]) -> None:
    """An option that does not exist ends the program with 2."""
    with pytest.raises(SystemExit) as ended:
        parse(["--rounds", "5"])
    assert ended.value.code == 2
    assert "--rounds" in capsys.readouterr().err
