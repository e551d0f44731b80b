"""Tests of the proofs that a change to the policies makes them stricter."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from decision.narrowing import exports_only_deny, exports_only_tests, gathers_vetoes, grants_subset
from tests.decision.configuration import SERVICES, load

OWN = "meta-workflow"
ROLES: dict[str, Any] = {
    "reader": {
        "services": ["reports", "series"],
        "actions": ["read", "ping"],
        "data": ["bodies", "points"],
        "limits": {"max_requests_per_min": 30, "max_diff_lines": 100},
        "forbidden_paths": ["auth/*"],
        "special_files": ["symlink"],
    },
    "eraser": {"services": ["reports"], "actions": ["erase"], "data": ["bodies"]},
    OWN: {"services": ["series"], "actions": ["read"], "data": ["points"]},
    "people": {"agent": False},
}


def _tables(folder: Path, alter: Callable[[dict[str, Any]], object], services: str = SERVICES) -> Any:
    roles = json.loads(json.dumps(ROLES))
    alter(roles)
    return load(folder, roles=yaml.safe_dump({"roles": roles}), services=services).compiled


def _less(roles: dict[str, Any]) -> object:
    return roles["reader"]["actions"].remove("ping")


@pytest.mark.parametrize(
    "alter",
    [
        _less,
        lambda roles: roles.pop("eraser"),
        lambda roles: roles["reader"]["data"].remove("points"),
        lambda roles: roles["reader"]["services"].remove("series"),
        lambda roles: (_less(roles), roles["reader"]["limits"].update(max_diff_lines=50)),
        lambda roles: (_less(roles), roles["reader"]["forbidden_paths"].append("x/*")),
        lambda roles: (_less(roles), roles["reader"].pop("special_files")),
        lambda roles: (_less(roles), roles["eraser"].update(limits={"max_body_bytes": 5})),
    ],
)
def test_less_is_proven(tmp_path: Path, alter: Callable[[dict[str, Any]], object]) -> None:
    """A grant fewer, and nothing wider: proven, whatever else became stricter."""
    assert grants_subset(_tables(tmp_path, lambda _: None), _tables(tmp_path, alter), OWN)


@pytest.mark.parametrize(
    "alter",
    [
        dict,
        lambda roles: roles["reader"]["limits"].update(max_diff_lines=50),
        lambda roles: (_less(roles), roles["eraser"]["actions"].append("read")),
        lambda roles: (_less(roles), roles.update(other={})),
        lambda roles: (_less(roles), roles["reader"]["limits"].update(max_diff_lines=101)),
        lambda roles: (_less(roles), roles["reader"]["limits"].pop("max_requests_per_min")),
        lambda roles: (_less(roles), roles["reader"].pop("forbidden_paths")),
        lambda roles: (_less(roles), roles["reader"]["special_files"].append("gitlink")),
        lambda roles: (_less(roles), roles["people"].update(agent=True)),
        lambda roles: roles.update(eraser={"agent": False}),
        lambda roles: (_less(roles), roles[OWN].update(limits={"max_diff_lines": 1})),
        lambda roles: (_less(roles), roles.pop(OWN)),
        lambda roles: roles[OWN].update(services=["series", "reports"]),
        lambda roles: (_less(roles), roles["eraser"]["services"].append("series")),
    ],
)
def test_what_is_not_less_is_not_proven(tmp_path: Path, alter: Callable[[dict[str, Any]], object]) -> None:
    """The same, another grant for the one that went, a limit higher or gone, or a change of its own role: no proof.

    Without the comparison of limits, and of the proposer's own role, those were taken for narrowings.
    """
    assert not grants_subset(_tables(tmp_path, lambda _: None), _tables(tmp_path, alter), OWN)


def test_another_catalogue_is_no_narrowing(tmp_path: Path) -> None:
    """Tables of other services cannot be compared."""
    other = SERVICES.replace("max_body_bytes: 100", "max_body_bytes: 101")
    before, after = _tables(tmp_path, lambda _: None), _tables(tmp_path, _less, other)
    assert not grants_subset(before, after, OWN)


_RULE = """package request.vetoes.late

import data.lib.result

# METADATA
# title: Late
deny contains result.reason(rego.metadata.chain(), {}) if not _early

