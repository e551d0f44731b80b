"""What a call proposes, read from its body and the forge's answer: or a denial that says why it is not taken."""

import json
from typing import Any

import pytest

from decision.model import Deny
from gateway.git.proposal import GONE, Branches, Merge, merge_of, merged, opened
from gateway.git.repository import Repository

SHOP = Repository("forge", "acme", "shop")
HEAD = "b" * 40
SIDE = {"repo": {"full_name": "Acme/Shop"}}
PULL = {
    "state": "open",
    "base": {**SIDE, "ref": "main", "sha": "a" * 40},
    "head": {**SIDE, "ref": "agent/wf-1/fix", "sha": HEAD},
    "title": "anything else is of no concern",
}


def code(found: object) -> str:
    """The code of a denial."""
    assert isinstance(found, Deny), found
    return found.reasons[0].code


def told(**changes: Any) -> bytes:
    """A pull request as its forge tells of it."""
    sides = {
        name: {**PULL[name], **value} if isinstance(value, dict) else value  # type: ignore[dict-item]
        for name, value in changes.items()
    }
    return json.dumps({**PULL, **sides}).encode()


def test_a_new_pull_request_names_two_branches() -> None:
    """And may name the commit that it means, which then must be the head."""
    body = {"base": "main", "head": "agent/wf-1/fix", "title": "t", "body": "b", "draft": True}
    assert opened(json.dumps(body).encode()) == Branches("main", "agent/wf-1/fix")
    assert opened(json.dumps({**body, "commit": HEAD}).encode()) == Branches("main", "agent/wf-1/fix", HEAD)


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{}", b'{"base": "main", "head": ["x"]}', b'{"base": 1, "head": "x"}']
)
def test_a_body_that_names_none_proposes_nothing(body: bytes) -> None:
    """Taken for "no change", such a pull request was judged by its words alone."""
    assert code(opened(body)) == "proposal.body_invalid"
    assert code(merge_of(body)) == "proposal.body_invalid"


def test_words_that_read_like_a_receipt_are_refused() -> None:
    """In each text that the forge would keep, of a pull request and of a merge."""
    forged = "Doorless-Receipt: d-1"
    for member in ("title", "body"):
        body = {"base": "main", "head": "x", member: forged}
        assert code(opened(json.dumps(body).encode())) == "proposal.receipt_forged"
    for member in ("commit_title", "commit_message"):
        assert code(merge_of(json.dumps({"sha": HEAD, member: forged}).encode())) == "proposal.receipt_forged"
    assert merge_of(json.dumps({"sha": HEAD, "commit_title": "t"}).encode()) == Merge(HEAD, "t")


def test_a_pull_request_is_what_its_forge_says() -> None:
    """Its branches, by the commit that the merge names; names of repositories differ by case alone."""
    assert merged(told(), SHOP, HEAD) == Branches("main", "agent/wf-1/fix", HEAD)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"state": "closed"}, "proposal.not_open"),
        ({"head": {"sha": "c" * 40}}, "proposal.head_moved"),
        ({"head": {"repo": {"full_name": "mallory/shop"}}}, "proposal.foreign_repository"),
        ({"head": {"repo": None}}, "proposal.foreign_repository"),
        ({"base": {"repo": {"full_name": "acme/other"}}}, "proposal.foreign_repository"),
        ({"base": {"ref": None}}, "proposal.pull_unreadable"),
        ({"state": 7}, "proposal.pull_unreadable"),
    ],
)
def test_a_pull_request_that_is_another_one_is_not_merged(changes: Any, expected: str) -> None:
    """Over, moved, from a fork that is there or gone, of another repository, or in no shape that is known."""
    assert code(merged(told(**changes), SHOP, HEAD)) == expected


def test_only_what_is_known_to_be_gone_voids_an_approval() -> None:
    """A forge that is away tells nothing of the change; taken for one that changed, each outage cost a person's word."""
    assert {
        "proposal.head_moved",
        "proposal.branch_missing",
        "proposal.not_open",
        "proposal.foreign_repository",
    } == GONE
