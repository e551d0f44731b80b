"""How likely a difference is by chance: the one module that asks scipy, and the one that adjusts for many tests.

Pure. Every p-value is one-sided, and adjusted by Bonferroni over the tests that a detector makes of a role in a week:
that is what makes false alarms per role and week something that can be promised.
"""

import math

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from tenants.agents.meta_workflow.detectors.thresholds import ALPHA

Floats = NDArray[np.float64]


def adjusted(p: float, tests_a_week: float) -> float:
    """The p-value after as many tests as are made in a week (Bonferroni), 1 at most."""
    return min(1.0, p * max(1.0, tests_a_week))


def alarming(adjusted_p: float) -> bool:
    """Whether so small a p-value is a finding."""
    return adjusted_p <= ALPHA


def more_than_days(shift: float, daily: Floats, *, spread: float, days: float) -> float:
    """How likely one more day lies `shift` above what the `daily` figures (at least two) centre on.

    The spread between days is theirs, mixed with a prior `spread` that is worth `days` observations (a Student
    distribution, as the scaled inverse chi-squared prior gives): few days cannot pass for a quiet life.
    """
    count = len(daily)
    freedom = days + count - 1
    scatter = float(np.sum((daily - daily.mean()) ** 2))
    scale = math.sqrt((days * spread**2 + scatter) / freedom) * math.sqrt(1 + 1 / count)
    return float(stats.t.sf((shift - float(daily.mean())) / scale, df=freedom))


def larger(recent: Floats, before: Floats) -> float:
    """Mann-Whitney U: how likely `recent` is so much larger than `before` by chance."""
    return float(stats.mannwhitneyu(recent, before, alternative="greater", method="asymptotic").pvalue)


def more_hits(hits: float, trials: float, past_hits: float, past_trials: float) -> float:
    """How likely as many hits or more are, given the past share: beta-binomial, from Jeffreys' prior.

    The past is a sample too, hence not the plain binomial. Counts may be fractions (clumps); they are rounded so
    that the answer is never too small.
    """
    past_misses = max(0.0, past_trials - past_hits)
    needed, of = math.floor(hits + 1e-9), max(math.ceil(trials - 1e-9), math.floor(hits + 1e-9))
    return float(stats.betabinom.sf(needed - 1, of, past_hits + 0.5, past_misses + 0.5))


def heavy_tail(z: float, freedom: float) -> float:
    """How likely a standardised value is so large or larger, under Student's distribution."""
    return float(stats.t.sf(z, df=freedom))
