"""Findings of alarms: neighbours are one, evidence is bounded, and the least likely window speaks."""

import msgspec
import pytest

from tenants.agents.meta_workflow.detectors.episodes import Alarm, chosen, findings, with_onset
from tenants.agents.meta_workflow.detectors.thresholds import HOUR_MS, MAX_EVIDENCE
from tenants.agents.meta_workflow.model import Effect, Window


def alarm(hour: int, p: float = 0.01, *, role: str = "r", subject: str = "s/a", evidence: int = 0) -> Alarm:
    window = Window(hour * HOUR_MS, (hour + 24) * HOUR_MS)
    effect = Effect("ratio", 2.0 + p, "ms")
    return Alarm(
        role, "s", subject, window, Window(0, window.from_ms), p, effect, (evidence,), {"calls": 1.0}
    )


def test_overlapping_windows_are_one_finding() -> None:
    """Its window spans them, its figures are those of the least likely, its evidence is everybody's."""
    (found,) = findings(
        "latency", "degradation", [alarm(6, 0.02, evidence=5), alarm(0, evidence=3), alarm(12, evidence=9)]
    )
    assert found.window == (0, 36 * HOUR_MS)
    assert found.confidence == 0.99
    assert found.entries == (3, 5, 9)
    assert (found.numbers["entries"], found.numbers["windows"], found.numbers["subjects"]) == (3, 3, 1)
    assert found.numbers["first_seen_ms"] == 24 * HOUR_MS


def test_trouble_that_comes_again_is_another_finding() -> None:
    """Two days later is not the same stretch."""
    assert len(findings("latency", "degradation", [alarm(0), alarm(72)])) == 2


def test_routes_of_one_service_are_one_finding_and_roles_never_are() -> None:
    """One problem of one role: the route that stands out gives its name."""
    found = findings(
        "latency", "degradation", [alarm(0, 0.03), alarm(0, 0.01, subject="s/b"), alarm(0, role="q")]
    )
    assert [(one.role, one.subject, one.numbers["subjects"]) for one in found] == [
        ("q", "s/a", 1),
        ("r", "s/b", 2),
    ]


def test_the_order_of_alarms_does_not_matter() -> None:
    """The same alarms, told in another order, are the same findings."""
    alarms = [alarm(0), alarm(6, subject="s/b"), alarm(12, 0.001), alarm(99)]
    assert findings("x", "drift", alarms) == findings("x", "drift", alarms[::-1])


def test_evidence_is_bounded_ascending_and_keeps_its_ends() -> None:
    """A thousand entries are told by fifty, the first and the last among them, and counted."""
    picked = chosen([*range(999, -1, -1), 5, 5])
    assert len(picked) == MAX_EVIDENCE
    assert list(picked) == sorted(set(picked))
    assert (picked[0], picked[-1]) == (0, 999)
    assert chosen([3, 1, 3]) == (1, 3)


@pytest.mark.parametrize(("began", "begins"), [(5, 5), (-7, 0), (23, 12)])
def test_a_window_never_begins_after_its_middle(began: int, begins: int) -> None:
    """A change point may sharpen a window, and cannot make it empty or longer."""
    assert with_onset(alarm(0), began * HOUR_MS).window == (begins * HOUR_MS, 24 * HOUR_MS)


def test_a_finding_can_be_written_down() -> None:
    """Nothing in it is a type of numpy's: a finding becomes JSON as it is, and is never certain."""
    (found,) = findings("latency", "degradation", [alarm(0, 0.0)])
    assert msgspec.json.encode(found)
    assert found.confidence < 1
