"""The questions that policy is asked: complete, frozen documents with every field present.

Facts and digests only, never bodies. `now` is a fact, so that every recorded question can be asked again.
"""

from typing import Literal

import msgspec

from decision.change import ChangeFacts, EvidenceState, FindingFact, Person, ProtectedChange
from decision.jury import JuryQuestion
from decision.output import NOT_VALIDATED, OutputValidation


class Approval(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What persons said of this very call: a fact like others. Policy decides whether it suffices."""

    hold: str
    template: str
    """The terms of `approvals.yaml` under which it was held."""
    approvers: tuple[str, ...]
    """OS users, as the kernel told their uids; never what a request said."""
    call_sha256: str
    """The digest of the call that they approved."""
    nonce: str
    """Makes each approval another one."""
    approved_at: int
    """Unix seconds of the last of their words."""
    expires_at: int
    revision_matches: bool
    """Whether the policy in force is the one that it was given under."""
    standing: bool = False
    """Given beforehand, for every call of a role on a route: never enough for what cannot be undone."""


class TokensSpent(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What model providers counted so far, by their own account; a restart of the gateway does not begin anew."""

    workflow: int = 0
    role_today: int = 0
    """By all workflows of the role, since midnight UTC."""


class History(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What this workflow had done before the call was described, by the order of the log; see `docs/policies.md`.

    Names are of the catalogue, sorted, each once. What persons did in its place is not among it.
    """

    requests: int = 0
    """Decisions on its calls, and refusals before policy."""
    allowed: int = 0
    denials: int = 0
    """By policy, and refusals before policy; what the gateway denied for reasons of its own is none."""
    denials_in_a_row: int = 0
    """Those since the last call that was allowed."""
    services: tuple[str, ...] = ()
    """Services of calls that were allowed, or are being decided."""
    data: tuple[str, ...] = ()
    """The same of data classes."""
    data_read: tuple[str, ...] = ()
    """Those of them that a call read: by the action `read`, or by the method GET or HEAD."""
    under_way: tuple[str, ...] = ()
    """Actions of its calls that are not over yet."""
    bytes_sent: int = 0
    """Of bodies, to services, in calls that are over."""


NO_HISTORY = History()
"""Of a workflow that has asked for nothing yet."""


class RequestQuestion(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """May this workflow make this call? One field per fact; see `docs/policies.md`."""

    version: Literal["1"] = "1"
    now: int
    """Unix seconds."""
    workflow: str
    role: str
    scope: tuple[str, ...]
    """Scope words of the verified token for this service: `action:data`, or `action` alone."""
    service: str
    route: str
    action: str
    data: str
    """The data class that the route touches; empty where it names none."""
    method: str
    path: str
    """The canonical raw path below the service: exactly the bytes that would be forwarded."""
    params: dict[str, str]
    """The parameters of the path template, percent-decoded once."""
    query: str
    """The raw query string, without the question mark."""
    body_bytes: int
    """The announced length of the body; -1 where it is not announced."""
    content_type: str
    scan: tuple[str, ...] = ()
    """What looks like a secret in what the agent sends, by id; empty where nothing does."""
    call_sha256: str = ""
    """The digest of the whole call, its body included; empty where no approval can matter."""
    approval: Approval | None = None
    performed_by: str = ""
    """The person whose approval makes the call; empty where a workflow makes it."""
    started_by: str = ""
    """The user of this machine who started the workflow, as the kernel told the uid; empty where that has no name."""
    body_sha256: str = ""
    """The digest of exactly the body that would be forwarded; empty where it was not read."""
    validation: OutputValidation = NOT_VALIDATED
    """What was found out about that body, where the route names an output."""
    tokens_spent: TokensSpent = TokensSpent()
    """Zero for services that are no model providers."""
    history: History = NO_HISTORY


class TokenQuestion(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """May this workflow be given tokens, for how much, for how long?"""

    version: Literal["1"] = "1"
    now: int
    workflow: str
    role: str
    only: tuple[str, ...]
    """The narrower scope that was asked for; empty asks for the whole role."""
    ttl_s: int
    renewal: bool


class ChangeQuestion(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """May this change be made, or proposed, or merged? The same question whichever door it comes through."""

    version: Literal["1"] = "1"
    now: int
    workflow: str
    """Empty for a check outside any workflow."""
    role: str
    scope: tuple[str, ...]
    """Scope words of the verified token for this service; a `check` needs none."""
    service: str
    """The service of the catalogue that holds the repository; empty for a `check` outside any."""
    repository: str
    """`owner/name`, or empty."""
    action: Literal["create-branch", "check", "create-pr", "merge"]
    data: str
    """The data class that the push route touches; empty where it names none."""
    via: Literal["push", "check", "api"]
    identity: Person
    """The only one whom the commits may name. Both fields empty: not stated, which only a `check` may."""
    namespace: str
    """`refs/heads/agent/<workflow>/`, or empty where no ref is to change."""
    facts: ChangeFacts
    findings: tuple[FindingFact, ...]
    evidence: dict[str, EvidenceState]
    """What became of each check, by its kind: `semgrep`, `tests`, `schema`, `jury`."""
    require: tuple[str, ...]
    """The kinds that must have passed, beyond those that policy demands itself."""
    protected_change: ProtectedChange = ProtectedChange()
    call_sha256: str = ""
    """The digest of the whole call that would make it, this change included; empty where no call does."""
    approval: Approval | None = None
    """What persons said of that very call."""
    performed_by: str = ""
    """The person whose approval makes the call; empty where a workflow makes it."""
    started_by: str = ""
    """The user of this machine who started the workflow; empty where nobody knows."""


Question = RequestQuestion | TokenQuestion | ChangeQuestion | JuryQuestion

_encoder = msgspec.json.Encoder()


def encode_question(question: Question) -> bytes:
    """The question as JSON, without the `input` wrapper. The digest that is recorded is taken of these bytes."""
    return _encoder.encode(question)
