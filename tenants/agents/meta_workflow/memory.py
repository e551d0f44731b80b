"""What was proposed before, and whether a finding is news; pure.

A finding is known by its fingerprint, which stands in the name of the branch that proposes it: only the gateway gives
out names of branches, so nobody else can make a proposal that this one takes for its own, or hide one.
"""

import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from tenants.agents.meta_workflow.model import Finding
from tenants.agents.meta_workflow.settings import DAY_MS

MUCH_WORSE = 1.5
"""How much larger an effect must be than the one of an open proposal, to be told again."""

_BRANCH = re.compile(r"agent/(wf-[a-z0-9]{1,40})/improve-([0-9a-f]{16})")
_MARK = re.compile(r"^Finding ([0-9a-f]{16}), seen until (\d{1,16}), effect (-?\d+(?:\.\d+)?)$", re.MULTILINE)

State = Literal["open", "merged", "refused"]


@dataclass(frozen=True, slots=True)
class Earlier:
    """A proposal of an earlier run."""

    number: int
    workflow: str
    fingerprint: str
    state: State
    created_ms: int
    until_ms: int
    """The end of the window that it told of; 0 where its text does not say."""
    effect: float


def fingerprint(finding: Finding) -> str:
    """The same for the same problem, whenever it is seen."""
    told = f"{finding.pattern}\n{finding.detector}\n{finding.role}\n{finding.subject}"
    return hashlib.sha256(told.encode()).hexdigest()[:16]


def branch_of(workflow: str, finding: Finding) -> str:
    """The branch that proposes an answer to this finding, in the workflow's own namespace."""
    return f"agent/{workflow}/improve-{fingerprint(finding)}"


def mark_of(finding: Finding) -> str:
    """The line of a proposal's text by which a later run knows how far its evidence went."""
    return f"Finding {fingerprint(finding)}, seen until {finding.window.to_ms}, effect {finding.effect.value:.4f}"


def claimed(branch: str) -> tuple[str, str] | None:
    """Workflow and fingerprint that the name of a branch states; whose workflow it is, the log tells."""
    matched = _BRANCH.fullmatch(branch)
    return (matched[1], matched[2]) if matched else None


def told_in(body: str, name: str) -> tuple[int, float]:
    """Until when, and how large, the finding of that fingerprint was; (0, 0.0) where the text does not say."""
    for matched in _MARK.finditer(body):
        if matched[1] == name:
            return int(matched[2]), float(matched[3])
    return 0, 0.0


def news(finding: Finding, earlier: Iterable[Earlier]) -> "tuple[bool, Earlier | None]":
    """Whether to propose it, and which earlier proposal of the same it follows.

    Nothing is said twice on the same evidence. While a proposal is open, only what is much worse since is said again;
    after one was merged or refused, only what was seen later altogether.
    """
    same = [one for one in earlier if one.fingerprint == fingerprint(finding)]
    if not same:
        return True, None
    last = max(same, key=lambda one: one.number)
    # A text that a person edited may not say any more until when: then it is what was seen when it was opened.
    later = finding.window.from_ms >= max(one.until_ms or one.created_ms for one in same)
    worse = abs(finding.effect.value) >= MUCH_WORSE * abs(last.effect)
    return later and (last.state != "open" or worse), last


def left_today(earlier: Sequence[Earlier], now_ms: int, most: int) -> int:
    """How many more may be opened now."""
    return max(0, most - sum(one.created_ms > now_ms - DAY_MS for one in earlier))
