"""Tests of the gates: ours pass, and each of them shuts for what it is there for."""

import shutil
from pathlib import Path

import pytest

from decision.gates import Gate, Tools, policy_gates, static_gates, suite_gates

_POLICIES = Path(__file__).parents[2] / "policies"
_RULE = "request/rules/body_too_large/body_too_large.rego"
_MISSING = Path("/nonexistent/tool")
_VETO = """package request.vetoes.late

import data.lib.result

# METADATA
# title: It is late
# custom:
#   code: request.late
#   message: It is late.
#   remedy: Come again tomorrow.
deny contains result.reason(rego.metadata.chain(), {}) if not _early

_early if input.now < 5
"""
_VETO_TEST = """package request.vetoes.late_test

import data.request.vetoes.late

test_caught if count(late.deny) == 1 with input as {"now": 5}

test_not_caught_early if count(late.deny) == 0 with input as {"now": 4}

test_caught_without_a_time if count(late.deny) == 1 with input as {}
"""


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A copy of our policies that a test may spoil."""
    return shutil.copytree(_POLICIES, tmp_path / "policies")


def _edit(tree: Path, name: str, old: str, new: str) -> None:
    path = tree / name
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


def _shut(gates: tuple[Gate, ...]) -> dict[str, str]:
    return {gate.name: gate.output for gate in gates if not gate.ok}


@pytest.mark.long  # `make check` has these gates as steps of its own
def test_our_policies_pass(opa: Path) -> None:
    """Every gate is open for the policies that we ship."""
    gates = policy_gates(_POLICIES, Tools(opa))
    assert not _shut(gates)
    assert [gate.name for gate in gates] == [
        "configuration",
        "opa fmt",
        "opa check",
        "conventions",
        "opa test",
        "coverage",
    ]


@pytest.mark.parametrize(
    ("name", "edit", "gate", "words"),
    [
        ("roles.yaml", ("[read]", "[reed]"), "configuration", "did you mean 'read'?"),
        (_RULE, ("\tlimit :=", "\tlimit  :="), "opa fmt", "body_too_large.rego"),
        (_RULE, ("input.body_bytes <=", "input.body_byte <="), "opa check", "undefined ref: input.body_byte"),
        ("lib/call/call.rego", ("input.role", "input.rolle"), "opa check", "undefined ref: input.rolle"),
        ("token/rules/issue_token/issue_token.rego", ("input.ttl_s", "input.ttl"), "opa check", "input.ttl"),
        (_RULE, ("data.compiled.body_limits", "data.compiled.limits"), "opa check", "data.compiled.limits"),
        (_RULE, ("input.body_bytes <=", "time.now_ns() <="), "opa check", "undefined function time.now_ns"),
        (_RULE, ("limit :=", "unused := 1\n\tlimit :="), "opa check", "unused"),
        (_RULE, ("request.body_too_large", "request.too_large"), "conventions", "request.body_too_large"),
        (
            "request/request.rego",
            ("\t\trules.body_too_large.deny,\n", ""),
            "conventions",
            "must name rules.body_too",
        ),
        (_RULE, ("not _within(limit)", "not _within(input.body_bytes)"), "conventions", "fails open"),
        (
            "conventions/conventions.rego",
            ("package conventions", "package other"),
            "conventions",
            "undefined",
        ),
    ],
)
def test_static_gates_shut(
    request: pytest.FixtureRequest, name: str, edit: tuple[str, str], gate: str, words: str
) -> None:
    """Each static gate names what is wrong in a tree that is wrong in one place."""
    opa, tree = request.getfixturevalue("opa"), request.getfixturevalue("tree")
    _edit(tree, name, *edit)
    assert words in _shut(static_gates(tree, Tools(opa)))[gate]


def _with_veto(tree: Path, old: str = "", new: str = "") -> Path:
    """The tree with one veto more, and nothing else touched."""
    folder = tree / "request/vetoes/late"
    folder.mkdir(parents=True)
    (folder / "late.rego").write_text(_VETO.replace(old, new, 1) if old else _VETO)
    (folder / "late_test.rego").write_text(_VETO_TEST)
    return tree


def test_a_veto_needs_no_naming(opa: Path, tree: Path) -> None:
    """A folder under vetoes is all that it takes; but the entry point must ask for all of them."""
    assert not _shut(static_gates(_with_veto(tree), Tools(opa)))
    _edit(tree, "request/request.rego", "data.request.vetoes[_].deny", "data.request.vetoes.other.deny")
    shut = _shut(static_gates(tree, Tools(opa)))
    assert "request must gather data.request.vetoes" in shut["conventions"]


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("_early if", "grant if true\n\n_early if", "a veto must define `deny`, a set, and no other name"),
        ("package request.vetoes.late", "package request.rules.late", "a veto must be vetoes/NAME/NAME.rego"),
        ("request.late", "request.body_too_large", "the code request.body_too_large is used more than once"),
    ],
)
def test_what_is_no_veto_shuts(request: pytest.FixtureRequest, old: str, new: str, words: str) -> None:
    """Another name that it exports, another package, a code that is taken."""
    opa, tree = request.getfixturevalue("opa"), request.getfixturevalue("tree")
    assert words in _shut(static_gates(_with_veto(tree, old, new), Tools(opa)))["conventions"]


def test_a_failing_test_shuts(opa: Path, tree: Path) -> None:
    """A policy that its tests do not accept is stopped, and coverage is not asked."""
    _edit(tree, _RULE, "<= limit", "< limit")
    gates = suite_gates(tree, Tools(opa))
    assert [gate.name for gate in gates] == ["opa test"]
    assert "test_not_caught_at_the_limit" in _shut(gates)["opa test"]


def test_an_uncovered_line_shuts(opa: Path, tree: Path) -> None:
    """A line of a policy file that no test reaches is named, and so is a file that none touches."""
    with (tree / _RULE).open("a") as rule:
        rule.write('\n_never if input.role == "nobody at all"\n')
    (tree / "lib" / "lone.rego").write_text('package lib.lone\n\nx if input.role == "a"\n')
    output = _shut(suite_gates(tree, Tools(opa)))["coverage"]
    assert f"{_RULE}:" in output
    assert "lib/lone.rego" in output


def test_no_test_at_all_shuts(opa: Path, tmp_path: Path) -> None:
    """An empty tree has nothing to complain about, and passes nothing."""
    shut = _shut(policy_gates(tmp_path, Tools(opa)))
    assert {"configuration", "opa fmt", "conventions", "opa test"} <= set(shut)


def test_a_missing_tool_shuts() -> None:
    """A tool that is not there is never a pass."""
    gates = policy_gates(_POLICIES, Tools(_MISSING, regal=_MISSING))
    assert set(_shut(gates)) == {"opa fmt", "opa check", "conventions", "regal", "opa test"}


def test_regal_is_asked_where_it_is_given(tree: Path, tmp_path: Path, opa: Path) -> None:
    """The Regal gate runs the program that it is given in the tree, and shuts on its complaint."""
    regal = tmp_path / "regal"
    regal.write_text('#!/bin/sh\necho "$@ in $(basename "$PWD")"\nexit 3\n')
    regal.chmod(0o755)
    shut = _shut(static_gates(tree, Tools(opa, regal=regal)))
    assert shut == {"regal": "lint --format compact . in policies"}
