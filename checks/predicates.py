"""What a statement says of its commit: the predicate of `doorless.dev/attestations/check/v1`; pure.

Everything that a reader needs to judge it without us: which check, on which base, under which policy, by which tool.
"""

from dataclasses import dataclass
from typing import Any

import msgspec

from checks.evidence import Evidence
from checks.result import CheckResult

_MOST_FAILURES = 100


@dataclass(frozen=True, slots=True)
class About:
    """What a predicate is about beside its commit. Empty: not known where it was made."""

    base: str
    merge_base: str = ""
    role: str = ""
    policy: str = ""
    decision: str = ""


def about(result: CheckResult) -> About:
    """The same for every statement of one result."""
    return About(result.base, result.merge_base, result.role, result.revision, result.decision)


def decision_predicate(result: CheckResult) -> dict[str, Any]:
    """What policy said of the whole change."""
    failures = [{"code": each.code, "path": each.path, "line": each.line} for each in result.failures]
    return {
        **_common("change", about(result)),
        "result": result.verdict,
        "failures": failures[:_MOST_FAILURES],
        "evidence": {each.kind: each.state for each in result.evidence},
        "totals": {"files": result.files, "lines": result.lines, "commits": result.commits},
    }


def evidence_predicate(evidence: Evidence, known: About) -> dict[str, Any]:
    """What one check found."""
    return {
        **_common(evidence.kind, known),
        "result": evidence.state,
        "code": evidence.code,
        "message": evidence.message,
        "findings": msgspec.to_builtins(evidence.findings[:_MOST_FAILURES]),
        "tool": evidence.tool,
        "durationMs": evidence.ms,
    }


def _common(kind: str, known: About) -> dict[str, Any]:
    return {
        "kind": kind,
        "role": known.role,
        "base": {"gitCommit": known.base},
        "mergeBase": {"gitCommit": known.merge_base},
        "policy": {"sha256": known.policy},
        "decision": known.decision,
    }
