"""The policy tools as a real process over a real past: replay, suggestion, difference; nothing is changed by any of it."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from authoring.app import main
from tests.audit.programs import exit_code, running
from tests.authoring.histories import NOW_MS, SHIPPED, Past, request, token

SECRET = "canary-policy-tools-0123456789"
WEB = httpx.Client(headers={"authorization": f"Bearer {SECRET}"}, timeout=60)
ROLES = (SHIPPED / "roles.yaml").read_text()
NARROW = ROLES.replace("data: [crash-reports, stack-traces]", "data: [crash-reports]")
RULE = """package request.vetoes.never

import data.lib.result

# METADATA
# title: Never
# custom:
#   code: request.never
#   message: Never.
#   remedy: Leave it.
deny contains result.reason(rego.metadata.chain(), {}) if input.route == "list-reports"
"""


@dataclass(frozen=True)
class Served:
    """Where they answer, and over what."""

    url: str
    folder: Path

    def post(self, path: str, document: Any) -> Any:
        """Ask; the answer, which must be one."""
        answer = WEB.post(f"{self.url}{path}", json=document)
        assert answer.status_code == 200, answer.text
        return answer.json()


@pytest.fixture(scope="module", autouse=True)
def _web() -> Iterator[None]:
    """The client is closed when the module is done."""
    yield
    WEB.close()


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory, opa: Path) -> Iterator[Served]:
    """Tools over a past of three reads and a token, by the shipped policies."""
    folder = tmp_path_factory.mktemp("tools")
    past = Past(folder, opa)
    listing = request(route="list-reports", path="/reports", params={})
    asyncio.run(past.decide(SHIPPED, [token(), request(), request(), listing]))
    past.close()
    (folder / "secret").write_text(SECRET)
    with running("authoring", *_flags(folder, opa), "--listen", "127.0.0.1:0") as program:
        yield Served(f"http://{program.address}", folder)


def _flags(folder: Path, opa: Path) -> tuple[str, ...]:
    flags = {
        "log": folder / "log",
        "bundles": folder / "bundles",
        "policies": SHIPPED,
        "opa": opa,
        "secret": folder / "secret",
    }
    return tuple(word for name, value in flags.items() for word in (f"--{name}", str(value)))


def test_a_candidate_is_replayed(served: Served) -> None:
    """The home's own policies flip nothing; a rule more refuses the one call that it speaks of."""
    same = served.post("/replay", {})
    assert (same["reproduced"], same["flipped"], same["mismatched"]) == (4, 0, 0)
    vetoed = served.post("/replay", {"rule": {"name": "never", "text": RULE}})
    assert [(one["after"], one["count"], one["role"]) for one in vetoed["flips"]] == [
        ("deny", 1, "crash-tracker")
    ]
    assert "1 of 4 reproduced decisions flip" in vetoed["markdown"]
    assert served.post("/replay", {"role": "pr-creator"})["decisions"] == 0


def test_a_narrower_role_is_suggested_for_a_time(served: Served) -> None:
    """Over everything stack traces go; over a time before anything nothing is suggested."""
    found = served.post("/suggest", {"role": "crash-tracker", "roles": ROLES})
    assert found["narrower"] is True
    assert [one["word"] for one in found["removed"]] == ["read:stack-traces"]
    before = served.post("/suggest", {"role": "crash-tracker", "until_ms": NOW_MS})
    assert (before["narrower"], before["decisions"]) == (False, 0)


def test_two_candidates_are_compared(served: Served) -> None:
    """Tightened one way, loosened the other; proven, because only roles differ."""
    tightened = served.post("/difference", {"old_roles": ROLES, "roles": NARROW})
    assert (tightened["verdict"], tightened["proven"]) == ("tightened", True)
    assert served.post("/difference", {"old_roles": NARROW, "roles": ROLES})["verdict"] == "loosened"


@pytest.mark.parametrize(
    ("path", "document", "status", "code"),
    [
        ("/replay", {"unknown": 1}, 400, "not_understood"),
        ("/replay", {"since_ms": -1}, 400, "not_understood"),
        ("/replay", {"rule": {"name": "../../x", "text": RULE}}, 400, "not_understood"),
        ("/replay", {"rule": {"name": "other", "text": RULE}}, 422, "no_answer"),
        ("/replay", {"roles": "roles: ["}, 422, "no_answer"),
        ("/replay", {"roles": "roles: {a: {services: [none]}}"}, 422, "no_answer"),
        ("/suggest", {"role": "nobody"}, 422, "no_answer"),
        ("/suggest", {}, 400, "not_understood"),
        ("/suggest", {"role": "x", "roles": "x" * 600_000}, 413, "too_large"),
    ],
)
def test_what_cannot_be_asked_is_refused(
    served: Served, path: str, document: Any, status: int, code: str
) -> None:
    """A clear answer with a code, and the next question is answered."""
    answer = WEB.post(f"{served.url}{path}", json=document)
    assert (answer.status_code, answer.json()["code"]) == (status, f"policy_tools.{code}")
    assert "/tmp" not in answer.text
    assert str(served.folder) not in answer.text


def test_nobody_asks_without_the_secret_or_another_way(served: Served) -> None:
    """401 on every route, no other method, no other name. (Seen failing with the comparison left out.)"""
    for path in ("/replay", "/suggest", "/difference"):
        assert httpx.post(f"{served.url}{path}", json={}).status_code == 401
        assert WEB.get(f"{served.url}{path}").status_code == 405
    assert WEB.post(f"{served.url}/draft", json={}).status_code == 404


def test_nothing_is_changed(served: Served) -> None:
    """Neither the policies nor the past, whatever is asked."""
    before = _state(served.folder), _state(SHIPPED)
    served.post("/replay", {"roles": NARROW, "rule": {"name": "never", "text": RULE}})
    assert (_state(served.folder), _state(SHIPPED)) == before


def _state(folder: Path) -> list[tuple[Path, int]]:
    return sorted((path, path.stat().st_mtime_ns) for path in folder.rglob("*"))


def test_no_secret_and_no_loopback(tmp_path: Path, opa: Path) -> None:
    """What cannot be served ends it with the documented codes."""
    assert exit_code(main, *_flags(tmp_path, opa), "--listen", "127.0.0.1:0") == 66
    (tmp_path / "secret").write_text(SECRET)
    assert exit_code(main, *_flags(tmp_path, opa), "--listen", "203.0.113.1:1") == 2
