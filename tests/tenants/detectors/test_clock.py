"""Believable times: jumps of the clock cost their own entries, and nothing else."""

import numpy as np

from tenants.agents.meta_workflow.detectors.clock import believable

MINUTE = 60_000


def kept(minutes: list[int]) -> list[bool]:
    found: list[bool] = believable(np.array(minutes, dtype=np.int64) * MINUTE).tolist()
    return found


def test_times_in_order_are_all_kept() -> None:
    """Equal times and steps of any length are believed."""
    assert kept([1, 1, 2, 900_000]) == [True] * 4


def test_a_jump_ahead_and_back_leaves_out_its_own_entries() -> None:
    """Two entries from the far future are left out, what follows stays. Without that, all that follows is "before"."""
    assert kept([1, 2, 9_000, 9_001, 3, 4, 5]) == [True, True, False, False, True, True, True]


def test_a_jump_back_and_forth_leaves_out_its_own_entries() -> None:
    """So are entries from the past."""
    assert kept([100, 101, 3, 102, 103]) == [True, True, False, True, True]


def test_a_clock_that_was_wrong_for_long_costs_the_shorter_part() -> None:
    """Of two stretches that contradict each other the longer one is believed."""
    assert kept([500, 501, 100, 101, 102]) == [False, False, True, True, True]


def test_two_writers_a_minute_apart_are_no_jump() -> None:
    """Entries of two processes may stand a little out of order."""
    assert kept([10, 9, 10, 11, 10]) == [True] * 5


def test_nothing_and_one_entry() -> None:
    """There is no order to be out of."""
    assert kept([]) == []
    assert kept([5]) == [True]
