"""What a decision is: a closed union of frozen values, and nothing that can fetch or change anything.

A decision is `Allow`, `Deny` or `Hold` and is matched exhaustively. There is no boolean form of it.
"""

import enum
from dataclasses import dataclass
from typing import Literal

import msgspec


class Reason(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Why a decision came out as it did, in words for the one who reads it.

    `code` is stable. `remedy` leads on. `rule` names the Rego rule or the part of the gateway that spoke.
    A reason for the `operator` is recorded and never shown to an agent.
    """

    code: str
    message: str
    remedy: str
    rule: str
    audience: Literal["agent", "operator"] = "agent"
    retry: Literal["final", "retry"] = "final"
    path: str | msgspec.UnsetType = msgspec.UNSET
    """The file of a change that it is about; empty where it is about no one file."""
    line: int | msgspec.UnsetType = msgspec.UNSET
    """Where in the file; 0 where no line is meant."""


@dataclass(frozen=True, slots=True)
class RateLimit:
    """At most `limit` attempts in `window_s` seconds under `key`; this one costs `cost`."""

    key: str
    limit: int
    window_s: int
    cost: int


@dataclass(frozen=True, slots=True)
class IssueToken:
    """One token that may be issued: for one audience, with these scope words, for at most `ttl_s` seconds."""

    audience: str
    scope: tuple[str, ...]
    ttl_s: int


@dataclass(frozen=True, slots=True)
class Terms:
    """What must be done when the decision takes effect: the obligations, merged to their strictest.

    `credential` is a reference; a secret never passes through policy. `None` means: no such obligation.
    """

    credential: str | None = None
    rate_limits: tuple[RateLimit, ...] = ()
    max_body_bytes: int | None = None
    timeout_ms: int | None = None
    tokens: tuple[IssueToken, ...] = ()


class Source(enum.StrEnum):
    """Who decided: the policy, or the gateway because policy could not or need not be asked."""

    POLICY = "policy"
    GATEWAY = "gateway"


@dataclass(frozen=True, slots=True)
class Allow:
    """Policy said yes, under these terms."""

    terms: Terms
    reasons: tuple[Reason, ...] = ()


@dataclass(frozen=True, slots=True)
class Deny:
    """No. `reasons` is never empty: a denial that cannot say why does not exist."""

    reasons: tuple[Reason, ...]
    source: Source = Source.POLICY
    terms: Terms = Terms()

    def __post_init__(self) -> None:
        """A denial without a reason is a defect of ours, found where it is made."""
        if not self.reasons:
            raise ValueError("a denial needs at least one reason")


@dataclass(frozen=True, slots=True)
class Hold:
    """No, unless `needed` persons of `approvers` say yes within `expires_in_s` seconds."""

    reasons: tuple[Reason, ...]
    template: str
    approvers: tuple[str, ...]
    expires_in_s: int
    terms: Terms = Terms()
    needed: int = 1


Decision = Allow | Deny | Hold


def gateway_denial(
    code: str, message: str, remedy: str, *, retry: Literal["final", "retry"] = "final"
) -> Deny:
    """A denial by our own side: policy was not asked, did not answer, or its answer cannot be followed."""
    reason = Reason(code=code, message=message, remedy=remedy, rule=f"gateway.{code}", retry=retry)
    return Deny(reasons=(reason,), source=Source.GATEWAY)
