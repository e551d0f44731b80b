"""Counting results: one line a group, and whether the whole proof holds; pure.

A group without a probe proves nothing, so it does not hold.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from proof.model import TITLES, Group, Result, Verdict


@dataclass(frozen=True, slots=True)
class Line:
    """One group's count."""

    group: Group
    tried: int
    fired: int
    leaks: int
    absent: int
    seconds: float

    @property
    def title(self) -> str:
        """The group as a person reads it."""
        return TITLES[self.group]

    @property
    def holds(self) -> bool:
        """No leak, and every control fired but for those that cannot."""
        return self.tried > 0 and self.leaks == 0 and self.fired + self.absent == self.tried

    @property
    def verdict(self) -> str:
        """One word on the group."""
        if self.leaks:
            return "LEAK"
        return "proven" if self.holds else "NOT PROVEN"


def count(groups: Iterable[Group], results: Iterable[Result]) -> tuple[Line, ...]:
    """One line for each group that was asked for, in that order."""
    kept = tuple(results)
    return tuple(_line(group, [result for result in kept if result.group is group]) for group in groups)


def _line(group: Group, results: list[Result]) -> Line:
    silent = [result for result in results if result.verdict is Verdict.SILENT]
    absent = [result for result in results if result.verdict is Verdict.ABSENT]
    return Line(
        group=group,
        tried=len(results),
        # A silent probe whose control did fire is silent elsewhere; it is not counted as fired either.
        fired=sum(result.fired for result in results if result not in silent),
        leaks=sum(result.verdict is Verdict.LEAK for result in results),
        absent=len(absent),
        seconds=sum(result.seconds for result in results),
    )
