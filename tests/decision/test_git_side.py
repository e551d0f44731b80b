"""Tests of the git side of a service: what it may say, and the routes and tables that it becomes."""

from pathlib import Path

import pytest

from decision.catalogue import Matched
from tests.decision.configuration import ROLES, SERVICES, error_of, load

_REPORTS = "    upstream: http://127.0.0.1:8401\n"
_GIT = """\
    git:
      upstream: https://forge.example/base
      credential: forge-git
      base: trunk
      staging: [staging]
      fetch: { action: read, data: bodies }
      push: { action: create-branch, require_evidence: [tests], max_bytes: 5000 }
"""


def _services(git: str = _GIT) -> str:
    return SERVICES.replace(_REPORTS, _REPORTS + git, 1)


def test_git_is_three_routes(tmp_path: Path) -> None:
    """Refs and fetch are what fetching is, push what pushing is; below /git, with the credential of the git side."""
    catalogue = load(tmp_path, services=_services()).catalogue
    found = {
        name: catalogue.match("reports", method, ["git", "acme", "shop.git", *last])
        for name, method, last in (
            ("git-refs", "GET", ["info", "refs"]),
            ("git-fetch", "POST", ["git-upload-pack"]),
            ("git-push", "POST", ["git-receive-pack"]),
        )
    }
    for name, match in found.items():
        assert isinstance(match, Matched)
        assert match.route.id == name
        assert match.route.git
        assert match.route.credential == "forge-git"
        assert match.params == {"owner": "acme", "repo": "shop.git"}
        assert match.route.scope_word == ("create-branch" if name == "git-push" else "read:bodies")
    assert not any(route.git for route in catalogue.services["series"].routes)


def test_the_git_side_is_in_the_catalogue(tmp_path: Path) -> None:
    """Where the repositories are, what changes are measured against, and what a push needs."""
    service = load(tmp_path, services=_services()).catalogue.services["reports"]
    git = service.git
    assert git is not None
    assert (git.upstream.host, git.upstream.base) == ("forge.example", "/base")
    assert (git.base, git.staging, git.push_data) == ("trunk", ("staging",), "")
    assert (git.require_evidence, git.max_push_bytes) == (("tests",), 5000)
    assert service.credentials == ("forge-git",)


def test_what_policy_reads(tmp_path: Path) -> None:
    """The tables hold the word of a push and its evidence, its credential, and a body limit of its own."""
    roles = ROLES.replace("[read, ping]", "[read, ping, create-branch]").replace(", max_body_bytes: 200", "")
    compiled = load(tmp_path, roles=roles, services=_services()).compiled
    assert compiled["git"] == {
        "reports": {
            "credential": "forge-git",
            "base": "trunk",
            "staging": ["staging"],
            "push": {"word": "create-branch", "require_evidence": ["tests"]},
        }
    }
    assert compiled["grants"]["reader"]["reports"]["create-branch"] is True
    assert compiled["body_limits"]["reader"]["reports"]["git-push"] == 5000
    assert compiled["body_limits"]["reader"]["reports"]["git-fetch"] == 1_048_576
    assert compiled["routes"]["reports"]["git-push"]["credential"] == "forge-git"


def test_without_push_nothing_can_be_pushed(tmp_path: Path) -> None:
    """A git side that says nothing of pushing is read only, and reading is the action `read`."""
    compiled = load(tmp_path, services=_services("    git: { upstream: https://forge.example }\n")).compiled
    assert set(compiled["routes"]["reports"]) >= {"git-refs", "git-fetch"}
    assert "git-push" not in compiled["routes"]["reports"]
    assert compiled["git"]["reports"] == {"credential": "", "base": "main", "staging": []}


def test_a_service_may_be_git_alone(tmp_path: Path) -> None:
    """A service needs routes or a git side; with neither it does not load."""
    more = "  code:\n    upstream: https://x.example\n"
    git = "    git: { upstream: https://forge.example }\n"
    service = load(tmp_path, services=SERVICES + more + git).catalogue.services["code"]
    assert [route.id for route in service.routes] == ["git-refs", "git-fetch"]
    error = error_of(tmp_path, services=SERVICES + more)
    assert "the key 'routes' is missing" in error.message


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("https://forge.example/base", "ftp://forge.example", "must be http://"),
        ("base: trunk", "base: refs/heads/main", "short branch name"),
        ("[staging]", "['a..b']", "short branch name"),
        ("[staging]", "['-x']", "short branch name"),
        ("action: create-branch", "action: anything", "must be one of"),
        ("[tests]", "[luck]", "must be one of"),
        ("max_bytes: 5000", "max_bytes: 0", "greater than or equal to 1"),
        ("push:", "pull:", "unknown key 'pull'"),
    ],
)
def test_refuses(tmp_path: Path, old: str, new: str, words: str) -> None:
    """A git side that is wrong is refused where it stands."""
    error = error_of(tmp_path, services=_services(_GIT.replace(old, new, 1)))
    assert words in error.message
    assert error.line > 3


def test_its_names_and_paths_are_taken(tmp_path: Path) -> None:
    """No other route may have the ids or match the paths of the git side."""
    taken = "      git-refs: {method: GET, path: /mine, action: read}\n"
    error = error_of(tmp_path, services=_services().replace("    routes:\n", "    routes:\n" + taken, 1))
    assert "belongs to the git side" in error.message
    both = "      mine: {method: GET, path: '/git/{a}/shop.git/{b}/refs', action: read}\n"
    error = error_of(tmp_path, services=_services().replace("    routes:\n", "    routes:\n" + both, 1))
    assert "both match GET" in error.message
