"""The change that a call would make to a repository, as policy was asked about it; pure.

What a person approves is bound to it: another commit on either side, or other facts, is another change.
"""

import hashlib
from dataclasses import dataclass

import msgspec

from decision.change import ChangeFacts


@dataclass(frozen=True, slots=True)
class Proposed:
    """One change by its two commits and the digest of its facts, and the id under which it was decided."""

    decision: str
    base: str
    head: str
    facts_sha256: str


def proposed(decision: str, facts: ChangeFacts) -> Proposed:
    """The change of these facts."""
    digest = hashlib.sha256(msgspec.json.encode(facts)).hexdigest()
    return Proposed(decision, facts.base.commit, facts.head, digest)
