"""Outputs and reports that do not fit their schema, more often than they did.

Pure. Counts calls on routes that name an output (known by the codes that only they are refused with) and reports.
"""

from collections import defaultdict
from typing import Final

import numpy as np

from tenants.agents.meta_workflow.detectors.episodes import findings
from tenants.agents.meta_workflow.detectors.rates import Trials, alarms
from tenants.agents.meta_workflow.detectors.seen import Seen, is_name, place_of, times_of
from tenants.agents.meta_workflow.detectors.thresholds import SCHEMA_FAILURES
from tenants.agents.meta_workflow.model import Finding, Happening, Observation

_FAILED: Final = "request.output_invalid"
_OF_OUTPUTS: Final = "request.output_"
_KEPT: Final = "report.kept"
_REFUSED: Final = "report.refused"
_Tried = list[tuple[Observation | Happening, bool]]


def find(seen: Seen) -> tuple[Finding, ...]:
    """Every stretch of failing outputs, by role and route, and of failing reports, by role and type."""
    tried = _outputs(seen) | _reports(seen)
    everything = [_trials(role, subject, each) for (role, subject), each in sorted(tried.items())]
    return findings("schema_failures", "drift", alarms(everything, SCHEMA_FAILURES))


def _outputs(seen: Seen) -> dict[tuple[str, str], _Tried]:
    places = {
        place_of(one.service, one.route)
        for observations in seen.roles.values()
        for one in observations
        if any(code.startswith(_OF_OUTPUTS) for code in one.codes)
    } - {""}
    tried: dict[tuple[str, str], _Tried] = defaultdict(list)
    for role, observations in seen.roles.items() if places else ():
        for one in observations:
            place = place_of(one.service, one.route)
            if one.kind == "request" and place in places:
                tried[role, place].append((one, _FAILED in one.codes))
    return tried


def _reports(seen: Seen) -> dict[tuple[str, str], _Tried]:
    tried: dict[tuple[str, str], _Tried] = defaultdict(list)
    for one in seen.happenings:
        type_ = str(one.detail.get("type", ""))
        if one.event in {_KEPT, _REFUSED} and is_name(one.role) and is_name(type_):
            tried[one.role, type_].append((one, one.event == _REFUSED))
    return tried


def _trials(role: str, subject: str, tried: _Tried) -> Trials:
    return Trials(
        role=role,
        subject=subject,
        times=times_of([one for one, _ in tried]),
        hits=np.array([failed for _, failed in tried], dtype=np.int64),
        of=np.ones(len(tried), dtype=np.int64),
        entries=np.array([one.seq for one, _ in tried], dtype=np.int64),
    )
