"""What a proposal means at its upstream: the commits that git has under the names, or a denial; and what is sent of it."""

import asyncio
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from audit.client import _MINT
from audit.receipt import Receipt
from decision.catalogue import Service, build_catalogue
from decision.model import Allow, Deny, Terms
from decision.services import read_services
from decision.yaml_source import read_yaml
from gateway.body import BodyTooLarge, body_of
from gateway.call import Call, Known, describe
from gateway.caller import Caller
from gateway.git.mirror import Mirror
from gateway.git.proposals import Proposals
from gateway.git.proposed import Proposed
from gateway.git.remote import RemoteUnreachable
from gateway.git.repository import Repository
from gateway.git.sides import Looking, Sides
from gateway.request import RawRequest, Stamp
from gateway.upstream import Answered, Failed

SERVICES = """
services:
  forge:
    upstream: https://forge.example
    errors: github
    routes:
      create-pr: {method: POST, path: "/repos/{owner}/{repo}/pulls", action: create-pr, output: create-pr}
    git: {upstream: https://forge.example, credential: forge-git}
"""
CALLER = Caller(workflow="wf-1", role="coder", grants={}, expires_at=9)
BODY = {"base": "main", "head": "agent/wf-1/fix", "title": "Fix", "body": ""}
REFS = (("refs/heads/agent/wf-1/fix", "b" * 40), ("refs/heads/main", "a" * 40))
MIRROR = Mirror(Path("/mirrors/forge/acme/shop.git"), REFS)


def call(target: bytes = b"/forge/repos/acme/shop/pulls") -> Call:
    """A pull request to open."""
    catalogue = build_catalogue(read_services(read_yaml("services.yaml", SERVICES)))
    found = describe(
        RawRequest("POST", target, ((b"host", b"proxy"),)), CALLER, Known(catalogue), Stamp("d-1", 1)
    )
    assert isinstance(found, Call)
    return found


class FakeUpstream:
    """Keeps what is sent, and reads nothing."""

    def __init__(self) -> None:
        self.sent: list[tuple[Call, bytes]] = []

    async def send(self, sent: Call, *more: Any) -> Failed:
        """Keep a call with its body."""
        _, allow, _, body = more
        chunks = [chunk async for chunk in body.chunks(allow.terms.max_body_bytes)]
        self.sent.append((sent, b"".join(chunks)))
        return Failed("upstream.failed", "a fake", "upstream_error", forwarded=True)


async def _read(service: Service, repository: Repository, caller: Caller) -> Mirror:
    assert (service.name, repository.full_name, caller) == ("forge", "acme/shop", CALLER)
    return MIRROR


async def _away(*_: object) -> Mirror:
    raise RemoteUnreachable("away")


def now(body: Any, *, of: Call | None = None, away: bool = False) -> Sides | Deny:
    """What is proposed, where the upstream has `REFS`."""
    nobody: Any = None
    looking = Looking(_away if away else _read, nobody)
    return asyncio.run(looking.now(of or call(), CALLER, json.dumps(body).encode()))


def code(found: Sides | Deny) -> str:
    """Why there is nothing."""
    assert isinstance(found, Deny)
    return found.reasons[0].code


def test_the_commits_are_the_upstreams() -> None:
    """The body names branches; what they are, the mirror says."""
    found = now(BODY)
    assert isinstance(found, Sides)
    assert (found.base, found.head, found.mirror) == ("a" * 40, "b" * 40, MIRROR)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"head": "agent/wf-1/other"}, "proposal.branch_missing"),
        ({"head": "refs/heads/main"}, "proposal.branch_missing"),
        ({"head": "b" * 40}, "proposal.branch_missing"),
        ({"base": ""}, "proposal.branch_missing"),
        ({"commit": "a" * 40}, "proposal.head_moved"),
    ],
)
def test_what_is_not_there_cannot_be_judged(changes: dict[str, str], expected: str) -> None:
    """A branch of that exact name, at the commit that is named: or no question is asked."""
    assert code(now({**BODY, **changes})) == expected


def test_an_upstream_that_is_away_tells_nothing() -> None:
    """Worth trying again: whatever was approved of it still counts."""
    assert code(now(BODY, away=True)) == "proposal.repository_unreadable"


def test_a_query_is_not_validated_and_not_taken() -> None:
    """Nothing is even fetched for it."""
    assert code(now(BODY, of=call(b"/forge/repos/acme/shop/pulls?head=main"), away=True)) == "proposal.query"


def send(upstream: FakeUpstream, *, head: str = "b" * 40, limit: int | None = None) -> Answered | Failed:
    """Send the call on, as it was judged with this head."""
    nothing: Any = None
    proposals = Proposals(nothing, _read, upstream, Path("/none"))  # type: ignore[arg-type]
    judged = replace(call(), change=Proposed("d-0", "a" * 40, head, ""))
    receipt = Receipt(7, "d-1", b"", _MINT)
    body = body_of(json.dumps(BODY).encode())
    allow = Allow(Terms(max_body_bytes=limit))
    return asyncio.run(proposals.send(judged, CALLER, allow, receipt, body))


def test_what_is_sent_is_the_document_with_its_receipt() -> None:
    """Its length is told anew, and it is called what it is."""
    upstream = FakeUpstream()
    send(upstream, limit=len(json.dumps(BODY)))
    ((sent, document),) = upstream.sent
    assert json.loads(document) == {**BODY, "body": "Doorless-Receipt: d-1 #7\n"}
    assert sent.question.body_bytes == len(document)
    assert (b"content-type", b"application/json") in sent.headers


def test_what_is_not_as_it_was_judged_is_not_sent() -> None:
    """Another head than the one that was judged: a failure before anything was forwarded."""
    upstream = FakeUpstream()
    failed = send(upstream, head="c" * 40)
    assert isinstance(failed, Failed)
    assert (failed.code, failed.forwarded, upstream.sent) == ("proposal.head_moved", False, [])


def test_the_limit_of_the_agent_stands() -> None:
    """A body that announced no length is counted here; the receipt is not the agent's and not counted."""
    upstream = FakeUpstream()
    with pytest.raises(BodyTooLarge):
        send(upstream, limit=len(json.dumps(BODY)) - 1)
    assert upstream.sent == []
