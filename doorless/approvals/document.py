"""One hold as a stable JSON document: what we computed, and last what the agent wrote.

Fetches nothing. The field names are promised in docs/approvals.md. What could not be found is named in `missing`, never passed over.
"""

import base64
from typing import Any

import msgspec

from decision.change import FileFact
from decision.jury import JuryQuestion
from decision.question import ChangeQuestion, RequestQuestion
from doorless.approvals.words import parts_of
from workflows.approvals_client import Account, Hold, Judged, Recorded

Document = dict[str, Any]
NOTE = "Written by the agent. Nobody checked a word of it."


def document_of(account: Account) -> Document:
    """The whole of what is known, with the hold's own fields at the top."""
    missing: list[str] = []
    call = _call(account.request, missing)
    return {
        **msgspec.to_builtins(account.hold),
        "computed": {
            "call": call,
            "reasons": _reasons(account.request),
            "change": _change(account, missing),
            "jury": _jury(account.jury, missing),
            "on_approval": on_approval(account.hold, account.credential),
            "missing": missing,
        },
        "unchecked": _unchecked(account, call),
    }


def on_approval(hold: Hold, credential: str) -> Document:
    """What a yes that completes the approval does: what is done, who does it, with which credential."""
    if hold.by_people:
        return {
            "does": "makes the call, at once and once",
            "call": f"{hold.target} on {hold.service}",
            "as": "the person whose approval completes it",
            "credential": credential,
        }
    return {
        "does": "lets the agent repeat the call, once",
        "call": f"{hold.target} on {hold.service}",
        "as": f"{hold.role}, {hold.workflow}",
        "credential": credential,
    }


def _call(request: Recorded | None, missing: list[str]) -> Document | None:
    if request is None or request.input is None:
        missing.append("the decision on the call: the log no longer tells it")
        return None
    try:
        asked = msgspec.convert(request.input, RequestQuestion)
    except msgspec.ValidationError:
        missing.append("the decision on the call: another version wrote it")
        return None
    return {
        "method": asked.method,
        "service": asked.service,
        "route": asked.route,
        "path": asked.path,
        "query": asked.query,
        "action": asked.action,
        "data": asked.data,
        "content_type": asked.content_type,
        "body_bytes": asked.body_bytes,
        "body_sha256": asked.body_sha256,
        "validation": msgspec.to_builtins(asked.validation),
    }


def _change(account: Account, missing: list[str]) -> Document | None:
    recorded = account.change
    if recorded is None or recorded.input is None:
        if account.hold.change:
            missing.append("the decision on the change: the log no longer tells it")
        return None
    try:
        asked = msgspec.convert(recorded.input, ChangeQuestion)
    except msgspec.ValidationError:
        missing.append("the decision on the change: another version wrote it")
        return None
    facts = asked.facts
    return {
        "decision": recorded.id,
        "verdict": recorded.decision,
        "reasons": _reasons(recorded),
        "action": asked.action,
        "repository": asked.repository,
        "base": msgspec.to_builtins(facts.base),
        "head": facts.head,
        "totals": msgspec.to_builtins(facts.totals),
        "files": [_file(file, account.protected) for file in facts.files],
        "protected": msgspec.to_builtins(account.protected),
        "commits": msgspec.to_builtins(facts.commits),
        "secrets": msgspec.to_builtins(facts.secrets),
        "irregular": msgspec.to_builtins(facts.irregular),
        "findings": msgspec.to_builtins(asked.findings),
        "evidence": dict(asked.evidence),
    }


def _file(file: FileFact, protected: dict[str, tuple[str, ...]]) -> Document:
    return {
        "path": file.path,
        "change": file.change,
        "mode": file.new_mode,
        "lines": file.lines,
        "bytes": file.bytes,
        "binary": file.binary,
        "protected": list(protected.get(file.path, ())),
    }


def _jury(judged: Judged | None, missing: list[str]) -> Document | None:
    if judged is None:
        return None
    told: Document = {"about": judged.about, "state": judged.state, "time_ms": judged.time, "votes": []}
    try:
        asked = msgspec.convert((judged.deliberation or {}).get("question"), JuryQuestion)
    except msgspec.ValidationError:
        missing.append(f"the jury's words are gone; it voted {judged.votes}")
        return told
    makers = {juror.name: juror for juror in asked.roster}
    told["votes"] = [
        {
            **msgspec.to_builtins(vote),
            "vendor": makers[vote.juror].vendor if vote.juror in makers else "",
            "model": makers[vote.juror].model if vote.juror in makers else "",
        }
        for vote in asked.votes
    ]
    return told


def _reasons(recorded: Recorded | None) -> list[Document]:
    return [msgspec.to_builtins(reason) for reason in recorded.reasons] if recorded else []


def _unchecked(account: Account, call: Document | None) -> Document | None:
    if account.sent is None:
        return None
    kind = call["validation"]["type"] if call else ""
    body = base64.b64decode(account.sent.body)
    return {
        "note": NOTE,
        "content_type": account.sent.content_type,
        "bytes": len(body),
        "parts": [
            {"name": part.name, "lines": list(part.lines), "left_out": part.left_out}
            for part in parts_of(body, kind)
        ],
    }
