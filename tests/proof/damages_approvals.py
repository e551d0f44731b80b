"""Walls around what needs a person taken down: a hold that is not asked for, a digest that leaves out; values."""

from typing import Final

from tests.proof.damage import damaged

APPROVALS: Final = (
    damaged(
        "what cannot be undone is not held",
        "approvals",
        "nobody-asked asked-again other-path other-query other-body second-use other-workflow refused own-approval",
        ("decision/compiled.py", '"irreversible": route.irreversible', '"irreversible": False'),
    ),
    damaged(
        "the digest of a call leaves out query and body",
        "approvals",
        "other-query other-body",
        ("gateway/holding/held_call.py", '        "query": question.query,\n', ""),
        (
            "gateway/holding/held_call.py",
            '        "body_sha256": hashlib.sha256(body).hexdigest(),\n',
            '        "body_sha256": hashlib.sha256(body[:0]).hexdigest(),\n',
        ),
    ),
    damaged(
        "the digest of a call leaves out its path",
        "approvals",
        "other-path",
        ("gateway/holding/held_call.py", '        "path": question.path,\n', ""),
    ),
    damaged(
        "the digest of a call leaves out its workflow",
        "approvals",
        "other-workflow",
        ("gateway/holding/held_call.py", '        "workflow": question.workflow,\n', ""),
    ),
    damaged(
        "an approval is spent by nobody",
        "approvals",
        "second-use",
        (
            "gateway/holding/approvals.py",
            "                return await self._spend(approval.hold, call.id, decision, revision)\n",
            "                return decision\n",
        ),
    ),
)
