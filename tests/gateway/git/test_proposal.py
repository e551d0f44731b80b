"""Which change a pull request's body proposes: the commits that the upstream has, or none that could be judged."""

import asyncio
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from decision.catalogue import Service, build_catalogue
from decision.services import read_services
from decision.yaml_source import read_yaml
from gateway.call import Call, Known, describe
from gateway.caller import Caller
from gateway.git.mirror import Mirror
from gateway.git.proposal import NoChange, proposed_change
from gateway.git.remote import RemoteUnreachable
from gateway.git.repository import Repository
from gateway.request import RawRequest, Stamp

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


def call() -> Call:
    """A pull request to open."""
    catalogue = build_catalogue(read_services(read_yaml("services.yaml", SERVICES)))
    raw = RawRequest("POST", b"/forge/repos/acme/shop/pulls", ((b"host", b"proxy"),))
    found = describe(raw, CALLER, Known(catalogue), Stamp("d-1", 1))
    assert isinstance(found, Call)
    return found


def proposed(body: Any, of: Call | None = None, fails: Exception | None = None) -> dict[str, str] | None:
    """What is proposed, where the upstream has `REFS`."""

    async def read(service: Service, repository: Repository, caller: Caller) -> Mirror:
        assert (service.name, repository.full_name, caller) == ("forge", "acme/shop", CALLER)
        if fails is not None:
            raise fails
        return MIRROR

    sent = body if isinstance(body, bytes) else json.dumps(body).encode()
    return asyncio.run(proposed_change(of or call(), CALLER, sent, read))


def test_the_commits_are_the_upstreams() -> None:
    """The body names branches; what they are, the mirror says."""
    assert proposed(BODY) == {"repository": str(MIRROR.folder), "base": "a" * 40, "head": "b" * 40}


@pytest.mark.parametrize(
    "body", [{**BODY, "head": "agent/wf-1/other"}, {**BODY, "base": ""}, {**BODY, "head": ["x"]}, {}, b"["]
)
def test_what_is_not_there_cannot_be_judged(body: Any) -> None:
    """Taken for "no change", such a pull request was judged by its words alone."""
    with pytest.raises(NoChange):
        proposed(body)


def test_an_upstream_that_is_away_is_no_change_either() -> None:
    """The jury is not asked."""
    with pytest.raises(NoChange):
        proposed(BODY, fails=RemoteUnreachable("away"))


def test_what_proposes_nothing_needs_none() -> None:
    """Another output, or a service without git."""
    assert proposed(BODY, replace(call(), output="alert-team")) is None
    bare = call()
    assert proposed(BODY, replace(bare, service=replace(bare.service, git=None))) is None
