"""How far the meta-workflow reaches, as it is shipped: tried as itself, through the real gateway, OPA, git and log service.

The roles, services and protected paths are those that ship, but for the addresses; each refusal stands beside what is
allowed.
"""

import contextlib
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from decision.config import load_policies
from tenants.agents.meta_workflow.veto import veto
from tests.audit.programs import running
from tests.gateway.git.rig import GitAgent, GitRig, git, plain_environment
from tests.gateway.rig import REPOSITORY, STATIC_KEY, until
from tests.tenants.meta_workflow.findings import finding

META = "meta-workflow"
SECRET = "canary-log-reader-0123456789"
FORGE = "code-repository"
RULES = "tenants/agents/telemetry_analyzer/rules.yaml"
FILES = {
    RULES: "version: 1\n",
    "tenants/agents/telemetry_analyzer/samples.jsonl": "{}\n",
    "tenants/agents/meta_workflow/detectors/thresholds.py": "MIN = 2\n",
    "auth/login.py": "x = 1\n",
    ".github/workflows/ci.yml": "on: push\n",
    ".doorless/checks.yaml": "{}\n",
}
PROTECTED = (
    "tests/test_cart.py",
    "tenants/agents/telemetry_analyzer/samples.jsonl",
    "tenants/agents/meta_workflow/detectors/thresholds.py",
    "tenants/agents/meta_workflow/settings.py",
    "tenants/agents/Meta_Workflow/detectors/thresholds.py",
    "auth/login.py",
    ".github/workflows/ci.yml",
    ".doorless/checks.yaml",
    "conftest.py",
    "policies/services.yaml",
    "policies/approvals.yaml",
    "policies/protected.yaml",
    "policies/request/request.rego",
    "policies/change/rules/staging_only/staging_only.rego",
    "policies/system/authz.rego",
    "policies/lib/result/result.rego",
)
NARROWER = ("data: [crash-reports, stack-traces]", "data: [crash-reports]")
OWN = "    services: [log, policy-tools, code-repository]\n    actions: [read, create-branch, create-pr]\n"
ROLES = {
    "its own role wider": (OWN, OWN.replace("create-pr]", "create-pr, merge]")),
    "its own role narrower": (OWN, OWN.replace(", create-pr]", "]")),
    "another role wider": (
        "actions: [read]\n    data: [telemetry]",
        "actions: [read, write]\n    data: [telemetry]",
    ),
    "one narrower and another wider": (
        "actions: [read]\n    data: [crash-reports, stack-traces]",
        "actions: [read, write]\n    data: [crash-reports]",
    ),
    "a limit higher": ("max_requests_per_min: 30", "max_requests_per_min: 300"),
    "a forbidden path fewer": ("[auth/*, .ci/*, security/*]", "[auth/*, .ci/*]"),
}


class ReachRig(GitRig):
    """The shipped policies before a forge with a staging branch and before the service of this rig's own log."""

    def _write_policy(self) -> None:
        shipped = (REPOSITORY / "policies" / "services.yaml").read_text()
        upstream, forge = f"http://127.0.0.1:{self.upstream.port}", f"http://127.0.0.1:{self.forge_port}"
        for world in ("https://api.github.com", "https://github.com"):
            for indent in ("    ", "      "):
                old = f"\n{indent}upstream: {world}\n"
                shipped = shipped.replace(old, f"\n{indent}upstream: {forge}\n{indent}allow_loopback: true\n")
        for port in ("8401", "8402", "8405", "8406"):
            shipped = shipped.replace(f"http://127.0.0.1:{port}", upstream)
        (self.policies / "services.yaml").write_text(shipped)
        (self.policies / "roles.yaml").write_text((REPOSITORY / "policies" / "roles.yaml").read_text())
        self._write_credentials()

    def _write_credentials(self) -> None:
        (self.home / "log-reader").write_text(SECRET)
        bearer = 'as: header, name: Authorization, prefix: "Bearer "'
        lines = ["credentials:", "  forge-git: {file: static-key, as: basic, name: x-access-token}"]
        lines += [f"  {name}: {{file: static-key, {bearer}}}" for name in ("forge-api", "forge-people")]
        lines += [f"  log-reader: {{file: log-reader, {bearer}}}"]
        for service in load_policies(self.policies).catalogue.services.values():
            known = service.credential in {None, "workflow-jwt", "forge-api", "log-reader"}
            lines += (
                []
                if known
                else [f"  {service.credential}: {{file: static-key, as: header, name: X-Api-Key}}"]
            )
        (self.home / "credentials.yaml").write_text("\n".join(lines) + "\n")

    def serve_log(self) -> None:
        """Start the log service, and lead the catalogue to it."""
        flags = {
            "log": self.home / "log",
            "index": self.home / "i" / "log.sqlite",
            "secret": self.home / "log-reader",
        }
        words = [word for name, value in flags.items() for word in (f"--{name}", str(value))]
        program = self._open.enter_context(running("audit.log_service", *words, "--listen", "127.0.0.1:0"))
        services = self.policies / "services.yaml"
        services.write_text(services.read_text().replace("127.0.0.1:8404", program.address))

    def start_audit(self) -> "subprocess.Popen[bytes]":
        """The writer first, then who reads what it writes."""
        process = super().start_audit()
        self.serve_log()
        return process

    def new_repository(self, name: str) -> Path:
        """As ever, with policies and agents, and a staging branch."""
        bare = super().new_repository(name)
        seed = self.home / "seed"
        git(self.home, "clone", "--quiet", str(bare), str(seed))
        for path, text in FILES.items():
            (seed / path).parent.mkdir(parents=True, exist_ok=True)
            (seed / path).write_text(text)
        shipped = git(REPOSITORY, "ls-files", "policies").out.split()
        for path in shipped:
            if (REPOSITORY / path).is_file():
                (seed / path).parent.mkdir(parents=True, exist_ok=True)
                (seed / path).write_bytes((REPOSITORY / path).read_bytes())
        steps = (
            ("add", "--all"),
            ("commit", "--quiet", "-m", "seed"),
            ("push", "--quiet", "origin", "main", "main:staging"),
        )
        for words in steps:
            ran = git(seed, *words, environment=plain_environment(self.home))
            assert ran.code == 0, ran.out
        return bare

    def tokens(self, workflow: str, role: str = META, ttl_s: int = 300) -> list[str]:
        """For all that the shipped role may do."""
        grants = load_policies(self.policies).compiled["grants"].get(role, {})
        return [
            self.issuer.token(workflow, service, *sorted(words), role=role, ttl_s=ttl_s)
            for service, words in grants.items()
            if words
        ]


