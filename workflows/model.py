"""What a workflow is to the orchestrator: frozen values, no I/O.

A token passes through here from the issuer to the gateway; its type never shows it.
"""

import enum
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal


@dataclass(frozen=True, slots=True)
class Task:
    """What somebody wants done: by which role, for how long, with how much of the role, by which program."""

    role: str
    text: str
    ttl_s: int
    only: tuple[str, ...]
    """Scope words; empty asks for the whole role."""
    command: tuple[str, ...]
    agent_folder: Path | None
    """The folder that the agent may read as `/agent`."""
    sandboxed: bool = True


@dataclass(frozen=True, slots=True)
class Parts:
    """Where the parts of this home listen, and what no agent may ever be shown."""

    issuer_socket: Path
    gateway_socket: Path
    home: Path


@dataclass(frozen=True, slots=True)
class Token:
    """One token on its way to the gateway. It prints redacted and is never written anywhere."""

    audience: str
    scope: tuple[str, ...]
    compact: str
    expires_at: int
    """Unix seconds."""

    def __repr__(self) -> str:
        """Never the token itself."""
        return f"Token({self.audience!r}, scope={self.scope!r}, <redacted>, expires_at={self.expires_at})"


@dataclass(frozen=True, slots=True)
class Started:
    """A workflow that the issuer started, with its first tokens."""

    workflow: str
    role: str
    expires_at: int
    decision: str
    tokens: tuple[Token, ...]


@dataclass(frozen=True, slots=True)
class Channel:
    """The agent's one way out, as the gateway opened it."""

    workflow: str
    socket: Path
    uid: int
    expires_at: int


class EndReason(enum.StrEnum):
    """Why a workflow ended, in the words of the issuer."""

    COMPLETED = "completed"
    FAILED = "failed"
    TIMEOUT = "timeout"
    REVOKED = "revoked"
    LEASE_LOST = "lease_lost"


@dataclass(frozen=True, slots=True)
class Ended:
    """How it ended. `exit_code` is the agent's own; `None` where it did not get to give one."""

    workflow: str
    reason: EndReason
    exit_code: int | None
    signal: int | None = None
    """The signal that ended the orchestrator, where one did."""
    note: str = ""
    """What a person should be told about it, where there is more to say than the reason."""


Stream = Literal["stdout", "stderr"]
Output = Callable[[Stream, bytes], None]
"""Takes what the agent printed, control characters already escaped."""


@dataclass(frozen=True, slots=True)
class WorkflowRecord:
    """One workflow as the issuer lists it. Times are Unix seconds."""

    workflow: str
    role: str
    state: Literal["active", "ended"]
    started_at: int
    expires_at: int
    task: str
    ended_reason: str
