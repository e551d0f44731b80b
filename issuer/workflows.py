"""The records of workflows: which are active, and why the others ended; pure, in memory, on purpose.

Nothing is written to disk. After a crash or restart of the issuer this table is empty, so every workflow counts
as ended: introspection says inactive and nothing is minted again. The log keeps the history; this table decides.
"""

import base64
import enum
from collections.abc import Callable
from dataclasses import dataclass, replace

ENDED_KEPT = 1024
"""How many ended workflows are remembered; an older one is unknown (404 instead of 409), never active again."""

_ID_BYTES = 13
_ID_LETTERS = 20


class Ending(enum.StrEnum):
    """Why a workflow ended. A caller may give any but `expired`, which is the clock's."""

    COMPLETED = "completed"
    FAILED = "failed"
    TIMEOUT = "timeout"
    REVOKED = "revoked"
    LEASE_LOST = "lease_lost"
    SECRET_LEAK = "secret_leak"  # noqa: S105 - a reason, no password
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True, kw_only=True)
class Workflow:
    """One workflow. Times are unix seconds; `only` is the narrower scope asked for, empty for the whole role."""

    id: str
    role: str
    only: tuple[str, ...]
    task: str
    started_at: int
    expires_at: int
    ended_reason: Ending | None = None

    def active(self, now: int) -> bool:
        """Whether tokens of this workflow count at `now`; its deadline needs no timer."""
        return self.ended_reason is None and now < self.expires_at


class Workflows:
    """All workflows since this process began. `on_end` is called with each that ends, once, at that moment."""

    def __init__(self, on_end: Callable[[Workflow], None]) -> None:
        """`on_end` must not raise and must not call back."""
        self._on_end = on_end
        self._active: dict[str, Workflow] = {}
        self._ended: dict[str, Workflow] = {}

    def start(self, workflow: Workflow) -> None:
        """Make it active."""
        self._active[workflow.id] = workflow

    def find(self, workflow_id: str) -> Workflow | None:
        """The record, active or ended."""
        return self._active.get(workflow_id) or self._ended.get(workflow_id)

    def is_active(self, workflow_id: str, now: int) -> bool:
        """Whether it exists, has not ended and is within its time."""
        workflow = self._active.get(workflow_id)
        return workflow is not None and workflow.active(now)

    def active(self, now: int) -> list[Workflow]:
        """The active ones, oldest first."""
        return [workflow for workflow in self._active.values() if workflow.active(now)]

    def all(self) -> list[Workflow]:
        """Every one that is remembered: the ended in the order of their end, then the active."""
        return [*self._ended.values(), *self._active.values()]

    def end(self, workflow_id: str, reason: Ending) -> Workflow | None:
        """End it; the ended record if this call was the one that ended it, else None."""
        workflow = self._active.pop(workflow_id, None)
        if workflow is None:
            return None
        ended = replace(workflow, ended_reason=reason)
        self._ended[workflow_id] = ended
        if len(self._ended) > ENDED_KEPT:
            del self._ended[next(iter(self._ended))]
        self._on_end(ended)
        return ended

    def end_all(self, reason: Ending) -> list[Workflow]:
        """End every active one; what ended."""
        ended = [self.end(workflow_id, reason) for workflow_id in list(self._active)]
        return [workflow for workflow in ended if workflow is not None]

    def expire(self, now: int) -> list[Workflow]:
        """End those whose time is over; what ended."""
        over = [workflow.id for workflow in self._active.values() if not workflow.active(now)]
        ended = [self.end(workflow_id, Ending.EXPIRED) for workflow_id in over]
        return [workflow for workflow in ended if workflow is not None]


def workflow_id(entropy: bytes) -> str:
    """`wf-` and 20 letters of lower-case base32 from 13 random bytes (100 of their 104 bits)."""
    if len(entropy) != _ID_BYTES:
        raise ValueError(f"a workflow id is made of {_ID_BYTES} random bytes")
    return "wf-" + base64.b32encode(entropy)[:_ID_LETTERS].decode("ascii").lower()
