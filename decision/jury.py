"""What a jury said of a document: the wire form that whoever asks jurors and whoever asks policy share.

Pure: types. The declared roster stands beside the votes, so that fewer jurors than declared never look like agreement.
"""

from typing import Annotated, Literal

import msgspec

Verdict = Literal["pass", "veto", "no_verdict"]
WhyNone = Literal[
    "",
    "undecided",
    "unreadable",
    "contradicts_itself",
    "no_quote",
    "quote_not_found",
    "refused",
    "timeout",
    "failed",
    "budget",
]
"""Why a juror has no verdict; empty where it has one."""
Percent = Annotated[int, msgspec.Meta(ge=0, le=100)]


class JurorFact(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One juror that the operator declared."""

    name: str
    vendor: str
    model: str


class JuryFinding(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a juror holds against the document, and where that stands in the evidence, word for word."""

    title: str
    quote: str


class Vote(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What one juror said last. Every finding's quote occurs in the evidence; others are not votes."""

    juror: str
    verdict: Verdict
    confidence: Percent
    """Whole percent, rounded down; the log holds no fractions."""
    findings: tuple[JuryFinding, ...] = ()
    why: WhyNone = ""


class JuryQuestion(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """May this document take effect by what the jury says? Asked without votes: does it need a jury at all?"""

    version: Literal["1"] = "1"
    now: int
    """Unix seconds."""
    type: str
    """What the document is: `create-pr`, `alert-team` …"""
    digest: str
    """SHA-256 of exactly the bytes that were shown, in hex."""
    roster: tuple[JurorFact, ...]
    """Everybody who was declared, whether they answered or not."""
    votes: tuple[Vote, ...]
    """The last vote of each; empty where nobody was asked."""
