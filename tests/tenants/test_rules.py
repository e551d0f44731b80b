"""The rules file: what it may say, how it decides, and how it is refused."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tenants.agents.telemetry_analyzer.model import Traits
from tenants.agents.telemetry_analyzer.rules import RulesError, classify, load, read
from tenants.agents.telemetry_analyzer.settings import SHIPPED_RULES

TRAITS = Traits(metric="latency_ms", direction="up", ratio=2.0, minutes=60, peak_z=20.0, level=400.0)


def rules(*when: dict[str, Any]) -> dict[str, Any]:
    names = ["latency-regression", "error-burst"]
    listed = [{"class": name, "when": one} for name, one in zip(names, when, strict=False)]
    return {"version": 1, "default": "noise", "rules": listed}


@pytest.mark.parametrize(
    ("when", "holds"),
    [
        ({"metric": "latency_ms"}, True),
        ({"metric": "errors"}, False),
        ({"direction": "up"}, True),
        ({"direction": "down"}, False),
        ({"min_ratio": 2.0}, True),
        ({"min_ratio": 2.1}, False),
        ({"max_ratio": 2.0}, True),
        ({"max_ratio": 1.9}, False),
        ({"min_minutes": 60}, True),
        ({"min_minutes": 61}, False),
        ({"min_z": 20}, True),
        ({"min_z": 21}, False),
        ({"min_level": 400}, True),
        ({"min_level": 401}, False),
        ({"metric": "latency_ms", "direction": "down"}, False),
    ],
)
def test_every_condition_counts(when: dict[str, Any], holds: bool) -> None:
    """A rule holds when all its conditions hold, limits included."""
    assert classify(read(rules(when)), TRAITS) == ("latency-regression" if holds else "noise")


def test_the_first_rule_that_holds_decides() -> None:
    """Of two rules that hold, the first names the class."""
    assert classify(read(rules({"direction": "up"}, {"direction": "up"})), TRAITS) == "latency-regression"
    assert classify(read(rules({"direction": "down"}, {"direction": "up"})), TRAITS) == "error-burst"


def test_the_shipped_rules_name_each_class() -> None:
    """A clear case of each class is classified as that, and a short one as noise."""
    shipped = load(SHIPPED_RULES)
    assert classify(shipped, TRAITS) == "latency-regression"
    assert classify(shipped, replace(TRAITS, metric="errors", ratio=9.0)) == "error-burst"
    assert (
        classify(shipped, replace(TRAITS, metric="requests", direction="down", ratio=0.2)) == "traffic-drop"
    )
    assert classify(shipped, replace(TRAITS, metric="cpu_percent", level=97.0)) == "saturation"
    assert classify(shipped, replace(TRAITS, minutes=15)) == "noise"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("version: 2\ndefault: noise\nrules: []", "version must be 1"),
        ("version: 1\ndefault: nothing\nrules: []", "default is 'nothing'"),
        ("version: 1\nrules: []", "default is None"),
        ("version: 1\ndefault: noise", "rules must be a list"),
        ("version: 1\ndefault: noise\nrules: []\nextra: 1", "unknown key 'extra'"),
        ("version: 1\nversion: 1\ndefault: noise\nrules: []", "stands twice"),
        ("1: 1", "is no text"),
        ("[]", "must be a mapping"),
        ("a: b: c", "not proper YAML"),
        ("a: !!python/object:os.system x", "not proper YAML"),
        ("version: 1\ndefault: noise\nrules: [{class: noise, when: {}}]", "rules[0].when is empty"),
        ("version: 1\ndefault: noise\nrules: [{class: noise}]", "rules[0].when must be a mapping"),
        ("version: 1\ndefault: noise\nrules: [{class: bad, when: {min_z: 1}}]", "rules[0].class is 'bad'"),
        (
            "version: 1\ndefault: noise\nrules: [{class: noise, when: {metric: x}}]",
            "rules[0].when.metric is 'x'",
        ),
        ("version: 1\ndefault: noise\nrules: [{class: noise, when: {min_z: yes}}]", "min_z is True"),
        ("version: 1\ndefault: noise\nrules: [{class: noise, when: {min_q: 1}}]", "unknown key 'min_q'"),
    ],
)
def test_a_wrong_file_is_refused_by_name(tmp_path: Path, text: str, sentence: str) -> None:
    """Whatever the file may not say is refused with the place, and never read as something near it."""
    path = tmp_path / "rules.yaml"
    path.write_text(text)
    with pytest.raises(RulesError) as caught:
        load(path)
    assert sentence in str(caught.value)
    assert str(path) in str(caught.value)


def test_a_missing_file_is_said() -> None:
    """A file that is not there is a rules error."""
    with pytest.raises(RulesError, match="cannot read"):
        load(Path("nowhere.yaml"))
