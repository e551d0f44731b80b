"""`GET /.doorless/self` under the shipped roles and services: all that it tells is true, and it tells all."""

import os
import pwd
from collections.abc import Iterator

import pytest
import yaml

from decision.config import Configuration, load_policies
from tests.gateway.checking import FakeChecks
from tests.gateway.rig import REPOSITORY, Agent, Rig

ME = pwd.getpwuid(os.getuid()).pw_name
SHIPPED = REPOSITORY / "policies"
ROLES = sorted(
    name
    for name, role in yaml.safe_load((SHIPPED / "roles.yaml").read_text())["roles"].items()
    if role.get("services")  # one that has none is given no token, and so no channel
)
BODY = {"POST", "PUT", "PATCH"}


class ShippedRig(Rig):
    """A rig with the shipped roles and services; only where the services are is exchanged."""

    def _prepare(self) -> None:
        super()._prepare()
        services = yaml.safe_load((SHIPPED / "services.yaml").read_text())
        for service in services["services"].values():
            service.update(upstream=f"http://127.0.0.1:{self.upstream.port}", allow_loopback=True)
        (self.policies / "services.yaml").write_text(yaml.safe_dump(services))
        (self.policies / "roles.yaml").write_bytes((SHIPPED / "roles.yaml").read_bytes())
        named = {service.get("credential") for service in services["services"].values()} - {
            None,
            "workflow-jwt",
        }
        key = {"file": "static-key", "as": "header", "name": "X-Api-Key"}
        written = {"credentials": {name: dict(key) for name in sorted(named)}}
        (self.home / "credentials.yaml").write_text(yaml.safe_dump(written))
        checks = FakeChecks(self.loop, self.run / "checks.sock")
        self._open.callback(checks.close)

    def tokens(self, workflow: str, role: str = "crash-tracker", ttl_s: int = 300) -> list[str]:
        """Tokens for the whole of a shipped role."""
        grants = load_policies(self.policies).compiled["grants"][role]
        return [
            self.issuer.token(workflow, service, *sorted(words), role=role, ttl_s=ttl_s)
            for service, words in grants.items()
        ]


@pytest.fixture(scope="module")
def shipped() -> Configuration:
    return load_policies(SHIPPED)


@pytest.fixture(scope="module")
def rig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ShippedRig]:
    rig = ShippedRig(tmp_path_factory.mktemp("home"))
    yield rig
    rig.close()


def ask(agent: Agent, service: str, method: str, path: str) -> int:
    """Call a route, with its parameters' names as their values."""
    target = f"/{service}{path.replace('{', '').replace('}', '')}"
    return agent.request(method, target, b"{}" if method in BODY else None).status


@pytest.mark.parametrize("role", ROLES)
def test_what_is_left_of_a_limit_is_true(rig: ShippedRig, shipped: Configuration, role: str) -> None:
    """The limits told are those of roles.yaml, and each call lowers what is left by one; asking costs nothing.

    With the question to policy counted as an attempt asking twice lowered it.
    """
    agent = rig.agent(role)
    limit = shipped.roles[role].limits.max_requests_per_min
    before, again = (agent.get("/.doorless/self").json for _ in range(2))
    assert [one["limit"] for one in before["limits"]] == ([] if limit is None else [limit])
    assert before["limits"] == again["limits"]
    service = before["services"][0]
    ask(agent, service["name"], service["routes"][0]["method"], service["routes"][0]["path"])
    after = agent.get("/.doorless/self").json["limits"]
    assert [one["remaining"] for one in after] == [one["remaining"] - 1 for one in before["limits"]]


@pytest.mark.parametrize("role", ROLES)
def test_nothing_that_is_advertised_is_denied(rig: ShippedRig, role: str) -> None:
    """Every route that a shipped role is told of is called, allowed, and reaches the upstream.

    With every route of a granted service listed (no question to policy) crash-tracker's `set-status` was denied.
    """
    agent = rig.agent(role)
    told = agent.get("/.doorless/self").json
    assert (told["role"], told["workflow"]) == (role, agent.workflow)
    listed = [(service["name"], route) for service in told["services"] for route in service["routes"]]
    # There is no git here, so no change that a jury could be shown: see test_validation and git/test_proposal.
    routes = [(service, route) for service, route in listed if route.get("output") != "create-pr"]
    assert routes
    before = len(rig.upstream.received)
    for service, route in routes:
        assert ask(agent, service, route["method"], route["path"]) == 200, route
    assert len(rig.upstream.received) - before == len(routes)
    assert [one.decision for one in rig.decisions(agent.workflow)] == ["allow"] * len(routes)


