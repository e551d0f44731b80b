"""Fakes for the two seams of the issuer: a log that can fail before or after its effect, a policy that is told."""

import hashlib
from collections.abc import Callable
from typing import Literal

from audit.client import _MINT
from audit.entry import Entry, encode, entry_id
from audit.faults import LogUnavailable
from audit.receipt import Receipt
from decision.model import Decision
from decision.question import TokenQuestion
from issuer.policy import Answer


class FakeLog:
    """Keeps entries in a list. `fails` picks the append that fails, and whether the entry is kept all the same."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self.fails: Callable[[Entry], Literal["before", "after"] | None] = lambda _entry: None
        self.on_append: Callable[[Entry], None] = lambda _entry: None

    async def append(self, entry: Entry) -> Receipt:
        failure = self.fails(entry)
        if failure != "before":
            self.entries.append(entry)
        self.on_append(entry)
        if failure is not None:
            raise LogUnavailable(f"failed {failure} its effect")
        digest = hashlib.sha256(encode(entry)).digest()
        return Receipt(len(self.entries) - 1, entry_id(entry), digest, _MINT)

    def append_later(self, entry: Entry) -> None:
        self.entries.append(entry)


class FakePolicy:
    """Answers every question with `decision`, and remembers them."""

    def __init__(self, decision: Decision) -> None:
        self.decision = decision
        self.asked: list[TokenQuestion] = []

    async def ask(self, question: TokenQuestion) -> Answer:
        self.asked.append(question)
        return Answer(self.decision, "0" * 64)
