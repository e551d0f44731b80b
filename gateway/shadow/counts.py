"""What came of asking a candidate policy: how often it agreed, and where it did not, by role and rule; pure.

Promises bounded memory: some examples of each kind of flip, and a bounded number of kinds.
"""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any, Final

from decision.model import Allow, Decision, Deny, Hold, Source
from gateway.shadow.queue import Answered

EXAMPLES: Final = 5
MOST_KINDS: Final = 1_000
OTHER: Final = "(others)"
"""In the place of role and rule, for kinds of flips beyond those that are kept apart."""


@dataclass(frozen=True, slots=True)
class Flip:
    """One kind of difference: who would be answered otherwise, how, and which rule says so."""

    role: str
    live: str
    candidate: str
    rule: str


@dataclass(slots=True)
class _Kind:
    count: int = 0
    examples: list[str] = field(default_factory=list)


class Counts:
    """Of one candidate, since it began."""

    def __init__(self) -> None:
        self.asked = self.agreed = self.flips = 0
        self.errors: Counter[str] = Counter()
        """By the code of what was no answer."""
        self._kinds: dict[Flip, _Kind] = {}

    def count(self, answered: Answered, candidate: Decision) -> tuple[Flip, int] | None:
        """Count the candidate's answer; the flip that it is, and how many of its kind there have been."""
        self.asked += 1
        if isinstance(candidate, Deny) and candidate.source is Source.GATEWAY:
            self.errors[candidate.reasons[0].code] += 1
            return None
        live = answered.decision
        if verdict_of(live) == verdict_of(candidate):
            self.agreed += 1
            return None
        flip = Flip(
            answered.question.role, verdict_of(live), verdict_of(candidate), _rule_of(live, candidate)
        )
        return flip, self._count_flip(flip, answered.id)

    def _count_flip(self, flip: Flip, decision: str) -> int:
        self.flips += 1
        if flip not in self._kinds and len(self._kinds) >= MOST_KINDS:
            flip = Flip(OTHER, flip.live, flip.candidate, OTHER)
        kind = self._kinds.setdefault(flip, _Kind())
        kind.count += 1
        if len(kind.examples) < EXAMPLES:
            kind.examples.append(decision)
        return kind.count

    def totals(self) -> dict[str, int]:
        """The numbers by themselves."""
        return {
            "asked": self.asked,
            "agreed": self.agreed,
            "flips": self.flips,
            "errors": self.errors.total(),
        }

    def shown(self) -> dict[str, Any]:
        """Everything, for people; the most frequent flips first."""
        kinds = sorted(self._kinds.items(), key=lambda item: (-item[1].count, item[0].role, item[0].rule))
        return {
            **self.totals(),
            "errors": dict(self.errors),
            "kinds": [
                {
                    "role": flip.role,
                    "live": flip.live,
                    "candidate": flip.candidate,
                    "rule": flip.rule,
                    "count": kind.count,
                    "examples": kind.examples,
                }
                for flip, kind in kinds
            ],
        }


def verdict_of(decision: Decision) -> str:
    """`allow`, `hold` or `deny`."""
    match decision:
        case Allow():
            return "allow"
        case Hold():
            return "hold"
        case Deny():
            return "deny"


def _rule_of(live: Decision, candidate: Decision) -> str:
    """The rule that makes the difference: the candidate's, where it is the one that says no."""
    said = live.reasons if isinstance(candidate, Allow) else candidate.reasons
    return min((reason.rule for reason in said), default="")
