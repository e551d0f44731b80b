"""What a check of a change came to: one frozen document, which every report form shows in its own way; pure.

Three verdicts and no fourth: whatever could not be found out is never a pass.
"""

from typing import Any, Final, Literal

import msgspec

from checks.evidence import Evidence
from decision.model import Allow, Decision, Deny, Hold, Reason, Source

Verdict = Literal["pass", "fail", "could_not_run"]

EXIT_CODES: Final[dict[Verdict, int]] = {"pass": 0, "fail": 1, "could_not_run": 2}

_NOT_RUN = frozenset({"change.evidence_could_not_run"})


class Failure(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that is wrong: the rule that says so, where, what, and what to do."""

    code: str
    rule: str
    path: str = ""
    line: int = 0
    message: str
    remedy: str


class CheckResult(msgspec.Struct, frozen=True, kw_only=True):
    """The whole answer. `decision` is the log's id, empty where nothing was recorded; `ms` is how long it took."""

    version: Literal["1"] = "1"
    verdict: Verdict
    role: str
    base: str
    merge_base: str
    head: str
    files: int
    lines: int
    commits: int
    failures: tuple[Failure, ...]
    evidence: tuple[Evidence, ...]
    recorded: bool
    decision: str
    revision: str
    """The policy that decided."""
    statements: tuple[dict[str, Any], ...] = ()
    ms: int = 0

    @property
    def not_run(self) -> tuple[Evidence, ...]:
        """The checks that nobody asked for, or that could not be run."""
        return tuple(each for each in self.evidence if each.state not in {"passed", "failed"})


def verdict_of(decision: Decision) -> Verdict:
    """What the decision means for a check. What a person would have to decide has not passed."""
    match decision:
        case Allow():
            return "pass"
        case Hold():
            return "fail"
        case Deny(reasons=reasons, source=source):
            ours = source is Source.GATEWAY or all(reason.code in _NOT_RUN for reason in reasons)
            return "could_not_run" if ours else "fail"


def failures_of(decision: Decision) -> tuple[Failure, ...]:
    """Every reason that speaks against the change, by place."""
    reasons = () if isinstance(decision, Allow) else decision.reasons
    return tuple(sorted(map(_failure, reasons), key=lambda each: (each.path, each.line, each.code)))


def _failure(reason: Reason) -> Failure:
    return Failure(
        code=reason.code,
        rule=reason.rule,
        path=reason.path or "",
        line=reason.line or 0,
        message=reason.message,
        remedy=reason.remedy,
    )