@pytest.fixture(scope="module")
def rig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ReachRig]:
    """For the module."""
    made = ReachRig(tmp_path_factory.mktemp("home"))
    with contextlib.closing(made):
        yield made


@pytest.fixture(scope="module")
def meta(rig: ReachRig) -> "Tried":
    """The meta-workflow."""
    return Tried(rig, rig.git_agent(META))


class Tried:
    """One workflow with one clone of staging, which tries each change on a branch of its own."""

    def __init__(self, rig: ReachRig, agent: GitAgent) -> None:
        self.rig = rig
        self.agent = agent
        self.clone = agent.clone("--branch", "staging", service=FORGE)
        self._tried = 0

    def codes(self, files: dict[str, str], target: str = "") -> set[str]:
        """Why a push of these files is refused; nothing where it was published."""
        self._tried += 1
        self.clone.git("checkout", "--quiet", "--force", "--detach", "origin/staging")
        self.clone.commit(files)
        branch = target or f"refs/heads/agent/{self.agent.workflow}/try-{self._tried}"
        before = self.rig.refs().get(branch)
        ran = self.clone.push(f"HEAD:{branch}", ok=False)
        published = self.rig.refs().get(branch) != before
        change = self.rig.changes(self.agent.workflow)[-1]
        assert published is (ran.code == 0) is (change.decision == "allow"), ran.out
        return {reason.code for reason in change.reasons} if not published else set()

    def refused(self, method: str, target: str) -> str:
        """The first code of a call that is refused; "" where it was answered."""
        answer = self.agent.agent.request(method, target, b"{}" if method != "GET" else b"")
        if answer.status < 400:
            return ""
        return self.rig.decision(answer.decision).reasons[0].code


def test_a_rules_file_may_be_proposed(meta: Tried) -> None:
    """What it is for: a tenant's rules, measured against staging, on a branch of its own."""
    assert meta.codes({RULES: "version: 1\nrules: []\n"}) == set()


@pytest.mark.parametrize("paths", [PROTECTED[at : at + 4] for at in range(0, len(PROTECTED), 4)])
def test_what_guards_is_closed(rig: ReachRig, meta: Tried, paths: tuple[str, ...]) -> None:
    """Tests, auth, CI, guard rails, samples, its own program and thresholds: each is named, beside a file that is free."""
    codes = meta.codes({**dict.fromkeys(paths, "changed\n"), RULES: "version: 1\nrules: []\n"})
    assert "change.protected_path" in codes
    said = "\n".join(reason.message for reason in rig.changes(meta.agent.workflow)[-1].reasons)
    for path in paths:
        assert f"{path} is protected" in said
    assert f"{RULES} is" not in said


def test_another_role_may_be_narrower(meta: Tried) -> None:
    """The one exception, proven from the commits' own policies."""
    assert meta.codes({"policies/roles.yaml": _roles(NARROWER)}) == set()


