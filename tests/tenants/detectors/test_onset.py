"""Change points: near where the stream changed, and inside it."""

from random import Random

from tenants.agents.meta_workflow.detectors.onset import onset


def test_a_shift_is_placed_near_its_begin() -> None:
    """Three hundred calls, slower from the 150th on: told within thirty calls of it."""
    chance = Random(3)
    values = [chance.gauss(0.0, 0.3) + (1.0 if place >= 150 else 0.0) for place in range(300)]
    assert abs(onset(list(range(300)), values, -1) - 150) <= 30


def test_without_a_shift_the_other_time_is_told() -> None:
    """Nothing changed, or nothing is there: the caller's own answer."""
    assert onset([1, 2, 3], [0.0, 0.0, 0.0], 77) == 77
    assert onset([], [], 78) == 78
