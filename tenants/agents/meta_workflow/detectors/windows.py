"""The windows that are looked at, and what lies before each: steps where there is data, and nowhere else.

Pure. A gap has no windows, so no jump of the clock and no pause is ever walked through step by step.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from tenants.agents.meta_workflow.detectors.thresholds import BASELINE_MS, DAY_MS
from tenants.agents.meta_workflow.model import Window

Times = NDArray[np.int64]

_MONDAY_MS: Final = 4 * DAY_MS  # 1970-01-01 was a Thursday
_WORKDAYS: Final = 5


@dataclass(frozen=True, slots=True)
class View:
    """One window over sorted times: half-open ranges of places."""

    window: Window
    baseline: Window
    begin: int
    end: int
    base_begin: int
    """The baseline ends where the window begins."""

    @property
    def days(self) -> int:
        """Whole days that the baseline can hold."""
        return -(-(self.baseline.to_ms - self.baseline.from_ms) // DAY_MS)


def views(times: Times, width_ms: int, step_ms: int) -> Iterator[View]:
    """A window of that width at the end of each step that has data; its baseline is what lies before."""
    if not len(times):
        return
    first = int(times[0])
    for step in np.unique(times // step_ms).tolist():
        to_ms = (step + 1) * step_ms
        from_ms = to_ms - width_ms
        base_ms = max(first, from_ms - BASELINE_MS)
        if base_ms >= from_ms:
            continue
        begin, end, base = np.searchsorted(times, [from_ms, to_ms, base_ms]).tolist()
        yield View(Window(from_ms, to_ms), Window(base_ms, from_ms), begin, end, base)


def days_before(times: Times, to_ms: int) -> Times:
    """For each time, how many whole days it lies before `to_ms`: 0 is the last day."""
    return np.asarray((to_ms - 1 - times) // DAY_MS)


def is_weekend(time_ms: int) -> bool:
    """Saturday or Sunday (UTC)."""
    return ((time_ms - _MONDAY_MS) // DAY_MS) % 7 >= _WORKDAYS


def on_weekends(times: Times) -> NDArray[np.bool_]:
    """For each time, whether it lies on a Saturday or Sunday (UTC)."""
    return np.asarray(((times - _MONDAY_MS) // DAY_MS) % 7 >= _WORKDAYS)
