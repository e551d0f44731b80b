"""Log entries as the meta-workflow sees them, without a log service between.

Takes from an entry what the log service shows of it. Promises observations in the order of the entries, `seq` their place.
"""

from collections.abc import Iterable

from audit.entry import DecisionEntry, Entry, EventEntry, OutcomeEntry
from tenants.agents.meta_workflow.model import Happening, History, Observation


def history_of(entries: Iterable[Entry]) -> History:
    """Every decision with its outcome, and every event."""
    decisions: dict[str, Observation] = {}
    happenings: list[Happening] = []
    for seq, entry in enumerate(entries):
        match entry:
            case DecisionEntry():
                decisions[entry.id] = _observed(seq, entry)
            case OutcomeEntry():
                if entry.decision in decisions:
                    decisions[entry.decision] = _ended(decisions[entry.decision], seq, entry)
            case EventEntry():
                role = str(entry.detail.get("role", ""))
                happenings.append(
                    Happening(seq, entry.time, entry.event, entry.workflow, role, dict(entry.detail))
                )
    return History(tuple(decisions.values()), tuple(happenings))


def _observed(seq: int, entry: DecisionEntry) -> Observation:
    asked = entry.input or {}
    return Observation(
        seq=seq,
        outcome_seq=None,
        time_ms=entry.time,
        workflow=entry.workflow,
        role=entry.role,
        kind=entry.kind,
        decision=entry.decision,
        source=entry.source,
        codes=tuple(reason.code for reason in entry.reasons),
        service=asked.get("service", ""),
        route=asked.get("route", ""),
        action=asked.get("action", ""),
        data=asked.get("data", ""),
        target=f"{asked.get('method', '')} {asked.get('path', '')}?{asked.get('query', '')}",
    )


def _ended(observed: Observation, seq: int, entry: OutcomeEntry) -> Observation:
    return observed._replace(
        outcome_seq=seq,
        result=entry.result,
        status=entry.status,
        bytes_in=entry.bytes_in,
        bytes_out=entry.bytes_out,
        ms=entry.ms,
    )