@pytest.mark.parametrize("role", ROLES)
def test_nothing_that_is_allowed_is_kept_back(rig: ShippedRig, shipped: Configuration, role: str) -> None:
    """Every shipped route that a role is not told of is refused when it is called, in every service.

    With the list cut to the first route of a service the others were allowed and the test failed.
    """
    agent = rig.agent(role)
    told = agent.get("/.doorless/self").json
    listed = {(service["name"], route["id"]) for service in told["services"] for route in service["routes"]}
    hidden = [
        (service.name, route)
        for service in shipped.catalogue.services.values()
        for route in service.routes
        if (service.name, route.id) not in listed and not route.git
    ]
    assert hidden
    for service, route in hidden:
        assert ask(agent, service, route.method, route.path) in {403, 404}, route


def test_the_git_side_is_told_with_its_own_words(rig: ShippedRig) -> None:
    """A role that may push is told where, to which refs, and whom its commits must name; no other role is."""
    agent = rig.agent("pr-creator")
    [service] = agent.get("/.doorless/self").json["services"]
    assert service["git"] == {
        "url": "/code-repository/git/{owner}/{repo}.git",
        "base": "main",
        "push": {
            "namespace": f"refs/heads/agent/{agent.workflow}/",
            "identity": {"name": "pr-creator", "email": f"{agent.workflow}@agents.doorless.local"},
            "require_evidence": [],
            "by_api": [
                "POST /repos/{owner}/{repo}/git/refs",
                "PATCH /repos/{owner}/{repo}/git/refs/{ref}",
                "PUT /repos/{owner}/{repo}/contents/{path}",
                "DELETE /repos/{owner}/{repo}/contents/{path}",
            ],
        },
    }
    others = rig.agent("telemetry-analyzer").get("/.doorless/self").json["services"]
    assert all("git" not in one for one in others)


class HoldingRig(ShippedRig):
    """The shipped services, a role that may ask for what cannot be undone, and somebody who may approve it."""

    def _prepare(self) -> None:
        super()._prepare()
        roles = yaml.safe_load((self.policies / "roles.yaml").read_text())
        roles["roles"]["cleaner"] = {
            "services": ["telemetry"],
            "actions": ["read", "write", "delete"],
            "data": ["telemetry"],
        }
        (self.policies / "roles.yaml").write_text(yaml.safe_dump(roles))
        self.name_approvers(ME)

    def name_approvers(self, *names: str) -> None:
        """Who may approve."""
        text = "".join(
            f"  {template}: {{approvers: [{', '.join(names)}]}}\n" for template in ("irreversible", "output")
        )
        (self.policies / "approvals.yaml").write_text(f"templates:\n{text}")


def test_what_would_be_held_is_told_as_such(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Nothing that is told is denied: what says `held` is held when it is called, what does not is allowed.

    With holds left out the agent never learned of `purge`; with them told as allowed it did not learn that it waits. Where
    nobody could approve, a hold is a denial, and the route is not told.
    """
    rig = HoldingRig(tmp_path_factory.mktemp("home"))
    try:
        agent = rig.agent("cleaner")
        told = agent.get("/.doorless/self").json
        [service] = told["services"]
        held = {route["id"]: route for route in service["routes"] if "held" in route}
        assert {name: (of["held"], of["needs"], of["then"]) for name, of in held.items()} == {
            "purge": (True, "person", "repeat")
        }
        for route in service["routes"]:
            assert ask(agent, "telemetry", route["method"], route["path"]) == (
                403 if "held" in route else 200
            )
        decisions = {one.decision for one in rig.decisions(agent.workflow)}
        assert decisions == {"allow", "hold"}
        waiting = agent.get("/.doorless/self").json["holds"]
        assert [(one["state"], one["call"]) for one in waiting] == [
            ("open", "DELETE /series/name on telemetry")
        ]
        rig.name_approvers()
        assert rig.admin.post("/policy/reload").status_code == 200
        [service] = agent.get("/.doorless/self").json["services"]
        assert "purge" not in {route["id"] for route in service["routes"]}
    finally:
        rig.close()
