"""Calls that wait for a person: which are open, who said what, and what of it still counts; pure.

Everything here follows from events that stand in the log: a step is checked, recorded, and only then taken. The same
events, read back after a restart, make the same state. Times are Unix seconds and come in as arguments.
"""

import base64
import enum
import heapq
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal, assert_never

TARGET_LIMIT = 512
WHY_LIMIT = 600
LONGEST_S = 24 * 3600
"""No hold waits longer, whatever policy says: a restart reads the log that far back."""


def hold_id(entropy: bytes) -> str:
    """A hold's name from 16 random bytes: "h-" and 26 letters of base32 (RFC 4648, lower case, unpadded)."""
    return "h-" + base64.b32encode(entropy)[:26].decode("ascii").lower()


class State(enum.StrEnum):
    """Where a hold stands. Only `APPROVED` lets a call through, and only once."""

    OPEN = "open"
    APPROVED = "approved"
    REFUSED = "refused"
    USED = "used"
    VOID = "void"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class Opened:
    """Policy held a call. `digest` is that of the canonical call: the same call is the same hold."""

    hold: str
    at: int
    digest: str
    decision: str
    workflow: str
    role: str
    service: str
    route: str
    target: str
    """Method and path as a person may be shown them: escaped and cut to `TARGET_LIMIT` characters."""
    body_bytes: int
    template: str
    approvers: tuple[str, ...]
    needed: int
    expires_at: int
    revision: str
    why: str = ""
    """What policy said when it held the call, cut to `WHY_LIMIT` characters."""
    kept: str = ""
    """The digest of the call beside the log, where approving it makes it; empty where its agent repeats it."""
    change: str = ""
    """The decision on the change that the call would make, where it is one on a repository."""
    sent: str = ""
    """The digest of the call beside the log, where its agent repeats it: for persons to read. Empty where it has no
    body, or one that is not kept."""


@dataclass(frozen=True, slots=True)
class Approved:
    """A person said yes. `nonce` makes each yes another one; `revision` is the policy that it was said under."""

    hold: str
    at: int
    approver: str
    nonce: str
    revision: str


@dataclass(frozen=True, slots=True)
class RefusedBy:
    """A person said no, and why."""

    hold: str
    at: int
    approver: str
    reason: str


@dataclass(frozen=True, slots=True)
class Used:
    """The approval was spent on one decision. It stands before the act: a crash in between spends it too."""

    hold: str
    at: int
    decision: str


@dataclass(frozen=True, slots=True)
class Voided:
    """What was approved is no more what would be done: a push came, or another policy."""

    hold: str
    at: int
    cause: Literal["policy_changed", "changed", "workflow_ended"]


Event = Opened | Approved | RefusedBy | Used | Voided


@dataclass(slots=True)
class Hold:
    """One hold and what has been said of it."""

    opened: Opened
    approvals: list[Approved] = field(default_factory=list)
    refusal: RefusedBy | None = None
    used: Used | None = None
    voided: Voided | None = None

    def state(self, now: int) -> State:
        """Where it stands at `now`. What was said before it expired still counts as said."""
        if self.used is not None:
            return State.USED
        if self.voided is not None:
            return State.VOID
        if self.refusal is not None:
            return State.REFUSED
        if now >= self.opened.expires_at:
            return State.EXPIRED
        # Persons, not words: a yes whose record was in doubt may stand in the log twice.
        said = {approval.approver for approval in self.approvals}
        return State.APPROVED if len(said) >= self.opened.needed else State.OPEN

    @property
    def undecided(self) -> bool:
        """Whether its time ended, or would end, with nobody having said enough."""
        return self.state(self.opened.at) is State.OPEN


