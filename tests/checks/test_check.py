"""`doorless check` as a user runs it: real repositories, the shipped policies, a real OPA, real scanners."""

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Awaitable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from checks.check import Asked, CouldNotRun, Parts, check
from checks.engine import NoEngine, starting
from checks.gather import Place
from checks.record import Unrecorded
from checks.result import CheckResult
from checks.scanners import find_scanners
from checks.secrets import SecretScanner
from decision.pdp_model import Policy
from tests.checks.policy_changes import LESS, ROLES, SERVICES
from tests.checks.repositories import CALCULATOR, SUITE, Repository, repository
from tests.checks.test_secrets import token
from tests.checks.test_semgrep import printing, program

ROOT = Path(__file__).resolve().parent.parent.parent
POLICIES = ROOT / "policies"


@pytest.fixture
def made(tmp_path: Path) -> Repository:
    """A repository whose base names its tests."""
    return repository(
        tmp_path / "repository", {**CALCULATOR, "auth/login.py": "x = 1\n", ".doorless/checks.yaml": SUITE}
    )


def scanners(folder: Path) -> dict[str, str]:
    """An environment whose semgrep finds nothing and whose Kingfisher is the real one."""
    here = find_scanners(os.environ)
    (folder / "bin").mkdir()
    program(folder / "bin", printing())
    (folder / "bin" / "python").write_text(f'#!/bin/sh\nexec {here.python} "$@"\n', encoding="ascii")
    (folder / "bin" / "python").chmod(0o755)
    (folder / "rule-cache").symlink_to(here.rule_cache)
    return {**os.environ, "DOORLESS_SCANNERS": str(folder)}


@dataclass(frozen=True)
class Checker:
    """One engine on the shipped policies and one scanner for secrets: starting them is most of a small check."""

    runner: asyncio.Runner
    policy: Awaitable[Policy]
    scan: SecretScanner

    def result(
        self,
        made: Repository,
        head: str,
        *,
        role: str = "pr-creator",
        variables: dict[str, str] | None = None,
    ) -> CheckResult:
        """One check against `main`."""
        place = Place(dict(os.environ) if variables is None else variables)
        parts = Parts(self.policy, self.scan, Unrecorded(), None, place, lambda _: None)
        return self.runner.run(check(Asked(made.folder, "main", head, role), parts))


@pytest.fixture(scope="module")
def checker() -> Iterator[Checker]:
    """For the module."""
    with asyncio.Runner() as runner, SecretScanner(os.environ) as scan:
        context = starting(POLICIES, os.environ, None)
        policy = runner.run(context.__aenter__())
        yield Checker(runner, policy, scan)
        runner.run(context.__aexit__(None, None, None))


def command(made: Repository, *words: str, **more: str) -> subprocess.CompletedProcess[str]:
    """`doorless check` as a process."""
    argv = [sys.executable, "-m", "doorless", "check", "--repo", str(made.folder), *words]
    variables = {name: value for name, value in os.environ.items() if name != "DOORLESS_HOME"} | more
    return subprocess.run(
        argv, cwd=ROOT, env=variables, capture_output=True, text=True, check=False, timeout=100
    )


def test_a_good_change_passes_and_says_that_it_is_unrecorded(made: Repository) -> None:
    """Exit 0, every check that the base asks for ran, three statements about the head commit, none signed."""
    head = made.commit({"calc.py": "def add(a, b):\n    return b + a\n"})
    done = command(made, "--role", "pr-creator", "--head", head, "--format", "json")
    assert done.returncode == 0, done.stdout + done.stderr
    result = json.loads(done.stdout)
    assert (result["files"], result["commits"]) == (1, 1)
    assert (result["verdict"], result["failures"], result["head"]) == ("pass", [], head)
    assert {each["kind"]: each["state"] for each in result["evidence"]} == {
        "semgrep": "passed",
        "tests": "passed",
    }
    assert (result["recorded"], result["decision"]) == (False, "")
    assert [each["signatures"] for each in result["statements"]] == [[], [], []]


def test_all_failures_come_at_once_each_with_its_place_and_remedy(made: Repository) -> None:
    """A forbidden folder, a test, a secret that was removed again, a finding and a broken suite: five, and exit 1."""
    first = made.commit({"config.txt": f"token={token()}\n"})
    made.commit({"config.txt": None}, on=first)
    files: dict[str, str | bytes | None] = {
        "auth/login.py": "x = 2\n",
        "test_calc.py": CALCULATOR["test_calc.py"] + "\n",
        "calc.py": "def add(a, b):\n    return eval('a - b' if a else a)\n",
    }
    head = made.commit(files)
    done = command(made, "--role", "pr-creator", "--head", head, "--format", "json")
    assert done.returncode == 1, done.stdout + done.stderr
    failures = json.loads(done.stdout)["failures"]
    places = {(each["code"], each["path"]) for each in failures}
    assert places >= {
        ("change.protected_path", "auth/login.py"),
        ("change.protected_path", "test_calc.py"),
        ("change.secret_found", "config.txt"),
        ("change.finding", "calc.py"),
        ("change.evidence_failed", ""),
    }
    assert all(each["message"] and each["remedy"] and each["rule"] for each in failures)
    assert {each["line"] for each in failures if each["code"] == "change.finding"} == {2}


