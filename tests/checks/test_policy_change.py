"""What is proven of a change to policies, from the objects of real repositories, by the real OPA."""

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from msgspec.structs import replace

from checks.change import Change, Update
from checks.facts import describe
from checks.policy_change import proven
from decision.change import ChangeFacts, ProtectedChange
from tests.checks.objects import NO_ID
from tests.checks.policy_changes import LESS, NEAR, ROLES, SERVICES, THERE, Step, roles, veto
from tests.checks.repositories import Repository, repository

POLICIES = Path(__file__).parents[2] / "policies"


@dataclass(frozen=True)
class Tried:
    """A change, and the facts of it."""

    change: Change
    facts: ChangeFacts

    def proofs(self, **environment: str) -> ProtectedChange:
        """What is proven of it."""
        return proven(self.change, self.facts, {**os.environ, **environment})


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Repository]:
    """A repository that keeps policies beside a file."""
    folder = tmp_path_factory.mktemp("repository") / "work"
    for part in ("request", "lib", "jury"):
        shutil.copytree(POLICIES / part, folder / "policies" / part)
    for file in ("protected.yaml", "approvals.yaml"):
        shutil.copy(POLICIES / file, folder / "policies")
    files: dict[str, str | bytes | None] = {
        "README.md": "# shop\n",
        "policies/services.yaml": SERVICES,
        "policies/roles.yaml": ROLES,
        **THERE,
    }
    yield repository(folder, files)
    shutil.rmtree(folder)


def tried(made: Repository, *steps: Step) -> Tried:
    """The change that these steps make, each a commit, from `main`."""
    made.git("checkout", "--quiet", "--force", "--detach", "main")
    made.git("clean", "--quiet", "-dfx")
    for step in steps:
        step(made)
        made.git("add", "--all")
        made.git("commit", "--quiet", "--allow-empty", "-m", "A change")
    update = Update("refs/heads/work", NO_ID, made.git("rev-parse", "HEAD"))
    change = Change(made.folder, None, "main", made.git("rev-parse", "main"), (update,))
    return Tried(change, describe(change, lambda _git, _blobs: ()))


def test_less_is_proven(made: Repository) -> None:
    """A grant fewer, from base's and the head's objects, whatever lies in the working folder."""
    found = tried(made, roles(LESS))
    (made.folder / "policies/roles.yaml").write_text("spoiled")
    assert found.proofs() == ProtectedChange(grants_subset=True)


def test_a_veto_is_proven_by_opa_and_not_without_it(made: Repository) -> None:
    """One new folder that can only deny; where there is no OPA to read it, nothing is proven."""
    found = tried(made, veto())
    assert found.proofs() == ProtectedChange(new_deny_rule=True)
    assert found.proofs(DOORLESS_OPA="/nowhere") == ProtectedChange()


@pytest.mark.parametrize("case", NEAR)
def test_one_step_away_is_not_proven(made: Repository, case: str) -> None:
    """One thing else, and nothing is proven."""
    assert tried(made, *NEAR[case]).proofs() == ProtectedChange()


def test_what_cannot_be_read_proves_nothing(made: Repository) -> None:
    """Facts that name a commit which is not there, that are irregular, or of no common base."""
    found = tried(made, roles(LESS))
    for facts in (
        replace(found.facts, head="1" * 40),
        replace(found.facts, merge_base=""),
        replace(found.facts, base=replace(found.facts.base, commit=found.facts.head)),
    ):
        assert Tried(found.change, facts).proofs() == ProtectedChange()
