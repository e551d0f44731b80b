"""What a juror's text is as a vote: one JSON object of an exact form, or no verdict and why; pure.

Nothing is repaired or guessed. A quote counts only where it stands in the evidence, word for word.
"""

import json
import math
import re
from typing import Annotated, Any

import msgspec

from checks.jury.model import NoReply, Reply
from decision.jury import JuryFinding, Verdict, Vote, WhyNone

SHORTEST_QUOTE = 8
"""Characters without blanks; shorter ones stand in any text."""
_MOST_FINDINGS = 20

_FENCE = re.compile(r"```(?:json)?\n(.*)\n```", re.DOTALL)


class _Finding(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    title: Annotated[str, msgspec.Meta(min_length=1, max_length=500)]
    quote: Annotated[str, msgspec.Meta(max_length=2000)] = ""


class _Ballot(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    verdict: Verdict
    confidence: Annotated[float, msgspec.Meta(ge=0, le=1)]
    findings: Annotated[tuple[_Finding, ...], msgspec.Meta(max_length=_MOST_FINDINGS)] = ()


def read_vote(juror: str, reply: Reply | NoReply, evidence: str) -> Vote:
    """The vote that a reply is; never a pass or a veto unless the juror said that, once, and proves what it vetoes."""
    if isinstance(reply, NoReply):
        return none(juror, reply.why)
    try:
        ballot = msgspec.convert(_object(reply.text), _Ballot)
    except (ValueError, RecursionError):
        return none(juror, "unreadable")
    if ballot.verdict == "no_verdict":
        return none(juror, "undecided")
    if ballot.verdict == "pass" and ballot.findings:
        return none(juror, "contradicts_itself")
    why = _unproven(ballot, evidence)
    if why:
        return none(juror, why)
    return Vote(
        juror=juror,
        verdict=ballot.verdict,
        confidence=math.floor(ballot.confidence * 100 + 1e-9),
        findings=tuple(
            JuryFinding(title=each.title, quote=each.quote)
            for each in ballot.findings
            if _stands_in(each.quote, evidence)
        ),
    )


def none(juror: str, why: WhyNone) -> Vote:
    """The vote of a juror without a verdict."""
    return Vote(juror=juror, verdict="no_verdict", confidence=0, why=why)


def _unproven(ballot: _Ballot, evidence: str) -> WhyNone:
    if ballot.verdict != "veto" or any(_stands_in(each.quote, evidence) for each in ballot.findings):
        return ""
    return "quote_not_found" if any(each.quote.strip() for each in ballot.findings) else "no_quote"


def _stands_in(quote: str, evidence: str) -> bool:
    return len("".join(quote.split())) >= SHORTEST_QUOTE and quote in evidence


def _object(text: str) -> Any:
    """The one JSON value that the text is, within one code fence or bare. Raises ValueError for any other text."""
    bare = text.strip()
    fenced = _FENCE.fullmatch(bare)
    return json.loads(
        fenced[1] if fenced else bare, object_pairs_hook=_no_duplicates, parse_constant=_no_constant
    )


def _no_constant(word: str) -> Any:
    raise ValueError(f"{word} is no JSON number")


def _no_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise ValueError("a key stands in one object twice")
    return made
