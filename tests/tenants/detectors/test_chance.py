"""Probabilities: cautious with few data, near to the textbook's with many, adjusted for many tests."""

import numpy as np
import pytest
from scipy import stats

from tenants.agents.meta_workflow.detectors.chance import (
    adjusted,
    alarming,
    heavy_tail,
    larger,
    more_hits,
    more_than_days,
)


def test_many_tests_make_a_small_p_value_larger() -> None:
    """Bonferroni: multiplied by the tests of a week, at most 1, and never made smaller by fewer than one."""
    assert adjusted(0.01, 3) == pytest.approx(0.03)
    assert adjusted(0.5, 10) == 1.0
    assert adjusted(0.04, 0.1) == 0.04
    assert alarming(0.05)
    assert not alarming(0.0501)


def test_with_a_long_past_hits_are_binomial() -> None:
    """A million trials before leave no doubt about the share."""
    exact = float(stats.binom.sf(9, 50, 0.1))
    assert more_hits(10, 50, 100_000, 1_000_000) == pytest.approx(exact, rel=0.01)


def test_with_a_short_past_hits_are_less_surprising() -> None:
    """No failure among ten says less than no failure among ten thousand."""
    assert more_hits(5, 20, 0, 10) > 100 * more_hits(5, 20, 0, 10_000)


def test_fractions_are_rounded_towards_no_alarm() -> None:
    """Clumps make fractions: 3.9 of 10.2 is no more surprising than 3 of 11."""
    assert more_hits(3.9, 10.2, 1, 100) == more_hits(3, 11, 1, 100)


def test_few_days_cannot_pass_for_a_quiet_life() -> None:
    """Two equal days do not make a third that is a tenth slower an event; without the prior spread p would be 0."""
    same = np.zeros(2)
    assert more_than_days(0.1, same, spread=0.15, days=8.0) > 0.2
    assert more_than_days(1.1, same, spread=0.15, days=8.0) < 0.001


def test_restless_days_excuse_a_restless_one() -> None:
    """The same shift is an event where days were alike, and none where they never were."""
    quiet, restless = np.full(14, 0.01), np.array([-0.6, 0.5] * 7)
    assert more_than_days(0.8, quiet, spread=0.15, days=8.0) < 1e-5
    assert more_than_days(0.8, restless, spread=0.15, days=8.0) > 0.01


def test_larger_is_one_sided() -> None:
    """Shorter times are nobody's problem."""
    low, high = np.arange(40, dtype=np.float64), np.arange(40, dtype=np.float64) + 30
    assert larger(high, low) < 0.001
    assert larger(low, high) > 0.999


def test_tails_are_heavier_than_normal_ones() -> None:
    """Four standard deviations are no one-in-30,000 event among things that are not normally distributed."""
    assert heavy_tail(4.0, 5.0) > 50 * float(stats.norm.sf(4.0))