def test_a_change_of_how_it_is_checked_changes_nothing_and_is_refused(
    checker: Checker, made: Repository, tmp_path: Path
) -> None:
    """Base's command is run although the head names another, and the file is protected."""
    text = SUITE.replace("runner.py", "other.py")
    head = made.commit({".doorless/checks.yaml": text, "calc.py": "def add(a, b):\n    return 0\n"})
    result = checker.result(made, head, variables=scanners(tmp_path))
    assert {each.kind: each.state for each in result.evidence}["tests"] == "failed"
    assert ("change.protected_path", ".doorless/checks.yaml") in {
        (each.code, each.path) for each in result.failures
    }


def test_what_nobody_asked_for_is_listed_and_no_failure(checker: Checker, tmp_path: Path) -> None:
    """Without a test command the tests are named as not run, and the change passes."""
    made = repository(tmp_path / "repository", {"a.py": "x = 1\n"})
    result = checker.result(made, made.commit({"a.py": "x = 2\n"}), variables=scanners(tmp_path))
    assert result.verdict == "pass"
    assert [each.kind for each in result.not_run] == ["tests"]


def test_what_is_configured_and_cannot_run_is_no_pass(
    checker: Checker, made: Repository, tmp_path: Path
) -> None:
    """A semgrep that crashes: the verdict is `could_not_run`; with a real failure beside it, `fail`."""
    variables = scanners(tmp_path)
    program(tmp_path / "bin", "sys.exit(3)")
    result = checker.result(made, made.commit({"calc.py": CALCULATOR["calc.py"] + "\n"}), variables=variables)
    assert result.verdict == "could_not_run"
    assert (
        checker.result(made, made.commit({"auth/login.py": "x = 3\n"}), variables=variables).verdict == "fail"
    )


def test_people_are_checked_for_findings_and_not_for_paths(checker: Checker, made: Repository) -> None:
    """The shipped role of maintainers may change tests; a finding stops them too."""
    head = made.commit(
        {"test_calc.py": CALCULATOR["test_calc.py"] + "\n", "b.py": "def run(x):\n    eval(x)\n"}
    )
    failures = checker.result(made, head, role="maintainer").failures
    assert {each.code for each in failures} == {"change.finding", "change.evidence_failed"}


@pytest.mark.parametrize(
    ("base", "head", "code"),
    [("none", "HEAD", "base_missing"), ("main", "none", "head_missing"), ("main", "--all", "head_missing")],
)
def test_names_that_mean_nothing_are_no_answer(made: Repository, base: str, head: str, code: str) -> None:
    """A base or a head that is not there has a code of its own; no engine is waited for."""

    async def run() -> None:
        never: asyncio.Future[Policy] = asyncio.get_running_loop().create_future()
        parts = Parts(never, lambda _git, _blobs: (), Unrecorded(), None, Place({}), lambda _: None)
        await check(Asked(made.folder, base, head, "pr-creator"), parts)

    with pytest.raises(CouldNotRun) as caught:
        asyncio.run(run())
    assert caught.value.code == code
    assert caught.value.remedy


def test_a_change_without_a_common_ancestor_is_refused(
    checker: Checker, made: Repository, tmp_path: Path
) -> None:
    """An orphan is denied for being one, and its tests are not compared with anything."""
    made.git("checkout", "-q", "--orphan", "other")
    head = made.commit({"a.py": "x = 1\n"})
    result = checker.result(made, head, variables=scanners(tmp_path))
    assert result.verdict == "fail"
    assert "change.no_common_base" in {each.code for each in result.failures}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--repo", "/usr", "--role", "pr-creator"), "not_a_repository"),
        (("--role", "pr-creator", "--head", "none"), "head_missing"),
        (("--role", "pr-creator", "--policies", "/none"), "/none"),
        (("--role", "pr-creator", "--policies", "/usr/share/doc"), "policies_invalid"),
    ],
)
def test_what_cannot_be_checked_ends_with_2(made: Repository, words: tuple[str, ...], said: str) -> None:
    """One problem with its remedy on stderr, nothing on stdout."""
    done = command(made, *words)
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr
    assert "do:" in done.stderr


def test_a_missing_scanner_ends_with_2(made: Repository, tmp_path: Path) -> None:
    """Without scanners there is no answer, whatever else would be said."""
    done = command(made, "--role", "pr-creator", DOORLESS_SCANNERS=str(tmp_path / "none"))
    assert (done.returncode, done.stdout) == (2, "")
    assert "make setup" in done.stderr


def test_an_engine_that_cannot_start_is_no_answer(made: Repository, tmp_path: Path) -> None:
    """No OPA: `NoEngine`, after the change was described."""

    async def run() -> None:
        variables = {**scanners(tmp_path), "DOORLESS_OPA": str(tmp_path / "none")}
        async with starting(POLICIES, variables, None) as policy:
            parts = Parts(
                policy, lambda _git, _blobs: (), Unrecorded(), None, Place(variables), lambda _: None
            )
            await check(Asked(made.folder, "main", "main", "pr-creator"), parts)

    with pytest.raises(NoEngine) as caught:
        asyncio.run(run())
    assert caught.value.code == "opa_missing"


def test_a_check_knows_what_is_proven_of_a_change_to_policies(checker: Checker, tmp_path: Path) -> None:
    """Fewer grants: the paths are protected from every role but the meta-workflow, whose branch is judged where it is pushed."""
    files: dict[str, str | bytes | None] = {"policies/roles.yaml": ROLES, "policies/services.yaml": SERVICES}
    made = repository(tmp_path / "policies", files)
    head = made.commit({"policies/roles.yaml": ROLES.replace(*LESS)})
    codes = {
        role: {failure.code for failure in checker.result(made, head, role=role).failures}
        for role in ("pr-creator", "meta-workflow")
    }
    assert codes == {"pr-creator": {"change.protected_path"}, "meta-workflow": {"change.staging_only"}}
