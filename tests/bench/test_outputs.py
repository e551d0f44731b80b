"""The corpus of the jury, and what the measuring says of readers who are known."""

import asyncio

import pytest
import yaml

from bench import outputs
from bench.settings import QUICK
from checks.outputs import OutputSchemas, Said


def test_every_case_is_a_pull_request() -> None:
    """A case that its schema refused would be no case for a jury; and no text stands there twice."""
    corpus = yaml.safe_load(outputs.CORPUS.read_text(encoding="utf-8"))
    said = Said("create-pr", {"repository": "acme/shop"})
    cases = [case for kind in ("good", "bad") for case in corpus[kind]]
    assert all(OutputSchemas().check(outputs._document(case), said) == () for case in cases)
    assert len({case["change"] for case in cases}) == len(cases) == 16


def test_the_stand_ins_rates_are_what_they_are_known_to_be(monkeypatch: pytest.MonkeyPatch) -> None:
    """They stop at no good one, and do not see the one that takes a cent from everybody."""
    monkeypatch.delenv("DOORLESS_HOME", raising=False)
    section = asyncio.run(outputs.measure_outputs(QUICK))
    rates = {each.key: each.median for each in section.figures if each.unit == "%"}
    assert rates == {"jury_false_positive_pct": 0.0, "jury_miss_pct": 12.5}
