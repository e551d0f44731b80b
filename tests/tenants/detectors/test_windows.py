"""Windows over times: where there is data, with the history before, and never step by step through a gap."""

import numpy as np

from tenants.agents.meta_workflow.detectors.thresholds import BASELINE_MS, DAY_MS, HOUR_MS
from tenants.agents.meta_workflow.detectors.windows import days_before, is_weekend, views
from tests.tenants.detectors.rig import MONDAY

SIX = 6 * HOUR_MS


def test_a_window_ends_at_each_step_with_data_and_its_history_before_it() -> None:
    """Places and times agree: what is in the window is not in its baseline."""
    times = np.arange(MONDAY, MONDAY + 3 * DAY_MS, HOUR_MS, dtype=np.int64)
    last = list(views(times, DAY_MS, SIX))[-1]
    assert last.window == (MONDAY + 2 * DAY_MS, MONDAY + 3 * DAY_MS)
    assert last.baseline == (MONDAY, MONDAY + 2 * DAY_MS)
    assert (last.base_begin, last.begin, last.end) == (0, 48, 72)


def test_history_reaches_back_so_far_and_no_further() -> None:
    """Forty days are held against fourteen."""
    times = np.arange(MONDAY, MONDAY + 40 * DAY_MS, SIX, dtype=np.int64)
    last = list(views(times, DAY_MS, SIX))[-1]
    assert last.window.from_ms - last.baseline.from_ms == BASELINE_MS


def test_a_gap_of_a_century_is_not_walked_through() -> None:
    """One entry in the far future is one window, not a hundred thousand."""
    times = np.array([MONDAY, MONDAY + HOUR_MS, MONDAY + 36_500 * DAY_MS], dtype=np.int64)
    assert len(list(views(times, HOUR_MS, HOUR_MS))) <= 3


def test_nothing_has_no_windows() -> None:
    """No times, no windows."""
    assert list(views(np.array([], dtype=np.int64), DAY_MS, SIX)) == []


def test_days_are_counted_back_from_the_window() -> None:
    """The last day before is day 0."""
    times = np.array([MONDAY - 1, MONDAY - DAY_MS, MONDAY - DAY_MS - 1], dtype=np.int64)
    assert days_before(times, MONDAY).tolist() == [0, 0, 1]


def test_weekends() -> None:
    """Saturday and Sunday in UTC, from midnight to midnight."""
    assert [is_weekend(MONDAY + day * DAY_MS) for day in range(7)] == [False] * 5 + [True] * 2
    assert not is_weekend(MONDAY - 7 * DAY_MS)
    assert is_weekend(MONDAY - 1)