class Holds:
    """Every hold that has not expired. Memory is bounded by what policy holds in `LONGEST_S`."""

    def __init__(self) -> None:
        self._holds: dict[str, Hold] = {}
        self._by_digest: dict[str, str] = {}
        """The latest hold of a call: an earlier one is over."""
        self._expiries: list[tuple[int, str]] = []

    def __len__(self) -> int:
        return len(self._holds)

    def __iter__(self) -> Iterator[Hold]:
        return iter(self._holds.values())

    def get(self, hold: str) -> Hold | None:
        """The hold of that name, if it has not expired."""
        return self._holds.get(hold)

    def of_call(self, digest: str, now: int) -> Hold | None:
        """The hold of a call that still says something: waiting, approved, or refused until it expires."""
        hold = self._holds.get(self._by_digest.get(digest, ""))
        if hold is None:
            return None
        match hold.state(now):
            case State.OPEN | State.APPROVED | State.REFUSED:
                return hold
            case State.USED | State.VOID | State.EXPIRED:
                return None
            case _ as never:
                assert_never(never)

    def in_state(self, state: State, now: int) -> Iterator[Hold]:
        """Those that stand there, in the order in which they were opened."""
        return (hold for hold in self._holds.values() if hold.state(now) is state)

    def fault(self, hold: str, approver: str, now: int) -> str | None:
        """Why this person's word on a hold would not count, as a code; nothing where it counts."""
        known = self._holds.get(hold)
        if known is None:
            return "hold.unknown"
        state = known.state(now)
        if state is not State.OPEN:
            return f"hold.{state}"
        if approver not in known.opened.approvers:
            return "hold.not_an_approver"
        if any(said.approver == approver for said in known.approvals):
            return "hold.approved_already"
        return None

    def approval_fault(self, hold: str, approver: str, now: int) -> str | None:
        """Why this person's yes would not count. One who approved a call that was not made yet may say it again."""
        known = self._holds.get(hold)
        fault = self.fault(hold, approver, now)
        if known is not None and known.opened.kept and fault == "hold.approved":
            return None if approver in known.opened.approvers else "hold.not_an_approver"
        return fault

    def refusal_fault(self, hold: str, approver: str, now: int) -> str | None:
        """The same for a no, which may also take back what was approved and not used yet."""
        fault = self.fault(hold, approver, now)
        known = self._holds.get(hold)
        if known is None or fault not in {"hold.approved", "hold.approved_already"}:
            return fault
        return None if approver in known.opened.approvers else "hold.not_an_approver"

    def of_workflow(self, workflow: str, now: int) -> list[Hold]:
        """The holds of a workflow that still wait, for a person or for their call."""
        live = {State.OPEN, State.APPROVED}
        return [
            hold
            for hold in self._holds.values()
            if hold.opened.workflow == workflow and hold.state(now) in live
        ]

    def take(self, event: Event) -> None:
        """Take a step that is recorded. Raises ValueError for one that cannot follow: the log would be wrong."""
        match event:
            case Opened():
                self._open(event)
            case Approved():
                self._of(event.hold).approvals.append(event)
            case RefusedBy():
                self._of(event.hold).refusal = event
            case Used():
                hold = self._of(event.hold)
                if hold.used is not None:
                    raise ValueError(f"the approval of {event.hold} was used twice")
                hold.used = event
            case Voided():
                self._of(event.hold).voided = event
            case _ as never:
                assert_never(never)

    def expire(self, now: int) -> list[Hold]:
        """Forget the holds whose time is over by `now`, and give them back, whatever became of them."""
        over = []
        while self._expiries and self._expiries[0][0] <= now:
            _, name = heapq.heappop(self._expiries)
            hold = self._holds.pop(name)
            if self._by_digest.get(hold.opened.digest) == name:
                del self._by_digest[hold.opened.digest]
            over.append(hold)
        return over

    @property
    def next_expiry(self) -> int | None:
        """When `expire` has something to do again."""
        return self._expiries[0][0] if self._expiries else None

    def _open(self, opened: Opened) -> None:
        if opened.hold in self._holds:
            raise ValueError(f"the hold {opened.hold} was opened twice")
        if not opened.approvers or not 1 <= opened.needed <= len(opened.approvers):
            raise ValueError(f"the hold {opened.hold} can never be approved")
        if not 0 < opened.expires_at - opened.at <= LONGEST_S:
            raise ValueError(f"the hold {opened.hold} lasts longer than {LONGEST_S} seconds, or not at all")
        self._holds[opened.hold] = Hold(opened)
        self._by_digest[opened.digest] = opened.hold
        heapq.heappush(self._expiries, (opened.expires_at, opened.hold))

    def _of(self, hold: str) -> Hold:
        known = self._holds.get(hold)
        if known is None:
            raise ValueError(f"nothing is known of the hold {hold}")
        return known
