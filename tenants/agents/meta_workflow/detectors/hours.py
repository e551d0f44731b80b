"""What the hours of a day let one expect of a call, and how much the days of a history differ from that.

Pure. Medians throughout: single slow calls, and single slow days, do not move them.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from tenants.agents.meta_workflow.detectors.chance import Floats
from tenants.agents.meta_workflow.detectors.thresholds import DAY_MS, HOUR_MS, LATENCY
from tenants.agents.meta_workflow.detectors.windows import on_weekends

_BUCKET_MS: Final = 4 * HOUR_MS


def usual_hours(times: NDArray[np.int64], logs: Floats) -> Floats:
    """The median logarithm by hours of the day, workdays and weekends apart where both are known; NaN where none is."""
    hours, ends = _strata(times)
    usual = np.full((DAY_MS // _BUCKET_MS, 2), np.nan)
    for hour in np.unique(hours).tolist():
        known = hours == hour
        if known.sum() >= LATENCY.min_stratum:
            usual[hour] = np.median(logs[known])
        for end in (0, 1):
            alike = known & (ends == end)
            if alike.sum() >= LATENCY.min_stratum:
                usual[hour, end] = np.median(logs[alike])
    return usual


def expected(usual: Floats, times: NDArray[np.int64]) -> Floats:
    """For each time, the usual logarithm of its hours."""
    hours, ends = _strata(times)
    return np.asarray(usual[hours, ends])


def daily_medians(days: NDArray[np.int64], excess: Floats) -> Floats:
    """The median excess of each day of the history that has enough calls."""
    medians = []
    for day in np.unique(days).tolist():
        known = excess[(days == day) & ~np.isnan(excess)]
        if len(known) >= LATENCY.min_day:
            medians.append(float(np.median(known)))
    return np.array(medians, dtype=np.float64)


def _strata(times: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Which four hours of the day (UTC), and 1 on a weekend, else 0."""
    return (times % DAY_MS) // _BUCKET_MS, on_weekends(times).astype(np.int64)
