"""Which findings are new: those of the head that its base does not have as often; pure.

A finding is known by its rule, its path and the code it stands on with blanks evened out, never by its line:
what moves down a file stays known, and a second copy of a known line is new.
"""

import hashlib
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from decision.change import FindingFact


@dataclass(frozen=True, slots=True)
class Located:
    """A finding and the code that it stands on."""

    fact: FindingFact
    code: bytes


def fingerprint(finding: Located, occurrence: int) -> str:
    """A name for a finding that survives edits elsewhere in its file; hex. `occurrence` counts from 0."""
    digest = hashlib.sha256()
    parts = (
        finding.fact.rule.encode(),
        finding.fact.path.encode("utf-8", "surrogateescape"),
        _even(finding.code),
    )
    for part in (*parts, str(occurrence).encode()):
        digest.update(len(part).to_bytes(8, "big") + part)
    return digest.hexdigest()


def new_findings(base: Iterable[Located], head: Iterable[Located]) -> tuple[FindingFact, ...]:
    """The findings of `head` that `base` does not have, by path and line."""
    known = {name for name, _ in _named(base)}
    fresh = [fact for name, fact in _named(head) if name not in known]
    return tuple(sorted(fresh, key=lambda fact: (fact.path, fact.line, fact.rule)))


def _named(findings: Iterable[Located]) -> Iterable[tuple[str, FindingFact]]:
    seen: Counter[str] = Counter()
    for finding in sorted(findings, key=lambda each: (each.fact.path, each.fact.line, each.fact.rule)):
        first = fingerprint(finding, 0)
        yield fingerprint(finding, seen[first]), finding.fact
        seen[first] += 1


def _even(code: bytes) -> bytes:
    return b" ".join(code.split())
