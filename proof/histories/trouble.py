"""What goes wrong at a moment: the story's faults, asked by role and time; pure."""

from collections.abc import Iterator
from dataclasses import dataclass

from proof.histories.model import Fault, Kind, Story


@dataclass(frozen=True, slots=True)
class Trouble:
    """The faults of one story."""

    faults: tuple[Fault, ...]

    @classmethod
    def of(cls, story: Story) -> "Trouble":
        """Those that the story names."""
        return cls(story.faults)

    def size(self, kind: Kind, role: str, time_ms: int, otherwise: float) -> float:
        """The size of the fault of that kind that has this role now; `otherwise` where there is none."""
        for fault in self.faults:
            if fault.kind == kind and fault.role == role and fault.begin_ms <= time_ms < fault.end_ms:
                return fault.size
        return otherwise

    def of_role(self, role: str, kind: Kind) -> Iterator[Fault]:
        """Every fault of that kind that the role has, sooner or later."""
        return (fault for fault in self.faults if fault.role == role and fault.kind == kind)
