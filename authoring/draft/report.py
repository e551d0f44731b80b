"""A draft as people and programs read it. It is printed for a person, and nothing of it is applied."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from authoring.draft.draft import Draft
from authoring.draft.proof import Proof
from authoring.replay.report import row_of, summary
from authoring.replay.tally import Replay


@dataclass(frozen=True, slots=True)
class PolicyTest:
    """The draft's policy test: where it belongs below `policies/`, and its text."""

    place: str
    text: str


@dataclass(frozen=True, slots=True)
class Whole:
    """A draft with all that was found out about it; without a grant to draft there is nothing more."""

    decision: str
    draft: Draft
    proof: Proof | None = None
    test: PolicyTest | None = None
    replay: Replay | None = None


def document(whole: Whole) -> dict[str, Any]:
    """Everything, as JSON."""
    draft = whole.draft
    said: dict[str, Any] = {
        "version": "1",
        "decision": whole.decision,
        "role": draft.role,
        "service": draft.service,
        "word": draft.word,
        "refused_by": draft.refused_by,
        "added": draft.added,
        "also": draft.also,
        "cannot": draft.cannot,
        "diff": draft.diff,
        "allowed": whole.proof is not None and whole.proof.allowed,
    }
    if whole.proof is not None:
        said["proof"] = asdict(whole.proof)
    if whole.test is not None:
        said["test"] = asdict(whole.test)
    if whole.replay is not None:
        said["replay"] = {"reproduced": whole.replay.reproduced, "flipped": whole.replay.flipped}
    return said


def text(whole: Whole) -> str:
    """For a terminal."""
    return "\n".join(_lines(whole)) + "\n"


def _lines(whole: Whole) -> Iterator[str]:
    draft = whole.draft
    yield f"{whole.decision} was refused to the role {draft.role} by {', '.join(draft.refused_by)}."
    if draft.cannot:
        yield from ("", "What no grant gives:", *(f"  {why}" for why in draft.cannot))
    if not draft.diff:
        yield from ("", _nothing(whole))
        return
    yield from ("", f"The smallest grant: {', '.join(draft.added)}.")
    if draft.also:
        yield "It grants besides, because a role is services x actions x data:"
        yield from (f"  {each}" for each in draft.also)
    yield from ("", draft.diff.rstrip("\n"))
    if whole.proof is not None:
        yield from ("", *_proven(whole.proof))
    if whole.test is not None:
        yield from (
            "",
            f"Its test, for policies/{whole.test.place} (it passed):",
            "",
            whole.test.text.rstrip("\n"),
        )
    if whole.replay is not None:
        yield from ("", f"Replay of the role's decisions under it: {summary(whole.replay)}")
        yield from (f"  {' | '.join(row_of(group))}" for group in whole.replay.flips)
    yield from ("", "Nothing was changed. This loosens policy: a person decides, and applies it.")


def _nothing(whole: Whole) -> str:
    if whole.proof is not None and whole.proof.today.decision == "allow":
        return "The policies of today allow it already."
    if whole.draft.cannot:
        return "There is no grant to draft."
    return "The role has all that this call needs: start the workflow anew, with all of it (--only, if it is given)."


def _proven(proof: Proof) -> Iterator[str]:
    if proof.today.decision == "allow":
        yield "The policies of today allow it already."
    yield f"Asked of OPA, the recorded call comes to: {proof.then.shown}"
    if proof.then != proof.with_token:
        yield f"In a workflow that is started with the grant: {proof.with_token.shown}"
    yield "Allowed then." if proof.allowed else "Refused still, by the rules that are named."
