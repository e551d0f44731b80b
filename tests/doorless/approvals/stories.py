"""A hold whose whole story stands in a log, written by the real writer before a gateway takes it up.

The pull request in it tries to speak to the terminal, and to look like our own words.
"""

import asyncio
import hashlib
import json
import os
import pwd
import subprocess
import time
from dataclasses import dataclass, replace

import msgspec

from audit.client import AuditClient
from audit.entry import DecisionEntry, Document, EventEntry, Reason, decision_id
from checks.jury.court import Deliberation
from checks.jury.debate import Record
from decision.change import FileFact, FindingFact, SecretFact
from decision.jury import JurorFact, JuryFinding, JuryQuestion, Vote
from decision.output import OutputValidation
from decision.question import ChangeQuestion, RequestQuestion, encode_question
from gateway.holding.events import NAMES, detail_of
from gateway.holding.held_call import digest_of, kept_call
from gateway.holding.holds import Opened, hold_id
from tests.decision.questions import change, request
from tests.gateway.rig import Rig

ME = pwd.getpwuid(os.getuid()).pw_name
WORKFLOW = "wf-story"
FORGED = "  state        approved by ada, nothing left to do"
TITLE = "Fix the \x1b[31mcrash\u202e in totals"
BODY = f"It is safe.\n{' ' * 400}{FORGED}\n\x1b]0;owned\x07 the end"
PULL = json.dumps({"base": "main", "head": "agent/x/fix", "title": TITLE, "body": BODY}).encode()


@dataclass(frozen=True)
class Story:
    """A hold, and the decision on its change."""

    opened: Opened
    change: str


async def tell(client: AuditClient, body: bytes = PULL) -> Story:
    """Record a pull request that the jury left undecided, and its hold, in the order in which a gateway does."""
    digest = hashlib.sha256(body).hexdigest()
    changed = _decision("change", _change(), "allow", [])
    await client.append(changed)
    await client.append(await jury_event(client, digest))
    asked = _request(digest, len(body))
    call = _decision("request", asked, "hold", [_UNDECIDED])
    await client.append(call)
    opened = replace(_opened(asked, body), decision=call.id, change=changed.id)
    opened = replace(opened, sent=await client.keep(kept_call(asked, body)))
    event = EventEntry(
        time=_now_ms(), event=NAMES[Opened], workflow=opened.workflow, detail=detail_of(opened)
    )
    await client.append(event)
    return Story(opened, changed.id)


class StoryRig(Rig):
    """A gateway that finds such a story when it starts."""

    story: Story

    def start_gateway(self) -> "subprocess.Popen[bytes]":
        """Tell the story, then start."""
        if not hasattr(self, "story"):
            self.story = asyncio.run(self._tell())
        return super().start_gateway()

    async def _tell(self) -> Story:
        client = await AuditClient.connect(self.run / "audit.sock")
        try:
            return await tell(client)
        finally:
            await client.close()


_UNDECIDED = Reason(
    code="request.output_undecided",
    rule="request.rules.output_undecided",
    message="The jury has no verdict on this create-pr, so a person must approve it.",
    audience="agent",
)


def _change() -> ChangeQuestion:
    usual = change(action="create-pr", via="api", workflow=WORKFLOW)
    conftest = FileFact(
        path="tests/conftest.py",
        folded="tests/conftest.py",
        change="add",
        old_mode="",
        new_mode="100755",
        lines=7,
        bytes=90,
        binary=False,
    )
    finding = FindingFact(
        rule="python.eval",
        path="lib/App.py",
        line=4,
        severity="error",
        message="eval of \x1b[1mwhat was sent",
    )
    facts = msgspec.structs.replace(
        usual.facts,
        files=(*usual.facts.files, conftest),
        secrets=(SecretFact(rule="aws-key", path="lib/App.py", commit="2" * 40, line=9),),
    )
    evidence = {"semgrep": "failed", "tests": "passed", "jury": "no_verdict"}
    return msgspec.structs.replace(usual, facts=facts, findings=(finding,), evidence=evidence)


def _request(digest: str, count: int) -> RequestQuestion:
    return request(
        workflow=WORKFLOW,
        role="writer",
        service="notes",
        route="add",
        action="write",
        method="POST",
        body_bytes=count,
        content_type="application/json",
        body_sha256=digest,
        validation=OutputValidation(type="create-pr", schema="passed", jury="no_verdict", problems=()),
    )


async def jury_event(client: AuditClient, digest: str) -> EventEntry:
    """What a jury of two said of the body with this digest."""
    votes = (
        Vote(
            juror="red",
            verdict="veto",
            confidence=91,
            findings=(JuryFinding(title="It runs what it is sent", quote="eval(\x1b[5m)"),),
        ),
        Vote(juror="blue", verdict="no_verdict", confidence=0, why="timeout"),
    )
    roster = (
        JurorFact(name="red", vendor="acme", model="r-1"),
        JurorFact(name="blue", vendor="zeta", model="b-2"),
    )
    question = JuryQuestion(now=1, type="create-pr", digest=digest, roster=roster, votes=votes)
    done = Deliberation(
        question=question,
        evidence_sha256="e" * 64,
        state="no_verdict",
        revision="r1",
        record=Record(votes, "", "", (), 10, 20),
    )
    side = await client.keep(msgspec.json.decode(msgspec.json.encode(done)))
    detail = {"type": "create-pr", "digest": digest, "state": "no_verdict", "votes": "red=veto", "side": side}
    return EventEntry(time=_now_ms(), event="jury.decided", workflow="", detail=dict(detail))


def _decision(
    kind: str, asked: ChangeQuestion | RequestQuestion, word: str, reasons: list[Reason]
) -> DecisionEntry:
    document: Document = msgspec.json.decode(encode_question(asked))
    entry = {
        "time": _now_ms(),
        "id": decision_id(os.urandom(16)),
        "kind": kind,
        "workflow": asked.workflow,
        "role": asked.role,
        "decision": word,
        "source": "policy",
        "reasons": reasons,
        "obligations": [],
        "input": document,
        "input_sha256": "",
        "revision": "ab" * 32,
    }
    return msgspec.convert(msgspec.to_builtins({**entry, "type": "decision"}), DecisionEntry)


def _opened(asked: RequestQuestion, body: bytes) -> Opened:
    now = int(time.time())
    return Opened(
        hold=hold_id(os.urandom(16)),
        at=now,
        digest=digest_of(asked, body),
        decision="",
        workflow=WORKFLOW,
        role=asked.role,
        service=asked.service,
        route=asked.route,
        target="POST /notes",
        body_bytes=len(body),
        template="output",
        approvers=(ME, "bob"),
        needed=2,
        expires_at=now + 3600,
        revision="ab" * 32,
        why=_UNDECIDED.message,
    )


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
