"""Who calls: the channel is the identity. A `Caller` is made of verified tokens and of nothing else that was sent.

Pure: tokens are verified elsewhere; here they become one value that says what a workflow may ask for.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from decision.model import gateway_denial
from gateway.request import Refused, Stamp
from gateway.secret import Secret
from issuer.token import VerifiedToken


@dataclass(frozen=True, slots=True)
class Grant:
    """One verified token: for one service, with these scope words, until `expires_at` (Unix seconds)."""

    scope: tuple[str, ...]
    expires_at: int
    token: Secret = field(repr=False)


@dataclass(frozen=True, slots=True)
class Caller:
    """The workflow behind a channel, as its verified tokens describe it."""

    workflow: str
    role: str
    grants: Mapping[str, Grant]
    """By service name."""
    expires_at: int
    """When the first of its tokens ends, in Unix seconds."""
    started_by: str = ""
    """The user of this machine who opened its channel, as the kernel told it; empty where that uid has no name."""

    def scope_for(self, service: str) -> tuple[str, ...]:
        """The scope words that this workflow holds for a service; none for a service it has no token for."""
        grant = self.grants.get(service)
        return () if grant is None else grant.scope


class TokensDisagree(Exception):
    """Tokens of one channel that name two workflows, two roles or one service twice."""


def caller_of(tokens: tuple[tuple[VerifiedToken, Secret], ...]) -> Caller:
    """The caller that a set of verified tokens describes, all of one workflow and role.

    Raises `TokensDisagree` for an empty set and for tokens that do not belong together.
    """
    if not tokens:
        raise TokensDisagree("no tokens")
    if len({(verified.workflow, verified.role) for verified, _ in tokens}) != 1:
        raise TokensDisagree("tokens of several workflows or roles")
    grants = {
        verified.audience: Grant(scope=verified.scope, expires_at=verified.expires_at, token=token)
        for verified, token in tokens
    }
    if len(grants) != len(tokens):
        raise TokensDisagree("two tokens for one service")
    first = tokens[0][0]
    return Caller(
        workflow=first.workflow,
        role=first.role,
        grants=grants,
        expires_at=min(grant.expires_at for grant in grants.values()),
    )


def identify(caller: Caller | None, stamp: Stamp) -> Caller | Refused:
    """The caller of a request on a channel, or why there is none.

    A channel whose workflow has ended, or whose tokens were not renewed in time, identifies nobody.
    """
    if caller is None:
        return _nobody(stamp, "workflow_ended", "The workflow of this channel has ended.")
    if stamp.now >= caller.expires_at:
        return _nobody(
            stamp, "token_expired", "The tokens of this workflow have expired and were not renewed."
        )
    return caller


def _nobody(stamp: Stamp, code: str, message: str) -> Refused:
    return Refused(stamp.id, gateway_denial(f"caller.{code}", message, "Start a new workflow."), 401)
