"""Bytes sent out to a service, far above what the role sent at the same hours of its days before.

Pure. What is sent is the body and the request line: data leaves in an address as well. Only what was allowed left.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from tenants.agents.meta_workflow.detectors.chance import adjusted, alarming, more_than_days
from tenants.agents.meta_workflow.detectors.episodes import Alarm, findings
from tenants.agents.meta_workflow.detectors.seen import Seen, is_name, times_of
from tenants.agents.meta_workflow.detectors.thresholds import DAY_MS, STEP_MS, VOLUME
from tenants.agents.meta_workflow.detectors.windows import View, is_weekend, views
from tenants.agents.meta_workflow.model import Effect, Finding, Observation

_WEEK_MS: Final = 7 * DAY_MS


@dataclass(frozen=True, slots=True)
class _Sent:
    """What one role sent to one service, in the order of the log."""

    role: str
    service: str
    times: NDArray[np.int64]
    sizes: NDArray[np.int64]
    entries: NDArray[np.int64]


def find(seen: Seen) -> tuple[Finding, ...]:
    """Every stretch of uncommon volume, by role and service."""
    found: list[Alarm] = []
    for role, observations in seen.roles.items():
        services = _services(role, observations)
        tests = len(services) * len(VOLUME.widths_ms) * _WEEK_MS / STEP_MS
        for sent in services:
            for width in VOLUME.widths_ms:
                found.extend(_alarms(sent, width, tests))
    return findings("volume", "anomaly", found)


def _services(role: str, observations: Sequence[Observation]) -> list[_Sent]:
    by_service: dict[str, list[Observation]] = defaultdict(list)
    for one in observations:
        if one.decision == "allow" and one.kind == "request" and is_name(one.service):
            by_service[one.service].append(one)
    return [
        _Sent(
            role,
            service,
            times_of(calls),
            np.array([one.bytes_in + len(one.target) for one in calls], dtype=np.int64),
            np.array([one.seq for one in calls], dtype=np.int64),
        )
        for service, calls in sorted(by_service.items())
    ]


def _alarms(sent: _Sent, width_ms: int, tests: float) -> Iterator[Alarm]:
    """Windows that alarm; what lies in one is no history for the next."""
    ordinary = np.ones(len(sent.times), dtype=np.bool_)
    for view in views(sent.times, width_ms, STEP_MS):
        total = int(sent.sizes[view.begin : view.end].sum())
        before = _before(sent, view, ordinary)
        if total < VOLUME.min_bytes or len(before) < VOLUME.min_before:
            continue
        shift = float(np.log(total + VOLUME.floor_bytes)) - float(np.median(before))
        centred = before - np.median(before)
        p = adjusted(
            more_than_days(shift, centred, spread=VOLUME.prior_spread, days=VOLUME.prior_windows), tests
        )
        if alarming(p) and np.exp(shift) >= VOLUME.min_ratio:
            ordinary[view.begin : view.end] = False
            yield _alarm(sent, view, (total, float(np.exp(shift))), p)


def _before(sent: _Sent, view: View, ordinary: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Logarithms of the sums at the same hours of each day of that kind before.

    Days with trouble, and days without a call, are left out.
    """
    sums = []
    for day in range(1, (view.window.from_ms - view.baseline.from_ms) // DAY_MS + 2):
        from_ms, to_ms = view.window.from_ms - day * DAY_MS, view.window.to_ms - day * DAY_MS
        if from_ms < view.baseline.from_ms or to_ms > view.window.from_ms:
            continue
        begin, end = np.searchsorted(sent.times, [from_ms, to_ms]).tolist()
        alike = is_weekend(from_ms) == is_weekend(view.window.from_ms)
        if alike and end > begin and ordinary[begin:end].all():
            sums.append(float(np.log(int(sent.sizes[begin:end].sum()) + VOLUME.floor_bytes)))
    return np.array(sums, dtype=np.float64)


def _alarm(sent: _Sent, view: View, seen: tuple[int, float], p: float) -> Alarm:
    total, ratio = seen
    sizes = sent.sizes[view.begin : view.end]
    largest = sizes >= np.median(sizes)
    return Alarm(
        role=sent.role,
        group=sent.service,
        subject=sent.service,
        window=view.window,
        baseline=view.baseline,
        p=p,
        effect=Effect("ratio", ratio, "bytes"),
        evidence=tuple(sent.entries[view.begin : view.end][largest].tolist()),
        numbers={"bytes": float(total), "bytes_before": total / ratio, "calls": float(len(sizes))},
    )
