"""Accuracy of a rules file on labelled samples, as a program that a later judge can call."""

import json
from pathlib import Path

import pytest

from tenants.agents.telemetry_analyzer.accuracy import SHIPPED_SAMPLES, load_samples, main, measure
from tenants.agents.telemetry_analyzer.generate import samples
from tenants.agents.telemetry_analyzer.rules import CLASSES, load
from tenants.agents.telemetry_analyzer.settings import SHIPPED_RULES


def test_the_shipped_samples_are_what_the_generator_writes() -> None:
    """The committed samples and the generator agree."""
    stored = [json.loads(line) for line in SHIPPED_SAMPLES.read_text().splitlines()]
    assert stored == samples()
    assert {sample["label"] for sample in stored} == set(CLASSES)


def test_the_shipped_rules_are_good_and_can_be_better() -> None:
    """The shipped rules are right on nine of ten samples and leave room for an improvement."""
    measured = measure(load(SHIPPED_RULES), load_samples(SHIPPED_SAMPLES))
    assert 0.90 <= measured.accuracy < 0.97


def test_worse_rules_measure_worse(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Counting everything as noise is right on the noise alone, and the numbers say so."""
    worse = tmp_path / "rules.yaml"
    worse.write_text("version: 1\ndefault: noise\nrules: []\n")
    assert main(["--rules", str(worse), "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["samples"] == 240
    assert document["accuracy"] == round(80 / 240, 4)
    assert document["classes"]["noise"] == {"samples": 80, "recall": 1.0, "precision": round(80 / 240, 4)}
    assert document["classes"]["saturation"] == {"samples": 40, "recall": 0.0, "precision": 0.0}


def test_better_rules_measure_better(tmp_path: Path) -> None:
    """An improvement of one limit shows as a higher accuracy."""
    better = tmp_path / "rules.yaml"
    better.write_text(
        SHIPPED_RULES.read_text().replace("min_level: 88, min_minutes: 30", "min_level: 84, min_z: 8")
    )
    stored = load_samples(SHIPPED_SAMPLES)
    assert measure(load(better), stored).accuracy > measure(load(SHIPPED_RULES), stored).accuracy


@pytest.mark.parametrize(
    "line",
    [
        "",
        "x",
        "[]",
        "{}",
        '{"label": "noise"}',
        '{"label": "bad", "direction": "up"}',
        '{"label": "noise", "direction": "up", "x": 1}',
    ],
)
def test_a_sample_that_cannot_be_read_stops_the_measurement(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], line: str
) -> None:
    """A broken line is an error with its number, never a sample left out."""
    broken = tmp_path / "samples.jsonl"
    broken.write_text(SHIPPED_SAMPLES.read_text() + line + "\n")
    assert main(["--samples", str(broken)]) == 2
    assert "samples.jsonl:241:" in capsys.readouterr().err


def test_no_samples_and_no_rules_are_errors(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """An empty or missing file measures nothing."""
    (tmp_path / "empty").write_text("")
    assert main(["--samples", str(tmp_path / "empty")]) == 2
    assert main(["--samples", str(tmp_path / "none")]) == 2
    assert main(["--rules", str(tmp_path / "none")]) == 2
    assert "holds no sample" in capsys.readouterr().err


def test_people_get_a_table(capsys: pytest.CaptureFixture[str]) -> None:
    """Without --json the numbers come as a table with every class."""
    assert main([]) == 0
    printed = capsys.readouterr().out
    assert printed.startswith("accuracy 9")
    assert all(name in printed for name in CLASSES)
