"""The entry of one change that a workflow pushed, with the facts that git would have told; made-up contents.

Promises an entry that `audit.entry.encode` accepts and a question that policy would answer.
"""

from functools import lru_cache
from random import Random
from typing import Final

import msgspec

from audit.entry import DecisionEntry, Document, Reason, decision_id, document_digest
from decision.change import BaseFact, ChangeFacts, CommitFact, FileFact, Person, RefFact, Totals
from decision.question import ChangeQuestion, encode_question
from proof.histories.entries import Worker

_FAILED: Final = "change.evidence_failed"
_PATH: Final = "src/cart.py"
_NO_COMMIT: Final = "0" * 40


def pushed(worker: Worker, time_ms: int, chance: Random, *, failed: bool) -> DecisionEntry:
    """A small fix on a branch of the workflow's own; `failed`: its tests did not pass."""
    asked = _asked(worker, time_ms, chance, failed=failed)
    message = "The check tests did not pass."
    reason = Reason(code=_FAILED, rule="change.rules.evidence_failed", message=message, audience="agent")
    return DecisionEntry(
        time=time_ms,
        id=decision_id(chance.randbytes(16)),
        kind="change",
        workflow=worker.workflow,
        role=worker.role,
        decision="deny" if failed else "allow",
        source="policy",
        reasons=[reason] if failed else [],
        obligations=[],
        input=asked,
        input_sha256=document_digest(asked),
        revision=worker.revision,
    )


def _asked(worker: Worker, time_ms: int, chance: Random, *, failed: bool) -> Document:
    head, ref = f"{chance.getrandbits(160):040x}", f"refs/heads/agent/{worker.workflow}/fix"
    form = _form(worker.role, worker.scope["code-repository"])
    facts = form["facts"]
    return form | {
        "now": time_ms // 1000,
        "workflow": worker.workflow,
        "namespace": f"refs/heads/agent/{worker.workflow}/",
        "evidence": {"semgrep": "passed", "tests": "failed" if failed else "passed"},
        "facts": facts
        | {
            "head": head,
            "refs": [{"name": ref, "old": _NO_COMMIT, "new": head, "change": "create"}],
            "commits": [facts["commits"][0] | {"id": head}],
        },
    }


@lru_cache(maxsize=8)
def _form(role: str, scope: tuple[str, ...]) -> Document:
    """What is the same in every change of a role."""
    agent = Person(name="Doorless agent", email="agent@doorless.invalid")
    file = FileFact(
        path=_PATH,
        folded=_PATH,
        change="modify",
        old_mode="100644",
        new_mode="100644",
        lines=4,
        bytes=180,
        binary=False,
    )
    question = ChangeQuestion(
        now=0,
        workflow="",
        role=role,
        scope=scope,
        service="code-repository",
        repository="acme/shop",
        action="create-branch",
        data="",
        via="push",
        identity=agent,
        namespace="",
        facts=ChangeFacts(
            refs=(RefFact(name="", old=_NO_COMMIT, new=_NO_COMMIT, change="create"),),
            base=BaseFact(ref="main", commit="1" * 40),
            head=_NO_COMMIT,
            merge_base="1" * 40,
            files=(file,),
            touched=(),
            commits=(
                CommitFact(
                    id=_NO_COMMIT, parents=1, author=agent, committer=agent, co_authors=(), signature="none"
                ),
            ),
            secrets=(),
            irregular=(),
            totals=Totals(files=1, lines=4, bytes=180),
        ),
        findings=(),
        evidence={},
        require=("semgrep", "tests"),
    )
    form: Document = msgspec.json.decode(encode_question(question))
    return form
