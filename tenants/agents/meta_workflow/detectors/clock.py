"""Which entries tell a believable time: the log's order is certain, its clocks are not.

Pure. Promises that the times of what is kept never run backwards by more than a minute, and that as few entries as
possible are left out (a longest non-decreasing subsequence): a jump costs its own entries, never a finding.
"""

from bisect import bisect_right
from typing import Final

import numpy as np
from numpy.typing import NDArray

_MINUTE_MS: Final = 60_000


def believable(times: NDArray[np.int64]) -> NDArray[np.bool_]:
    """True for each entry whose time fits its place; `times` in the order of the log, in milliseconds."""
    minutes = times // _MINUTE_MS
    keep = np.ones(len(times), dtype=np.bool_)
    if len(times) < 2 or bool(np.all(np.diff(minutes) >= -1)):  # noqa: PLR2004 - one entry has no order
        return keep
    keep[:] = False
    keep[_longest(minutes.tolist())] = True
    return keep


def _longest(values: list[int]) -> list[int]:
    """Places of a longest non-decreasing subsequence (patience sorting, with the way back)."""
    tails: list[int] = []
    places: list[int] = []
    before = [-1] * len(values)
    for place, value in enumerate(values):
        pile = bisect_right(tails, value)
        before[place] = places[pile - 1] if pile else -1
        if pile == len(tails):
            tails.append(value)
            places.append(place)
        else:
            tails[pile], places[pile] = value, place
    found = []
    place = places[-1]
    while place >= 0:
        found.append(place)
        place = before[place]
    return found[::-1]
