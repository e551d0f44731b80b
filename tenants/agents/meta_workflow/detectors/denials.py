"""Bursts of denials: a role that is refused far more often than it was.

Pure. Counts what the agent tried and was refused. What our own parts could not do (no policy engine, no log), and
what other detectors count (outputs, checks of a change), is no act of an agent and left out.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import numpy as np

from tenants.agents.meta_workflow.detectors.episodes import Alarm, findings
from tenants.agents.meta_workflow.detectors.rates import Trials, alarms
from tenants.agents.meta_workflow.detectors.seen import Seen, is_name, times_of
from tenants.agents.meta_workflow.detectors.thresholds import DENIALS
from tenants.agents.meta_workflow.model import Finding, Observation

_OURS: Final = ("pdp_", "decision_invalid", "obligation_", "log_unavailable", "gateway_defect", "upstream.")
_COUNTED_ELSEWHERE: Final = ("request.output_", "change.evidence_", "change.finding")
_NOT_THE_AGENTS: Final = (*_OURS, *_COUNTED_ELSEWHERE)


def find(seen: Seen) -> tuple[Finding, ...]:
    """Every burst of denials of a role; its subject is the code that was met most often."""
    found: list[Alarm] = []
    for role, observations in seen.roles.items():
        asked = [one for one in observations if one.kind != "token" and not _is_not_the_agents(one)]
        codes = {one.seq: one.codes for one in asked if one.decision == "deny"}
        found += [_named(alarm, codes) for alarm in alarms([_trials(role, asked)], DENIALS)]
    return findings("denials", "anomaly", found)


def _is_not_the_agents(one: Observation) -> bool:
    return one.decision == "deny" and any(code.startswith(_NOT_THE_AGENTS) for code in one.codes)


def _trials(role: str, asked: Sequence[Observation]) -> Trials:
    return Trials(
        role=role,
        subject="denials",
        times=times_of(asked),
        hits=np.array([one.decision == "deny" for one in asked], dtype=np.int64),
        of=np.ones(len(asked), dtype=np.int64),
        entries=np.array([one.seq for one in asked], dtype=np.int64),
    )


def _named(alarm: Alarm, codes: dict[int, tuple[str, ...]]) -> Alarm:
    """The same under the commonest first code; among equals, the first by name."""
    met = Counter(codes[seq][0] for seq in alarm.evidence if codes[seq] and is_name(codes[seq][0]))
    subject = min(met, key=lambda code: (-met[code], code)) if met else alarm.subject
    return replace(alarm, subject=subject)
