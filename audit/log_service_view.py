"""What the log service shows of an entry: names of ours as they are, an agent's words apart and escaped; pure.

Promises that a text which an agent chose stands below the key `untrusted` alone, as `quote_untrusted` writes it, and
that what is not named here does not leave: inputs beside the log, names of persons, details of events unknown to us.
"""

import re
from typing import Any, Final, assert_never

import msgspec

from audit.entry import DecisionEntry, Document, EventEntry, OutcomeEntry, quote_untrusted
from audit.query import Stored

WORDS_LIMIT: Final = 512
"""Characters of one text that an agent chose."""
MOST_REASONS: Final = 20

_NAME: Final = re.compile(r"[A-Za-z0-9_.:-]{1,128}", re.ASCII)
_LIST: Final = re.compile(r"[A-Za-z0-9_.:=-]{1,128}(?: [A-Za-z0-9_.:=-]{1,128}){0,31}", re.ASCII)
_LISTS: Final = frozenset({"only", "votes"})
"""Details that are several names of ours: what a workflow was narrowed to, and who voted how."""
_SHOWN: Final[dict[str, tuple[str, ...]]] = {
    "workflow.started": ("role", "decision", "expires_at", "only"),
    "workflow.ended": ("role", "reason"),
    "channel.opened": ("role",),
    "channel.closed": ("reason", "strangers"),
    "policy.activated": ("revision",),
    "policy.refused": ("count",),
    "pdp.restarted": ("revision", "attempts"),
    "pdp.closed": ("revision",),
    "gateway.started": ("revision",),
    "hold.opened": ("hold", "change", "decision", "role", "service", "route", "template", "needed", "body_bytes"),
    "hold.expired_undecided": ("hold",),
    "approval.given": ("hold", "revision"),
    "approval.refused": ("hold",),
    "approval.used": ("hold", "decision"),
    "approval.void": ("hold",),
    "model.usage": ("decision", "role", "service", "input_tokens", "output_tokens"),
    "jury.decided": ("type", "digest", "state", "revision", "votes", "tokens", "micro_dollars"),
    "report.kept": ("role", "type", "sha256", "bytes", "accuracy_bp", "samples"),
    "report.refused": ("role", "type", "sha256", "bytes"),
    "history.generated": ("seed", "days", "entries", "from_ms", "to_ms"),
}  # fmt: skip
"""Details that Doorless itself wrote, by event; the names of who approves are left out."""
_WORDS: Final[dict[str, tuple[str, ...]]] = {
    "workflow.started": ("task",),
    "hold.opened": ("target",),
    "report.refused": ("problem",),
}
"""Details in which an agent's words may stand."""


def shown(stored: Stored) -> Document:
    """The entry as the service answers it: flat, `seq` its place in the log."""
    entry = stored.entry
    match entry:
        case DecisionEntry():
            return {"seq": stored.seq, "type": "decision", **_decision(entry)}
        case OutcomeEntry():
            return {"seq": stored.seq, "type": "outcome", **_outcome(entry)}
        case EventEntry():
            return {"seq": stored.seq, "type": "event", **_event(entry)}
        case _ as never:
            assert_never(never)


def _decision(entry: DecisionEntry) -> Document:
    aside = not isinstance(entry.side, msgspec.UnsetType)
    asked = entry.input or {}
    return {
        "time": entry.time,
        "id": entry.id,
        "kind": entry.kind,
        "workflow": entry.workflow,
        "role": entry.role,
        "decision": entry.decision,
        "source": entry.source,
        "codes": [reason.code for reason in entry.reasons[:MOST_REASONS]],
        "revision": entry.revision,
        "input_beside": aside,
        **{name: _name(asked.get(name)) for name in ("service", "route", "action", "data")},
        **_untrusted({} if aside else _words(entry, asked)),
    }


def _words(entry: DecisionEntry, asked: Document) -> dict[str, str]:
    """What the agent chose, and what policy said of it: a message may quote a path."""
    said = " / ".join(reason.message for reason in entry.reasons[:MOST_REASONS])
    if not isinstance(entry.request, msgspec.UnsetType):
        return {"target": f"{entry.request.method} {entry.request.target}", "messages": said}
    query = f"?{asked['query']}" if asked.get("query") else ""
    target = f"{asked.get('method', '')} {asked.get('path', '')}{query}".strip()
    return {"target": target, "repository": str(asked.get("repository", "")), "messages": said}


def _outcome(entry: OutcomeEntry) -> Document:
    return {
        "time": entry.time,
        "decision": entry.decision,
        "forwarded": entry.forwarded,
        "result": entry.result,
        "status": entry.status,
        "bytes_in": entry.bytes_in,
        "bytes_out": entry.bytes_out,
        "ms": entry.ms,
    }


def _event(entry: EventEntry) -> Document:
    detail = entry.detail
    known = {name: detail[name] for name in _SHOWN.get(entry.event, ()) if name in detail}
    return {
        "time": entry.time,
        "event": entry.event,
        "workflow": entry.workflow,
        "detail": {name: _known(name, value) for name, value in known.items()},
        **_untrusted({name: str(detail.get(name, "")) for name in _WORDS.get(entry.event, ())}),
    }


def _untrusted(words: dict[str, str]) -> Document:
    told = {name: quote_untrusted(text, WORDS_LIMIT) for name, text in words.items() if text}
    return {"untrusted": told} if told else {}


def _known(name: str, value: str | int) -> str | int:
    if isinstance(value, str) and name in _LISTS:
        return value if _LIST.fullmatch(value) else ""
    return value if isinstance(value, int) else _name(value)


def _name(value: Any) -> str:
    """A name of ours: of the catalogue, a role, a digest. Anything of another shape is none."""
    return value if isinstance(value, str) and _NAME.fullmatch(value) else ""