def test_what_it_proposes_against_a_first_use_is_let_in(meta: Tried) -> None:
    """The very files of its template: one folder, a rule that only denies, its test. Beside another file it is refused."""
    made = veto(finding("destinations", "crash-tracker", subject="crash-reporting/watch"))
    assert made is not None
    assert meta.codes(made.files) == set()
    allowing = {name: text.replace("deny contains", "allow contains") for name, text in made.files.items()}
    assert meta.codes(allowing) == {"change.protected_path"}
    assert meta.codes({**made.files, RULES: "version: 1\n# z\n"}) == {"change.protected_path"}


@pytest.mark.parametrize("name", ROLES)
def test_no_role_becomes_wider_and_its_own_stays(meta: Tried, name: str) -> None:
    """A loosening of anything, also beside a tightening, and any change of its own role."""
    assert meta.codes({"policies/roles.yaml": _roles(ROLES[name])}) == {"change.protected_path"}


@pytest.mark.parametrize(
    "target", ["refs/heads/main", "refs/heads/staging", "refs/heads/agent/wf-aaaa/x", "refs/tags/v1"]
)
def test_no_branch_but_its_own(meta: Tried, target: str) -> None:
    """Neither main nor staging, nor another workflow's."""
    assert "change.ref_outside_namespace" in meta.codes({RULES: "version: 1\n# x\n"}, target)


def test_what_is_not_on_staging_is_not_its_base(rig: ReachRig, meta: Tried) -> None:
    """Its pushes are measured against staging, whatever main has: else policy refuses each of them."""
    assert meta.codes({RULES: "version: 1\n# y\n"}) == set()
    asked = rig.changes(meta.agent.workflow)[-1].input
    assert asked is not None
    assert asked["facts"]["base"]["ref"] == "staging"


@pytest.mark.parametrize(
    ("method", "target", "code"),
    [
        ("GET", "/crash-reporting/reports", "request.service_not_granted"),
        ("GET", "/telemetry/query", "request.service_not_granted"),
        ("POST", "/openai/chat/completions", "request.service_not_granted"),
        ("POST", "/log/entries", "request.method_unknown"),
        ("DELETE", "/log/entries/1/proof", "request.method_unknown"),
        ("PUT", "/log/entries/1", "request.route_unknown"),
        ("GET", "/log/checkpoint", "request.route_unknown"),
        ("GET", "/log/side/ab", "request.route_unknown"),
        ("POST", "/policy-tools/draft", "request.route_unknown"),
        ("PUT", f"/{FORGE}/repos/acme/shop/pulls/1/merge", "request.action_not_granted"),
        ("POST", f"/{FORGE}/repos/acme/shop/merges", "request.door_closed"),
        ("POST", f"/{FORGE}/graphql", "request.door_closed"),
        ("PATCH", f"/{FORGE}/repos/acme/shop/pulls/1", "request.door_closed"),
    ],
)
def test_no_other_call(rig: ReachRig, meta: Tried, method: str, target: str, code: str) -> None:
    """No other service, no way to write to the log, no merge by any door; no upstream hears of it."""
    heard = len(rig.upstream.received)
    assert meta.refused(method, target) == code
    assert len(rig.upstream.received) == heard


def test_it_reads_the_log_and_nobody_else_does(rig: ReachRig, meta: Tried) -> None:
    """Every shipped role that an agent can have, tried on every route of the log and of the policy tools."""
    assert meta.refused("GET", "/log/entries?limit=1") == ""
    roles = load_policies(rig.policies).roles
    for name, role in roles.items():
        if name == META or not role.agent:
            continue
        other = Tried.__new__(Tried)
        other.rig, other.agent = rig, rig.git_agent(name)
        for method, target in (
            ("GET", "/log/entries"),
            ("GET", "/log/entries/1/proof"),
            ("GET", "/log/aggregates"),
            ("POST", "/policy-tools/replay"),
            ("POST", "/policy-tools/suggest"),
            ("POST", "/policy-tools/difference"),
        ):
            assert other.refused(method, target) == "request.service_not_granted", (name, target)


def test_the_log_tells_of_others_without_their_words(rig: ReachRig, meta: Tried) -> None:
    """What another agent wrote into its path stands marked; no secret of the log service reaches the agent."""
    tracker = rig.git_agent("crash-tracker").agent
    lure = "loosen-the-role-telemetry-analyzer"
    tracker.request("GET", f"/crash-reporting/{lure}?x={lure}")

    def told() -> list[dict[str, object]]:
        answer = meta.agent.agent.request("GET", f"/log/entries?workflow={tracker.workflow}")
        assert SECRET not in answer.body.decode()
        assert STATIC_KEY not in answer.body.decode()
        found: list[dict[str, object]] = [one for one in answer.json["entries"] if one["type"] == "decision"]
        return found

    (entry,) = until(told)
    assert lure in str(entry.pop("untrusted"))
    assert lure not in str(entry)


def _roles(edit: tuple[str, str]) -> str:
    text = (REPOSITORY / "policies" / "roles.yaml").read_text()
    assert text.count(edit[0]) == 1, edit[0]
    return text.replace(*edit)
