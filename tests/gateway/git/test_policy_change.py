"""The one exception to protected paths, through real pushes: the meta-workflow may make policies stricter, nobody else, and nothing else.

Every refused push is one step away from one that is published; git, the gateway, the checks and OPA are real. That none
of these steps is proven is tried for all of them where the proofs are made; the pushes that take long are for later.
"""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.checks.policy_changes import (
    FOLDER,
    LESS,
    NEAR_LESS,
    NEAR_VETO,
    ROLES,
    SERVICES,
    THERE,
    VETO,
    Step,
    roles,
    veto,
    write,
)
from tests.gateway.git.rig import GitAgent, GitRig, git, plain_environment
from tests.gateway.rig import REPOSITORY

OWN_SERVICES = """
services:
  forge:
    upstream: http://127.0.0.1:{port}
    allow_loopback: true
    errors: github
    git:
      upstream: http://127.0.0.1:{forge}
      allow_loopback: true
      credential: forge-git
      staging: [main]
      push: {{action: create-branch}}
"""
OWN_ROLES = """
roles:
  meta-workflow: {services: [forge], actions: [read, create-branch]}
  carrier: {services: [forge], actions: [read, create-branch]}
"""


class PolicyRig(GitRig):
    """A forge whose `acme/shop` keeps policies."""

    def _write_policy(self) -> None:
        (self.policies / "services.yaml").write_text(
            OWN_SERVICES.format(port=self.upstream.port, forge=self.forge_port)
        )
        (self.policies / "roles.yaml").write_text(OWN_ROLES)
        (self.home / "credentials.yaml").write_text(
            "credentials:\n  forge-git: {file: static-key, as: basic, name: x-access-token}\n"
        )

    def new_repository(self, name: str) -> Path:
        """A bare repository that holds the policies of this test beside other files."""
        bare = super().new_repository(name)
        seed = self.home / "seed"
        git(self.home, "clone", "--quiet", str(bare), str(seed))
        for part in ("request", "lib", "change", "jury"):
            shutil.copytree(REPOSITORY / "policies" / part, seed / "policies" / part)
        for file in ("protected.yaml", "approvals.yaml"):
            shutil.copy(REPOSITORY / "policies" / file, seed / "policies")
        write(seed, {"policies/services.yaml": SERVICES, "policies/roles.yaml": ROLES, **THERE})
        environment = plain_environment(self.home)
        for words in (
            ("add", "--all"),
            ("commit", "--quiet", "-m", "policies"),
            ("push", "--quiet", "origin", "main"),
        ):
            ran = git(seed, *words, environment=environment)
            assert ran.code == 0, ran.out
        shutil.rmtree(seed)
        return bare

    def tokens(self, workflow: str, role: str = "meta-workflow", ttl_s: int = 300) -> list[str]:
        """One for the forge."""
        return [self.issuer.token(workflow, "forge", "create-branch", "read", role=role, ttl_s=ttl_s)]


class Pusher:
    """One workflow with one clone, which tries each change on a branch of its own."""

    def __init__(self, rig: PolicyRig, agent: GitAgent) -> None:
        self.rig = rig
        self.agent = agent
        self.clone = agent.clone()
        self._tried = 0

    @property
    def branch(self) -> str:
        """Where the change that was tried last was pushed to."""
        return f"refs/heads/agent/{self.agent.workflow}/try-{self._tried}"

    def codes(self, *steps: Step) -> set[str]:
        """Why the change is refused that these steps make, each a commit; nothing where it was published."""
        self._tried += 1
        self.clone.git("checkout", "--quiet", "--force", "--detach", "origin/main")
        self.clone.git("clean", "--quiet", "-dfx")
        for step in steps:
            step(self.clone)
            self.clone.git("add", "--all")
            self.clone.git("commit", "--quiet", "--allow-empty", "-m", "A change")
        ran = self.clone.push(f"HEAD:{self.branch}", ok=False)
        published = self.branch in self.rig.refs()
        change = self.rig.changes(self.agent.workflow)[-1]
        assert published is (ran.code == 0) is (change.decision == "allow"), ran.out
        return {reason.code for reason in change.reasons} if not published else set()

    def proofs(self) -> dict[str, bool]:
        """What was proven of the change that was tried last."""
        change = self.rig.changes(self.agent.workflow)[-1]
        assert change.input is not None
        found: dict[str, bool] = json.loads(json.dumps(change.input["protected_change"]))
        return found


@pytest.fixture(scope="module")
def rig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PolicyRig]:
    """For the module."""
    made = PolicyRig(tmp_path_factory.mktemp("home"))
    yield made
    made.close()