_early if input.now < 5
"""


def _parsed(opa: Path, folder: Path, text: str) -> Any:
    file = folder / "late.rego"
    file.write_text(text)
    told = subprocess.run([opa, "parse", "--format", "json", file], capture_output=True, check=True)
    return json.loads(told.stdout)


def _shape(opa: Path, folder: Path, text: str) -> bool:
    return exports_only_deny(_parsed(opa, folder, text), "request", "late")


def test_a_veto_is_proven(opa: Path, tmp_path: Path) -> None:
    """A package of its folder that exports one set, `deny`, and private names."""
    assert _shape(opa, tmp_path, _RULE)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("package request.vetoes.late", "package request.rules.late"),
        ("package request.vetoes.late", "package request.vetoes.late.more"),
        ("import data.lib.result", "import data.lib.result\nimport data.request.rules.role_grant"),
        ("package request.vetoes.late", "package token.vetoes.late"),
        ("deny contains", "lacks contains"),
        ("_early if", "grant if"),
        ("_early if", "obligation if"),
        ("_early if", "default _early := true\n\n_early if"),
        ("# title: Late", "# title: Late\n# entrypoint: true"),
        ("deny contains result.reason(rego.metadata.chain(), {})", 'deny["x"] := 1'),
        ("deny contains result.reason(rego.metadata.chain(), {})", "deny := true"),
        ("deny contains result.reason(rego.metadata.chain(), {})", 'deny.x contains "y"'),
        ("deny contains result.reason(rego.metadata.chain(), {})", "_deny := true"),
    ],
)
def test_anything_else_is_no_veto(opa: Path, tmp_path: Path, old: str, new: str) -> None:
    """Another package, another exported name, a default, an entry point, or no deny at all: no proof."""
    assert old in _RULE
    assert not _shape(opa, tmp_path, _RULE.replace(old, new, 1))


def test_a_module_without_rules_is_no_veto() -> None:
    """What has no package, or no rule, proves nothing."""
    assert not exports_only_deny({}, "request", "late")
    path = [{"value": part} for part in ("data", "request", "vetoes", "late")]
    assert not exports_only_deny({"package": {"path": path}}, "request", "late")


_TEST = """package request.vetoes.late_test

import data.request.vetoes.late

test_caught if count(late.deny) == _one with input as {"now": 6}

_one := 1
"""


def test_a_test_is_known(opa: Path, tmp_path: Path) -> None:
    """Tests in the package that belongs to the rule, and private names."""
    assert exports_only_tests(_parsed(opa, tmp_path, _TEST), "request", "late")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("vetoes.late_test", "vetoes.late"),
        ("test_caught if", "_caught if"),
        ("_one := 1", "one := 1\n\n_one := 1"),
        ("package request", "# METADATA\n# entrypoint: true\npackage request"),
    ],
)
def test_anything_else_is_no_test(opa: Path, tmp_path: Path, old: str, new: str) -> None:
    """The package of the rule itself, no test, another name that is exported, an entry point."""
    assert old in _TEST
    assert not exports_only_tests(_parsed(opa, tmp_path, _TEST.replace(old, new, 1)), "request", "late")


def test_a_module_without_tests_is_no_test() -> None:
    """What has no package, or no rule."""
    assert not exports_only_tests({}, "request", "late")


def test_the_shipped_entry_points_ask_their_vetoes(opa: Path, tmp_path: Path) -> None:
    """Those of calls, changes and tokens, each its own; that of the jury has none."""
    policies = Path(__file__).parents[2] / "policies"
    areas = ("request", "change", "token", "jury")
    modules = {area: _parsed(opa, tmp_path, (policies / area / f"{area}.rego").read_text()) for area in areas}
    asked = {(area, of) for area, module in modules.items() for of in areas if gathers_vetoes(module, of)}
    assert asked == {("request", "request"), ("change", "change"), ("token", "token")}


@pytest.mark.parametrize(
    "asked",
    [
        "data.token.vetoes[_].deny",
        "data.request.vetoes.soon.deny",
        "data.request.vetoes[_].grant",
        "data.request.rules[_].deny",
        '"data.request.vetoes[_].deny"',
    ],
)
def test_what_asks_anything_else_asks_no_veto(opa: Path, tmp_path: Path, asked: str) -> None:
    """Another area, one of them alone, another name, the rules, words: no veto of this area would speak."""
    module = _parsed(opa, tmp_path, f"package request\n\nx := {{found | found := {asked}}}\n")
    assert not gathers_vetoes(module, "request")
    assert not gathers_vetoes({}, "request")
