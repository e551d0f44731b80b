"""Pull requests and their merges, described as the changes that they are, and sent on as they were judged.

The commits are the upstream's, fetched into the mirror that pushes use; facts and evidence are asked of the checks for
exactly these. Knows nothing of decisions: what policy is to be asked is made here, and asked elsewhere.
"""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import msgspec

from audit.receipt import Receipt
from decision.change import DescribedChange, EvidenceState
from decision.model import Allow, Deny
from decision.output import JuryState
from decision.question import ChangeQuestion
from gateway.body import BodyTooLarge, RequestBody, body_of
from gateway.call import Call
from gateway.caller import Caller
from gateway.git.checks import Evidence, Pushed, Update
from gateway.git.identity import identity_of, namespace_of
from gateway.git.judge import Bench
from gateway.git.mirror import BRANCHES, Mirror
from gateway.git.names import Search, new_commits, searched_commits, searched_names
from gateway.git.proposal import HEAD_MOVED, Action, action_of
from gateway.git.proposed import Proposed, proposed
from gateway.git.publish import NOBODY
from gateway.git.quarantine import Quarantine, quarantine
from gateway.git.receipt_line import APPROVED, receipt_line, signed_document
from gateway.git.sides import Looking, Read, Sides
from gateway.upstream import Answered, Failed, Upstreams

EVIDENCE: Final = ("semgrep", "tests")
"""What is asked of the checks; of the body they said before what its schema and its jury say."""
MOST_BYTES: Final = 4 * 2**20
"""The largest body of a proposal; no larger one is validated."""
_JURY: Final[dict[JuryState, EvidenceState]] = {
    "passed": "passed",
    "veto": "failed",
    "no_verdict": "no_verdict",
    "not_configured": "not_configured",
    "absent": "absent",
}
_JSON: Final = (b"content-type", b"application/json")
_CREATED = 201


@dataclass(frozen=True, slots=True)
class Described:
    """A proposal with all that could be found out about its change, under the id of the decision on it."""

    id: str
    now: int
    action: Action
    sides: Sides
    change: DescribedChange
    evidence: Evidence

    @property
    def proposed(self) -> Proposed:
        """What a person's approval is bound to."""
        return proposed(self.id, self.change.facts)

    @property
    def shown(self) -> dict[str, str]:
        """Where the change lies, for the checks to show to a jury."""
        sides = self.sides
        return {"repository": str(sides.mirror.folder), "base": sides.base, "head": sides.head}

    def question(self, call: Call) -> ChangeQuestion:
        """What policy is to be asked of the change that a call would make, with what is known of the call by now."""
        asked, validation = call.question, call.question.validation
        return ChangeQuestion(
            now=self.now,
            workflow=asked.workflow,
            role=asked.role,
            scope=asked.scope,
            service=asked.service,
            repository=self.sides.repository.full_name,
            action=self.action,
            data=asked.data,
            via="api",
            identity=identity_of(asked.role, asked.workflow),
            namespace=namespace_of(asked.workflow),
            facts=self.change.facts,
            findings=self.evidence.findings,
            evidence={
                **self.evidence.states,
                "schema": validation.schema,
                "jury": _JURY[validation.jury],
            },
            require=(),
            protected_change=self.change.protected_change,
            call_sha256=asked.call_sha256,
            approval=asked.approval,
            performed_by=asked.performed_by,
            started_by=asked.started_by,
        )


