"""When a shift began: the one module that asks river.

ADWIN (Bifet and Gavaldà, 2007) keeps a window of the stream and cuts it where its two halves differ. Promises a time
inside the stream that it was given; decides nothing, for a change point alone is no finding.
"""

from collections.abc import Sequence
from typing import Any, Final

from river.drift import ADWIN

_ADWIN: Final[Any] = ADWIN  # river types some of its calls only
_DELTA: Final = 0.002
_WINSOR: Final = 2.0  # single outliers are no change


def onset(times: Sequence[int], values: Sequence[float], otherwise: int) -> int:
    """The time of the first value after the last cut; `otherwise` where nothing was cut."""
    watcher: Any = _ADWIN(delta=_DELTA)
    began = otherwise
    for place, value in enumerate(values):
        watcher.update(min(_WINSOR, max(-_WINSOR, value)))
        if watcher.drift_detected:
            began = times[max(0, place + 1 - int(watcher.width))]
    return began
