"""Every detector over one history: what the meta-workflow asks.

Pure. Promises the same findings for the same history, in one order.
"""

from typing import Final

from tenants.agents.meta_workflow.detectors import (
    accuracy,
    checks,
    denials,
    destinations,
    jury,
    latency,
    schema_failures,
    sequences,
    volume,
)
from tenants.agents.meta_workflow.detectors.seen import seen_in
from tenants.agents.meta_workflow.model import Finding, History

_DETECTORS: Final = (
    accuracy,
    checks,
    denials,
    destinations,
    jury,
    latency,
    schema_failures,
    sequences,
    volume,
)


def find(history: History) -> tuple[Finding, ...]:
    """All findings, by detector, role, subject and begin."""
    seen = seen_in(history)
    found = [finding for detector in _DETECTORS for finding in detector.find(seen)]
    return tuple(sorted(found, key=lambda one: (one.detector, one.role, one.subject, one.window)))
