"""Real clients of a forge propose changes through the gateway, with a base URL and no key, and can decide nothing."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.clients.forge_rig import ForgeRig
from tests.clients.rig import CLIENTS, NODE, PROGRAMS, PYTHON, Ran
from tests.clients.test_clients import GH_SETTINGS
from tests.gateway.git.rig import git

OCTOKIT = Path(__file__).with_name("octokit")
CLOSED = {
    "status": "request.door_closed",
    "main": "change.ref_outside_namespace",
    "merge": "request.action_not_granted",
}

_GH = r"""
api() { gh api "code-repository/repos/acme/shop/$@" 2>&1; }
namespace=$(python3 -c "$NAMESPACE")
branch=${namespace#refs/heads/}gh
main=$(api git/ref/heads/main -q .object.sha)
say() { printf '%s\t%s\n' "$1" "$(printf '%s' "$2" | tr '\n' ' ')"; }
say branch "$(api git/refs -f ref=refs/heads/$branch -f sha=$main -q .ref)"
say write "$(api contents/docs/new.md -X PUT -f message=Add -f content=eAo= -f branch=$branch -q .content.path)"
say pull "$(api pulls -f base=main -f head=$branch -f title=t -q .head.ref)"
say statuses "$(api commits/$main/status -q .state)"
say status "$(api statuses/$main -f state=success)"
say merge "$(api pulls/1/merge -X PUT)"
say main "$(api contents/a.txt -X PUT -f message=m -f content=eAo= -f branch=main)"
say graphql "$(gh api code-repository/graphql -f query='mutation { createCommitOnBranch }' 2>&1)"
"""

_NAMESPACE = (
    "import json, urllib.request as web; told = json.load(web.urlopen('http://127.0.0.1:8080/.doorless/self')); "
    "print(told['services'][0]['git']['push']['namespace'])"
)


@pytest.fixture(scope="module")
def rig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ForgeRig]:
    """A rig that lives as long as the module's tests."""
    rig = ForgeRig(tmp_path_factory.mktemp("home"))
    yield rig
    rig.close()


def branch_of(ran: Ran, name: str) -> str:
    """The branch that a client's workflow has at the forge."""
    return f"agent/{ran.decisions[0].workflow}/{name}"


def closed(shown: dict[str, str], *more: tuple[str, str]) -> bool:
    """Whether every step that decides something was refused, with its code."""
    return all(f"[{code}]" in shown[step] for step, code in (*CLOSED.items(), *more))


def test_pygithub_proposes(rig: ForgeRig) -> None:
    """It makes a branch, writes, reads and changes a file, opens a pull request and reads statuses; no more.

    With the forge's own addresses in the answers PyGithub stopped at the first one that it followed.
    """
    ran = rig.client(str(PYTHON), "propose_with_pygithub.py", folder=PROGRAMS, role="pr-creator")
    shown = ran.shown
    branch = branch_of(ran, "pygithub")
    assert shown["branch"] == f"answered: refs/heads/{branch}", shown
    assert shown["write"] == "answered: y\n"
    assert branch in shown["listed"]
    assert shown["pull"].startswith("answered: ")
    assert branch in shown["read"]
    assert shown["statuses"] == "answered: pending"
    assert closed(shown), shown
    assert git(rig.shop, "show", f"refs/heads/{branch}:docs/new.md").out == "y\n"


def test_octokit_proposes(rig: ForgeRig) -> None:
    """The same with Octokit, which encodes slashes and follows `Link` from page to page."""
    folder = CLIENTS / "octokit"
    shutil.copy(OCTOKIT / "propose.mjs", folder)
    [node] = (CLIENTS / "venv").glob(NODE)
    ran = rig.client(str(node), "propose.mjs", folder=folder, role="pr-creator")
    shown = ran.shown
    branch = branch_of(ran, "octokit")
    assert shown["branch"] == f"answered: refs/heads/{branch}", shown
    assert shown["write"] == "answered: y\n"
    assert {branch, "main"} <= set(shown["listed"].removeprefix("answered: ").split(","))
    assert shown["pull"].startswith("answered: ")
    assert shown["statuses"] == "answered: pending"
    assert closed(shown, ("blob", "request.door_closed")), shown


def test_gh_proposes(rig: ForgeRig) -> None:
    """The same with `gh api`, over the channel's own socket; its GraphQL is shut and told what is open."""
    ran = rig.client(
        "bash", "-c", f'{GH_SETTINGS}\nNAMESPACE="{_NAMESPACE}"\n{_GH}', folder=PROGRAMS, role="pr-creator"
    )
    shown = dict(line.split("\t", 1) for line in ran.stdout.splitlines())
    branch = branch_of(ran, "gh")
    assert shown["branch"] == f"refs/heads/{branch}", (shown, ran.stderr)
    assert shown["write"] == "docs/new.md"
    assert shown["pull"] == branch
    assert shown["statuses"] == "pending"
    assert closed(shown, ("graphql", "request.door_closed")), json.dumps(shown)