@pytest.fixture(scope="module")
def meta(rig: PolicyRig) -> Pusher:
    """The meta-workflow."""
    return Pusher(rig, rig.git_agent("meta-workflow"))


def test_fewer_grants_are_published(meta: Pusher) -> None:
    """A grant fewer, and with it anything else that is stricter, in as many commits as it takes."""
    assert meta.codes(roles(LESS)) == set()
    assert meta.proofs() == {"grants_subset": True, "new_deny_rule": False}
    stricter = ("max_diff_lines: 100", "max_diff_lines: 50")
    assert (
        meta.codes(roles(LESS), roles(stricter), roles(("[auth/*, .ci/*]", "[auth/*, .ci/*, x/*]"))) == set()
    )


def test_a_new_veto_is_published(meta: Pusher) -> None:
    """A new folder with a veto, which needs no naming, and its test."""
    assert meta.codes(veto()) == set()
    assert meta.proofs() == {"grants_subset": False, "new_deny_rule": True}


def test_a_merged_veto_denies_and_nothing_else_was_touched(rig: PolicyRig, meta: Pusher) -> None:
    """What the change adds, put among the policies in force, denies an agent's next call with the veto's own words.

    Without the entry point asking for all vetoes, the change was not even proven to be one.
    """
    assert meta.codes(veto()) == set()
    added = git(rig.shop, "diff", "--name-only", "main", meta.branch).out.split()
    assert set(added) == set(VETO)
    carrier = rig.git_agent("carrier")
    assert carrier.git("ls-remote", carrier.url()).code == 0
    write(rig.home, {path: git(rig.shop, "show", f"{meta.branch}:{path}").out for path in added})
    try:
        assert rig.admin.post("/policy/reload").status_code == 200
        said = carrier.git("ls-remote", carrier.url())
        assert said.code != 0
        (reason,) = rig.decisions(carrier.workflow)[-1].reasons
        assert (reason.code, reason.rule) == ("request.late", "request.vetoes.late")
    finally:
        shutil.rmtree(rig.home / FOLDER)
        assert rig.admin.post("/policy/reload").status_code == 200


def test_no_other_role_has_the_exception(rig: PolicyRig) -> None:
    """The same changes by a role with the same grants: proven, and refused all the same."""
    carrier = Pusher(rig, rig.git_agent("carrier"))
    assert carrier.codes(roles(LESS)) == {"change.protected_path"}
    assert carrier.proofs()["grants_subset"]
    assert carrier.codes(veto()) == {"change.protected_path"}
    assert carrier.proofs()["new_deny_rule"]


SOON = {
    *("a comment alone", "a grant for another", "its own role narrower", "another file on the way", "a link"),
    *(
        "a veto that allows",
        "an imported helper",
        "no test",
        "two folders",
        "a rule, which somebody must name",
        "a case twin",
    ),
}
"""Pushed always; the others in the long run."""
LATER = pytest.mark.long


def near(cases: dict[str, tuple[Step, ...]]) -> pytest.MarkDecorator:
    """The cases by their names."""
    return pytest.mark.parametrize(
        "case", [pytest.param(case, marks=() if case in SOON else LATER) for case in cases]
    )


@near(NEAR_LESS)
def test_nothing_but_fewer_grants(meta: Pusher, case: str) -> None:
    """One thing else, and the roles are protected as ever.

    Without the comparison of the services that a role has, "a service without a word of it" was published.
    """
    assert "change.protected_path" in meta.codes(*NEAR_LESS[case])


@near(NEAR_VETO)
def test_nothing_but_one_new_veto(meta: Pusher, case: str) -> None:
    """One thing else, and the rules are protected as ever."""
    assert "change.protected_path" in meta.codes(*NEAR_VETO[case])


def test_a_base_that_went_on_is_not_guessed_about(rig: PolicyRig, meta: Pusher) -> None:
    """Where base changed the roles since, three versions would meet in the merge: nothing is proven of two of them."""
    old = git(rig.shop, "rev-parse", "main").out.strip()
    person = rig.home / "person"
    git(rig.home, "clone", "--quiet", str(rig.shop), str(person))
    write(person, {"policies/roles.yaml": ROLES.replace("data: [entries] }", "data: [entries] } # its own")})
    environment = plain_environment(rig.home)
    git(person, "commit", "--quiet", "--all", "-m", "by a person", environment=environment)
    git(person, "push", "--quiet", "origin", "main", environment=environment)
    try:
        assert meta.codes(roles(LESS)) == {"change.protected_path"}
    finally:
        git(rig.shop, "update-ref", "refs/heads/main", old)
        shutil.rmtree(person)
