"""Evidence that was found out already: by the commits that it is about, which name every byte of what was looked at. Pure.

In memory, so that other scanners, rules of ours or another program, which all come with a restart, are asked anew.
"""

from collections import OrderedDict
from collections.abc import Sequence

from checks.evidence import Evidence, Kind, State

MOST = 500
_SETTLED: frozenset[State] = frozenset({"passed", "failed", "not_configured"})
"""What could not be run says nothing, and is tried again."""


class Remembered:
    """The last `MOST` answers."""

    def __init__(self) -> None:
        self._known: OrderedDict[tuple[str, str, Kind], Evidence] = OrderedDict()

    def of(self, base: str, head: str, kinds: Sequence[Kind]) -> dict[Kind, Evidence]:
        """What is known of a commit on a base."""
        found = {kind: self._known.get((base, head, kind)) for kind in kinds}
        return {kind: evidence for kind, evidence in found.items() if evidence is not None}

    def remember(self, base: str, head: str, found: Sequence[Evidence]) -> None:
        """Keep what was found out; the oldest is forgotten for it."""
        for evidence in found:
            if evidence.state in _SETTLED:
                self._known[base, head, evidence.kind] = evidence
                self._known.move_to_end((base, head, evidence.kind))
        while len(self._known) > MOST:
            self._known.popitem(last=False)
