"""The issuer on the shipped policies, served and published by the product's own supervisor of OPA."""

import asyncio
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx

from decision.opa_binary import find_opa
from decision.pdp import Pdp
from decision.pdp_model import Activated, PdpEvent
from tests.issuer.home import ROOT, Home, token_for, until


async def _ignore(_event: PdpEvent) -> None:
    """The events belong to the gateway's log."""


def with_shipped_policies(home: Home, story: Callable[[Path], None]) -> None:
    """Run `story(policies)` in a thread while the supervisor serves a copy of the shipped policies."""
    policies = home.folder / "policies"
    shutil.copytree(ROOT / "policies", policies)

    async def serve() -> None:
        pdp = Pdp(policies, home.folder / "bundles", home.run, find_opa(os.environ), _ignore)
        assert isinstance(await pdp.start(), Activated)
        try:
            await asyncio.to_thread(story, policies)
        finally:
            await pdp.stop()

    home.start_audit()
    home.start_issuer()
    asyncio.run(serve())


def ask(home: Home, **body: Any) -> httpx.Response:
    return home.control("POST", "/workflows", json={"role": "crash-tracker", "ttl_s": 600, **body})


def test_the_shipped_roles_get_the_tokens_that_they_name(bare_home: Home) -> None:
    """Each shipped role gets its services' tokens; less may be asked, more is refused, as is an unknown role."""

    def story(_policies: Path) -> None:
        granted = {
            role: {each["audience"]: each["scope"] for each in ask(bare_home, role=role).json()["tokens"]}
            for role in ("crash-tracker", "pr-creator", "telemetry-analyzer")
        }
        assert granted == {
            "crash-tracker": {"crash-reporting": ["read:crash-reports", "read:stack-traces"]},
            "pr-creator": {"code-repository": ["create-branch", "create-pr", "read"]},
            "telemetry-analyzer": {"telemetry": ["read:telemetry"]},
        }
        less = ask(bare_home, only=["read:stack-traces"])
        assert less.json()["tokens"][0]["scope"] == ["read:stack-traces"]
        assert bare_home.introspect(token_for(less.json()))["scope"] == "read:stack-traces"
        more = ask(bare_home, only=["read:crash-reports", "write:crash-reports"])
        assert more.status_code == 403
        assert any("write:crash-reports" in reason["message"] for reason in more.json()["reasons"])
        for body in ({"role": "nobody"}, {"ttl_s": 0}, {"ttl_s": 3601}):
            assert ask(bare_home, **body).status_code == 403

    with_shipped_policies(bare_home, story)


def test_a_role_that_is_edited_counts_at_the_next_renewal(bare_home: Home) -> None:
    """While a workflow runs, its role loses a data class: the next renewal has the narrower scope."""

    def story(policies: Path) -> None:
        started = ask(bare_home).json()
        roles = policies / "roles.yaml"
        before = roles.read_text("utf-8")
        edited = before.replace("data: [crash-reports, stack-traces]", "data: [crash-reports]")
        assert edited != before
        roles.write_text(edited, encoding="utf-8")
        path = f"/workflows/{started['workflow']}/tokens"

        def narrower() -> bool:
            renewed = bare_home.control("POST", path)
            assert renewed.status_code == 200, renewed.text
            return bool(renewed.json()["tokens"][0]["scope"] == ["read:crash-reports"])

        until(narrower, "the edited role")

    with_shipped_policies(bare_home, story)
