"""`doorless policy explain`: which rule speaks for a path."""

import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from decision.opa_binary import find_opa
from decision.path_patterns import fold
from decision.question import encode_question
from doorless.policy.explain_path import explain, shown
from doorless.problem import ExitCode, Problem
from tests.decision.questions import change
from tests.doorless.conftest import ROOT
from tests.policies.change_worlds import PATHS, ChangeWorld, answers

POLICIES = ROOT / "policies"
FORBIDDEN = "change.rules.forbidden_path"
PROTECTED = "change.rules.protected_path"


def test_each_rule_is_told_with_its_pattern_and_place() -> None:
    """A path that the role and a class deny is told with both patterns, each with file and line."""
    spoken = explain(POLICIES, "pr-creator", "auth/login.py")
    assert [(one.rule, one.pattern) for one in spoken] == [(FORBIDDEN, "auth/*"), (PROTECTED, "**/auth/*")]
    for one in spoken:
        assert one.pattern in Path(one.file).read_text().splitlines()[one.line - 1]


@pytest.mark.parametrize(
    ("role", "path", "rules"),
    [
        ("pr-creator", "src/app.py", []),
        ("pr-creator", "security/x", [FORBIDDEN]),
        ("pr-creator", "tests/x", [PROTECTED]),
        ("pr-creator", "Tests/X", [PROTECTED]),
        ("pr-creator", "a/.gitattributes", ["change.rules.special_file"]),
        ("maintainer", "tests/x", []),
        ("meta-workflow", "policies/roles.yaml", [PROTECTED]),
    ],
)
def test_what_is_said_of_a_path(role: str, path: str, rules: list[str]) -> None:
    """Forbidden to the role, protected from agents, in need of a grant, or free."""
    assert [one.rule for one in explain(POLICIES, role, path)] == rules


def test_without_protected_yaml_nothing_is_free(tmp_path: Path) -> None:
    """As policy does, so is it told: where no class is known every path is denied to agents, not to people."""
    for name in ("roles.yaml", "services.yaml"):
        shutil.copy(POLICIES / name, tmp_path)
    (one,) = explain(tmp_path, "pr-creator", "src/app.py")
    assert (one.rule, one.file) == (PROTECTED, str(tmp_path / "protected.yaml"))
    assert explain(tmp_path, "maintainer", "src/app.py") == ()


@pytest.mark.parametrize(
    ("role", "path", "words"),
    [
        ("pr-creater", "src/app.py", "did you mean 'pr-creator'?"),
        ("pr-creator", "/etc/passwd", "without a leading slash"),
        ("pr-creator", "a/../b", "without a leading slash"),
        ("pr-creator", "", "without a leading slash"),
    ],
)
def test_what_cannot_be_asked(role: str, path: str, words: str) -> None:
    """A role that does not exist, or a path that git would not name so, is a usage error with a way on."""
    with pytest.raises(Problem, match=words[:12]) as caught:
        explain(POLICIES, role, path)
    assert caught.value.code is ExitCode.USAGE
    assert words in f"{caught.value.why} {caught.value.remedy}"


def test_policies_that_do_not_load(tmp_path: Path) -> None:
    """A folder that does not load is told with its errors."""
    (tmp_path / "roles.yaml").write_text("roles: 5\n")
    with pytest.raises(Problem, match="do not load"):
        explain(tmp_path, "pr-creator", "x")


def test_as_text_and_as_json() -> None:
    """Text names rule, pattern, file and line; JSON says the same for programs."""
    spoken = explain(POLICIES, "pr-creator", "security/x")
    assert f"{FORBIDDEN}: security/* at {POLICIES}/roles.yaml:" in shown(
        spoken, "pr-creator", "security/x", "text"
    )
    document = json.loads(shown(spoken, "pr-creator", "security/x", "json"))
    assert (document["allowed"], document["rules"][0]["rule"]) == (False, FORBIDDEN)
    assert "free for pr-creator" in shown((), "pr-creator", "x", "text")
    assert json.loads(shown((), "pr-creator", "x", "json"))["allowed"] is True


def _asked(role: str, path: str) -> Any:
    question = json.loads(encode_question(change(role=role, action="check", via="check", service="")))
    question["facts"]["touched"] = []
    question["facts"]["files"][0].update(path=path, folded=fold(path))
    return question


def test_policy_itself_says_the_same(tmp_path: Path) -> None:
    """For each path and role, the rules that are told are those that the real OPA denies the change with.

    With the patterns of roles anchored nowhere in `explain` this failed.
    """
    written = {
        name: yaml.safe_load((POLICIES / f"{name}.yaml").read_text())
        for name in ("roles", "services", "protected")
    }
    every = [(role, path) for role in ("pr-creator", "maintainer") for path in PATHS]
    world = ChangeWorld(
        written["roles"]["roles"],
        written["services"]["services"],
        written["protected"]["classes"],
        [_asked(role, path) for role, path in every],
    )
    (given,) = answers(find_opa(os.environ), [world], tmp_path)
    about_paths = {FORBIDDEN, PROTECTED, "change.rules.special_file"}
    for (role, path), decision in zip(every, given, strict=True):
        spoken = {one.rule for one in explain(POLICIES, role, path)}
        assert {reason.rule for reason in decision.reasons} & about_paths == spoken, (role, path)
