"""Whether the newest checkpoint has the cosignatures that it needs, and since when it has not.

Pure: time comes in as an argument, seconds of a clock that only goes forward. Promises one alarm for each time that the
quorum is lacking too long, and one all-clear after it.
"""

from dataclasses import dataclass
from enum import Enum, auto


class Change(Enum):
    """What there is to tell."""

    NOTHING = auto()
    MISSING = auto()
    RESTORED = auto()


@dataclass(slots=True)
class Quorum:
    """needed: cosignatures for each checkpoint. alarm_after_s: so long may the newest one lack them."""

    needed: int
    alarm_after_s: float
    _lacking_since: float | None = None
    _alarmed: bool = False

    def see(self, cosigned: int, now: float) -> Change:
        """Hear how many have cosigned the newest checkpoint. What is told stays due until `told`."""
        if cosigned >= self.needed:
            self._lacking_since = None
            return Change.RESTORED if self._alarmed else Change.NOTHING
        if self._lacking_since is None:
            self._lacking_since = now
        late = now - self._lacking_since >= self.alarm_after_s
        return Change.MISSING if late and not self._alarmed else Change.NOTHING

    def told(self, change: Change) -> None:
        """What `see` gave is recorded."""
        self._alarmed = change is Change.MISSING