class Proposals:
    """The proposals of one gateway. `quarantines` is the folder where pushes have theirs."""

    def __init__(self, bench: Bench, read: Read, upstreams: Upstreams, quarantines: Path) -> None:
        self._bench = bench
        self._looking = Looking(read, upstreams)
        self._upstreams = upstreams
        self._quarantines = quarantines

    async def described(self, call: Call, caller: Caller, body: bytes, search: Search) -> Described | Deny:
        """The change of a call that proposes one; or why it cannot be described, which nobody can approve."""
        action = action_of(call)
        assert action is not None, "only what proposes a change is described"
        sides = await self._looking.now(call, caller, body)
        if isinstance(sides, Deny):
            return sides
        # The base alone is known here, so that every commit that it does not have is searched.
        known = Mirror(sides.mirror.folder, ((BRANCHES + sides.branches.base, sides.base),))
        with quarantine(self._quarantines, known, sides.branches.base) as place:
            pushed = _pushed(sides, place)
            described = await self._bench.checks.describe(pushed)
            if isinstance(described, Deny):
                return described
            facts = searched_names(described.facts, search)
            facts = searched_commits(facts, await new_commits(pushed, self._bench.home), search)
            evidence = await self._bench.checks.evidence(pushed, facts.head, EVIDENCE, _unheard)
        if isinstance(evidence, Deny):
            return evidence
        stamp = self._bench.stamp()
        change = msgspec.structs.replace(described, facts=facts)
        return Described(stamp.id, stamp.now, action, sides, change, evidence)

    async def send(
        self, call: Call, caller: Caller, allow: Allow, receipt: Receipt, body: RequestBody
    ) -> Answered | Failed:
        """Make the call, if its commits are still the ones that were judged: the validated document with its receipt.

        Raises `BodyTooLarge` and `ClientGone` for what the request's body does on its way.
        """
        sent = await body.read_ahead(MOST_BYTES) or b""
        limit = allow.terms.max_body_bytes
        if limit is not None and body.count > limit:
            raise BodyTooLarge
        moved = await self._moved(call, caller, sent)
        if moved is not None:
            return moved
        document = _signed(call, sent, receipt)
        question = msgspec.structs.replace(call.question, body_bytes=len(document))
        # The limit is the agent's, and what it sent is within it; the receipt is not the agent's.
        unlimited = Allow(replace(allow.terms, max_body_bytes=None), allow.reasons)
        # What was validated is JSON, whatever its sender called it.
        headers = (*(one for one in call.headers if one[0] != b"content-type"), _JSON)
        signed = replace(call, question=question, headers=headers)
        answer = await self._upstreams.send(signed, caller, unlimited, receipt, body_of(document))
        if isinstance(answer, Answered) and answer.status == _CREATED:
            await self._look_again(call, caller, sent)
        return answer

    async def _moved(self, call: Call, caller: Caller, body: bytes) -> Failed | None:
        """Why a call is not made any more: a branch moved between the description and this moment."""
        sides = await self._looking.now(call, caller, body)
        if isinstance(sides, Deny):
            reason = sides.reasons[0]
            return Failed(reason.code, reason.message, "upstream_error", forwarded=False)
        judged = call.change
        # The base of a new pull request may go on: what is proposed stays the same, and its merge is described anew.
        base_stands = action_of(call) == "create-pr" or (judged is not None and judged.base == sides.base)
        if judged is not None and judged.head == sides.head and base_stands:
            return None
        return Failed(_MOVED_CODE, "a branch moved after the decision", "upstream_error", forwarded=False)

    async def _look_again(self, call: Call, caller: Caller, body: bytes) -> None:
        """The forge took the branch by its name: where it moved in that moment, the log says so."""
        sides = await self._looking.now(call, caller, body)
        head = "" if isinstance(sides, Deny) else sides.head
        if call.change is not None and head != call.change.head:
            self._bench.recorder.event_later(
                "pull.moved",
                call.question.workflow,
                decision=call.id,
                judged=call.change.head,
                found=head,
            )


_MOVED_CODE = HEAD_MOVED.reasons[0].code


def _pushed(sides: Sides, place: Quarantine) -> Pushed:
    """The proposal as the push of its head would be: a new branch on the base."""
    nothing_more = place.folder / "received"
    nothing_more.mkdir()
    return Pushed(
        mirror=sides.mirror.folder,
        quarantine=place.folder,
        objects=str(nothing_more),
        base_ref=sides.branches.base,
        base=sides.base,
        updates=(Update(BRANCHES + sides.branches.head, NOBODY, sides.head),),
    )


def _signed(call: Call, body: bytes, receipt: Receipt) -> bytes:
    line = receipt_line(call.id, receipt.seq)
    if action_of(call) == "create-pr":
        return signed_document(body, "body", line)
    person = call.question.performed_by
    return signed_document(body, "commit_message", line, *([f"{APPROVED}: {person}"] if person else []))


async def _unheard(_: str) -> None:
    """Nobody hears how the checks go on: the answer of an API is one."""
