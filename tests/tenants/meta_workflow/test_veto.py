"""A new rule from the template: it passes every gate of the policies, and can do nothing but deny."""

import json
import os
import subprocess
from pathlib import Path

import pytest

from authoring.candidate import Rule, candidate
from decision.gates import static_gates
from decision.narrowing import exports_only_deny, exports_only_tests
from decision.opa_binary import find_opa
from doorless.policy.check import find_tools
from tenants.agents.meta_workflow.veto import veto
from tests.tenants.meta_workflow.findings import finding, written

ROOT = Path(__file__).parents[3]
NEW = finding("destinations", "crash-tracker", subject="crash-reporting/watch")


def _parsed(opa: Path, file: Path) -> dict[str, object]:
    ran = subprocess.run(
        [opa, "parse", "--format", "json", "--json-include", "annotations", file],
        capture_output=True,
        check=True,
    )
    parsed: dict[str, object] = json.loads(ran.stdout)
    return parsed


def test_the_rule_passes_the_gates() -> None:
    """With nothing else touched it is formatted, checked, conventional; its own tests cover it."""
    made = veto(NEW)
    assert made is not None
    with candidate(
        ROOT / "policies",
        "",
        Rule(made.name, made.rule),
    ) as folder:
        written(folder.parent, made.files)
        for gate in static_gates(folder, find_tools(folder)):
            assert gate.ok, gate.output
        rule = folder / "request" / "vetoes" / made.name
        words = ("test", "--coverage", rule, folder / "lib" / "result" / "result.rego")
        ran = subprocess.run([find_opa(os.environ), *words], capture_output=True, text=True, check=False)
        covered = json.loads(ran.stdout)["files"][str(rule / f"{made.name}.rego")]
        assert "not_covered" not in covered, covered


def test_it_can_do_nothing_but_deny(tmp_path: Path) -> None:
    """As the proof sees it that lets it pass the protected paths: one package, deny alone, and tests beside it."""
    made = veto(NEW)
    assert made is not None
    rule, tests = (written(tmp_path, made.files) / name for name in made.files)
    opa = find_opa(os.environ)
    assert exports_only_deny(_parsed(opa, rule), "request", made.name)
    assert exports_only_tests(_parsed(opa, tests), "request", made.name)


@pytest.mark.parametrize(
    "changes",
    [
        {"role": 'x" ; allow := true #'},
        {"subject": "crash-reporting/watch\ndefault deny := set()"},
        {"subject": "crash-reporting"},
        {"role": ""},
        {"subject": "a/b/c"},
    ],
)
def test_a_name_that_is_none_makes_no_rule(changes: dict[str, str]) -> None:
    """Whatever came as a role or a place: only names that the catalogue could have. (Seen failing without the pattern.)"""
    assert veto(finding("destinations", **{"role": "crash-tracker", "subject": "a/b", **changes})) is None
