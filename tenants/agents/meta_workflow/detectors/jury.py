"""Juries that do not agree, or not with the proposal, more often than they did.

Pure. Looks at states and verdicts, never at words. The event names no workflow, so nobody's role is blamed unless the
log itself tells one.
"""

from collections import defaultdict
from typing import Final

import numpy as np

from tenants.agents.meta_workflow.detectors.episodes import findings
from tenants.agents.meta_workflow.detectors.rates import Trials, alarms
from tenants.agents.meta_workflow.detectors.seen import Seen, is_name, times_of
from tenants.agents.meta_workflow.detectors.thresholds import JURY
from tenants.agents.meta_workflow.model import Finding, Happening

_DECIDED: Final = "jury.decided"
_DISAGREED: Final = "no_verdict"


def find(seen: Seen) -> tuple[Finding, ...]:
    """Every stretch of disagreement, by type of output."""
    decided: dict[tuple[str, str], list[Happening]] = defaultdict(list)
    for one in seen.happenings:
        type_ = str(one.detail.get("type", ""))
        if one.event == _DECIDED and is_name(type_):
            decided[one.role if is_name(one.role) else "", type_].append(one)
    everything = [_trials(role, type_, each) for (role, type_), each in sorted(decided.items())]
    return findings("jury", "drift", alarms(everything, JURY))


def _trials(role: str, type_: str, decided: list[Happening]) -> Trials:
    return Trials(
        role=role,
        subject=type_,
        times=times_of(decided),
        hits=np.array([_disagreed(one) for one in decided], dtype=np.int64),
        of=np.ones(len(decided), dtype=np.int64),
        entries=np.array([one.seq for one in decided], dtype=np.int64),
    )


def _disagreed(one: Happening) -> bool:
    """No verdict, or jurors who said different things (`votes` is `name=verdict name=verdict`)."""
    verdicts = {vote.rpartition("=")[2] for vote in str(one.detail.get("votes", "")).split()}
    return one.detail.get("state") == _DISAGREED or len(verdicts) > 1
