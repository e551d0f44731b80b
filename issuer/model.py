"""What can be asked of the issuer, and the closed union of what can come of it; values only."""

from dataclasses import dataclass

from decision.model import Reason
from issuer.workflows import Workflow


@dataclass(frozen=True, slots=True)
class Wish:
    """What the orchestrator asks for when it starts a workflow."""

    role: str
    ttl_s: int
    only: tuple[str, ...]
    task: str


@dataclass(frozen=True, slots=True)
class IssuedToken:
    """One signed token and what it is good for; prints without the token."""

    audience: str
    scope: tuple[str, ...]
    expires_at: int
    compact: str

    def __repr__(self) -> str:
        """Without the token."""
        return f"IssuedToken(audience={self.audience!r}, scope={self.scope!r}, expires_at={self.expires_at})"


@dataclass(frozen=True, slots=True)
class Issued:
    """Policy allowed, the log has it, and these are the tokens."""

    workflow: Workflow
    decision: str
    tokens: tuple[IssuedToken, ...]


@dataclass(frozen=True, slots=True)
class Denied:
    """Policy denied (or held, which nobody can approve yet); recorded under `decision`."""

    reasons: tuple[Reason, ...]
    decision: str


@dataclass(frozen=True, slots=True)
class Unavailable:
    """We could not decide or could not record, so nothing was signed. `decision` is empty where none was recorded."""

    reasons: tuple[Reason, ...]
    decision: str


@dataclass(frozen=True, slots=True)
class Unknown:
    """There is no such workflow."""


@dataclass(frozen=True, slots=True)
class AlreadyEnded:
    """The workflow is over; nothing is issued for it any more."""
