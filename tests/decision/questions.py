"""Questions for tests, what came of them, and waiting for what another process does."""

import asyncio
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from decision.change import BaseFact, ChangeFacts, CommitFact, FileFact, Person, RefFact, Totals, TouchedFact
from decision.model import Allow, Decision, Deny, Hold
from decision.question import ChangeQuestion, RequestQuestion, TokenQuestion

_READ = RequestQuestion(
    now=1763890000,
    workflow="wf-test",
    role="reader",
    scope=("read:notes",),
    service="notes",
    route="list-notes",
    action="read",
    data="notes",
    method="GET",
    path="/notes",
    params={},
    query="",
    body_bytes=0,
    content_type="",
)


def request(**changes: Any) -> RequestQuestion:
    """The reader's request for all notes, with these fields changed."""
    return msgspec.structs.replace(_READ, **changes)


def token(role: str = "reader") -> TokenQuestion:
    """A workflow's first tokens."""
    return TokenQuestion(now=1763890000, workflow="wf-test", role=role, only=(), ttl_s=300, renewal=False)


def change(**changes: Any) -> ChangeQuestion:
    """A push by a coder of one modified file, with these fields changed."""
    me = Person(name="wf-test", email="wf-test@agents.example")
    namespace = "refs/heads/agent/wf-test/"
    facts = ChangeFacts(
        refs=(RefFact(name=f"{namespace}fix", old="0" * 40, new="2" * 40, change="create"),),
        base=BaseFact(ref="main", commit="1" * 40),
        head="2" * 40,
        merge_base="1" * 40,
        files=(
            FileFact(
                path="lib/App.py",
                folded="lib/app.py",
                change="modify",
                old_mode="100644",
                new_mode="100644",
                lines=3,
                bytes=90,
                binary=False,
            ),
        ),
        touched=(TouchedFact(path="lib/draft.py", folded="lib/draft.py", mode="100644"),),
        commits=(
            CommitFact(id="2" * 40, parents=1, author=me, committer=me, co_authors=(me,), signature="none"),
        ),
        secrets=(),
        irregular=(),
        totals=Totals(files=1, lines=3, bytes=90),
    )
    question = ChangeQuestion(
        now=1763890000,
        workflow="wf-test",
        role="coder",
        scope=("create-branch", "create-pr", "merge"),
        service="code",
        repository="acme/shop",
        action="create-branch",
        data="",
        via="push",
        identity=me,
        namespace=namespace,
        facts=facts,
        findings=(),
        evidence={},
        require=(),
    )
    return msgspec.structs.replace(question, **changes)


def verdict(decision: Decision) -> str:
    """`allow`, `hold`, or the first code of a denial."""
    match decision:
        case Allow():
            return "allow"
        case Hold():
            return "hold"
        case Deny(reasons=reasons):
            return reasons[0].code


async def until(met: Callable[[], bool], within_s: float = 20.0) -> None:
    """Wait until it is so; fail if it is not in time. The time is generous: it bounds a failure, not a success."""
    async with asyncio.timeout(within_s):
        while not met():  # noqa: ASYNC110 - what is awaited is another process
            await asyncio.sleep(0.005)


def until_now(met: Callable[[], bool], within_s: float = 20.0) -> None:
    """The same for a test that is not asynchronous."""
    deadline = time.monotonic() + within_s
    while not met():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.01)


def alive(pid: int) -> bool:
    """Whether there is a process of this id."""
    return Path(f"/proc/{pid}").exists()


def left_in(folder: Path) -> list[str]:
    """The names in a folder."""
    return sorted(path.name for path in folder.iterdir())
