"""Changes that fail their checks, more often than the role's did: analysis, tests, findings.

Pure. A change that was refused for another reason (a protected path, a foreign branch) counts as one that was tried.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import numpy as np

from tenants.agents.meta_workflow.detectors.episodes import Alarm, findings
from tenants.agents.meta_workflow.detectors.rates import Trials, alarms
from tenants.agents.meta_workflow.detectors.seen import Seen, times_of
from tenants.agents.meta_workflow.detectors.thresholds import CHECKS
from tenants.agents.meta_workflow.model import Finding, Observation

FAILURES: Final = ("change.evidence_failed", "change.finding")


def find(seen: Seen) -> tuple[Finding, ...]:
    """Every stretch of failing changes of a role; its subject is the code that was met most often."""
    found: list[Alarm] = []
    for role, observations in seen.roles.items():
        changes = [one for one in observations if one.kind == "change"]
        codes = {one.seq: one.codes for one in changes}
        found += [_named(alarm, codes) for alarm in alarms([_trials(role, changes)], CHECKS)]
    return findings("checks", "drift", found)


def _trials(role: str, changes: Sequence[Observation]) -> Trials:
    return Trials(
        role=role,
        subject="changes",
        times=times_of(changes),
        hits=np.array([_failed(one.codes) != () for one in changes], dtype=np.int64),
        of=np.ones(len(changes), dtype=np.int64),
        entries=np.array([one.seq for one in changes], dtype=np.int64),
    )


def _failed(codes: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(code for code in codes if code in FAILURES)


def _named(alarm: Alarm, codes: dict[int, tuple[str, ...]]) -> Alarm:
    met = Counter(code for seq in alarm.evidence for code in _failed(codes[seq])[:1])
    return replace(alarm, subject=min(met, key=lambda code: (-met[code], code)))
