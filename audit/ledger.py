"""What the entries of a log must say about each other, taken in one after the other.

Pure. Promises that an outcome has one earlier decision and a decision at most one outcome, and that nothing was
forwarded or issued without an allow that stands before it. Memory: about 20 bytes for each decision (`compact_states`).
"""

from collections import Counter
from dataclasses import dataclass, field
from enum import IntEnum
from typing import assert_never

from audit.compact_states import UNKNOWN, CompactStates
from audit.entry import DecisionEntry, Entry, EntryInvalid, EventEntry, OutcomeEntry, document_digest


class _State(IntEnum):
    """What is known of a decision. The rest of its life depends on nothing else."""

    UNKNOWN = UNKNOWN
    ALLOWED_REQUEST = 1
    ALLOWED_TOKEN = 2
    NOT_ALLOWED = 3
    SETTLED = 4


@dataclass(slots=True)
class Ledger:
    """What the entries so far say: their counts, and where each decision stands.

    whole: the entries begin with the first of the log; where its beginning was pruned, an outcome may belong to a
    decision that is not there any more.
    """

    whole: bool = True
    states: CompactStates = field(default_factory=CompactStates)
    types: Counter[str] = field(default_factory=Counter)
    decisions: Counter[tuple[str, str]] = field(default_factory=Counter)
    outcomes: Counter[str] = field(default_factory=Counter)

    def enter(self, entry: Entry) -> None:
        """Take one entry in. Raises EntryInvalid if it contradicts what came before."""
        match entry:
            case DecisionEntry():
                self._decide(entry)
            case OutcomeEntry():
                self._settle(entry)
            case EventEntry():
                self.types["event"] += 1
            case _ as never:
                assert_never(never)

    @property
    def open_intents(self) -> int:
        """Allowed requests without an outcome so far."""
        return self.states.count(_State.ALLOWED_REQUEST)

    def _decide(self, entry: DecisionEntry) -> None:
        if self.states.get(entry.id) != _State.UNKNOWN:
            raise EntryInvalid(f"a second decision with the id {entry.id}")
        stated = entry.input_sha256
        if stated and entry.input is not None and stated != document_digest(entry.input):
            raise EntryInvalid(f"input_sha256 of {entry.id} is not the digest of its input")
        self.types["decision"] += 1
        self.decisions[entry.kind, entry.decision] += 1
        match entry.kind, entry.decision:
            case "request" | "change", "allow":
                self.states.set(entry.id, _State.ALLOWED_REQUEST)
            case "token", "allow":
                self.states.set(entry.id, _State.ALLOWED_TOKEN)
            case _:
                self.states.set(entry.id, _State.NOT_ALLOWED)

    def _settle(self, entry: OutcomeEntry) -> None:
        match _State(self.states.get(entry.decision)):
            case _State.UNKNOWN if not self.whole:
                wrong = False
            case _State.UNKNOWN:
                raise EntryInvalid(f"an outcome of {entry.decision}, which no earlier entry decided")
            case _State.SETTLED:
                raise EntryInvalid(f"a second outcome of {entry.decision}")
            case _State.ALLOWED_REQUEST:
                wrong = entry.result == "issued"
            case _State.ALLOWED_TOKEN:
                wrong = entry.forwarded
            case _State.NOT_ALLOWED:
                wrong = entry.forwarded or entry.result == "issued"
            case _ as never:
                assert_never(never)
        if wrong:
            act = "forwarded" if entry.forwarded else "issued"
            raise EntryInvalid(f"{act} without a durable allow: {entry.decision}")
        self.types["outcome"] += 1
        self.outcomes[entry.result] += 1
        self.states.set(entry.decision, _State.SETTLED)
