import pytest

from bench.figure import AtLeast, AtMost, Figure, Section, misses, ratios
from bench.targets import TARGETS, figure


def test_the_median_counts_not_the_order(slow: Figure) -> None:
    """A figure is the median of its runs, whatever their order, and one lucky run does not save it."""
    assert slow.median == 2.0
    assert slow.verdict == "MISS"


@pytest.mark.parametrize(
    ("target", "value", "verdict"),
    [
        (AtMost(220), 220.0, "ok"),
        (AtMost(220), 220.1, "MISS"),
        (AtLeast(2500), 2500.0, "ok"),
        (AtLeast(2500), 2499.9, "MISS"),
        (None, 1.0, ""),
    ],
)
def test_a_target_is_kept_or_missed(target: AtMost | AtLeast | None, value: float, verdict: str) -> None:
    """The promised value itself is kept; the least bit beyond it is a miss; without a target there is no verdict."""
    assert Figure("key", "name", "us", (value,), target).verdict == verdict


def test_misses_are_found_in_every_section(slow: Figure) -> None:
    """Each figure that misses is listed, in order, and no other."""
    fine = Figure("fine", "fine", "ms", (1.0,), AtMost(2))
    sections = (Section("one", (fine, slow)), Section("two", (fine,)), Section("three", (slow,)))
    assert misses(sections) == (slow, slow)


def test_a_ratio_is_of_one_run() -> None:
    """Each run is compared with the run beside it, never with a median of another moment."""
    assert ratios((10.0, 30.0), (20.0, 10.0)) == (0.5, 3.0)
    with pytest.raises(ValueError, match="zip"):
        ratios((1.0,), (1.0, 2.0))


def test_what_was_promised_is_held_against_its_figure() -> None:
    """A figure takes its target from the one table of promises; other figures have none."""
    assert figure("gateway_cpu_us", "gateway", "us", [1.0]).target is TARGETS["gateway_cpu_us"]
    assert figure("token_sign_us", "signing", "us", [1.0]).target is None
