"""Tests of what `protected.yaml` may say, and of what the shipped one protects."""

from pathlib import Path

import pytest

from decision.config import load_policies
from decision.path_rules import speaking
from decision.yaml_source import ConfigErrors
from tests.decision.configuration import load

SHIPPED = Path(__file__).parents[2] / "policies"

PROTECTED = """\
classes:
  tests:
    reason: Tests prove.
    patterns: ["**/tests/*"]
"""


def _load(folder: Path, text: str) -> dict[str, object]:
    (folder / "protected.yaml").write_text(text)
    found: dict[str, object] = load(folder).compiled["protected"]
    return found


def test_a_class_becomes_a_table(tmp_path: Path) -> None:
    """Each class is compiled with its reason; the file is among the sources that a revision keeps."""
    assert _load(tmp_path, PROTECTED) == {
        "tests": {
            "match": "^(?s:(?:(?:.*/)?(?:tests/.*))(?:/.*)?)$",
            "needles": ["/tests/"],
            "reason": "Tests prove.",
        }
    }
    assert load(tmp_path).sources["protected.yaml"] == PROTECTED.encode()


def test_without_the_file_there_is_no_table(tmp_path: Path) -> None:
    """A folder without it loads, and the table is absent, so that policy denies whatever agents change."""
    assert "protected" not in load(tmp_path).compiled


@pytest.mark.parametrize(
    ("old", "new", "place", "words"),
    [
        ("classes:", "class:", (1, 1), "did you mean 'classes'?"),
        ("  tests:", "  Tests:", (2, 3), "the name 'Tests' must match"),
        ("    reason: Tests prove.\n", "", (2, 3), "the key 'reason' is missing"),
        ("Tests prove.", '""', (3, 13), "needs a reason"),
        ('["**/tests/*"]', "[]", (4, 15), "at least 1 item"),
        ('"**/tests/*"', "/etc/*", (4, 16), "relative to the repository"),
        ('"**/tests/*"', '"tests/[a]"', (4, 16), "only * has a meaning"),
    ],
)
def test_refuses(tmp_path: Path, old: str, new: str, place: tuple[int, int], words: str) -> None:
    """A mistake is refused with its place, and nothing of the folder loads."""
    (tmp_path / "protected.yaml").write_text(PROTECTED.replace(old, new, 1))
    with pytest.raises(ConfigErrors) as caught:
        load(tmp_path)
    error = caught.value.errors[0]
    assert words in "\n".join(one.message for one in caught.value.errors)
    assert error.file.endswith("protected.yaml")
    assert place in {(one.line, one.column) for one in caught.value.errors}


@pytest.mark.parametrize(
    ("path", "owner"),
    [
        ("tests/test_app.py", "tests"),
        ("src/test_app.py", "tests"),
        ("web/app.spec.ts", "tests"),
        ("pkg/x_test.go", "tests"),
        ("auth/login.py", "auth"),
        ("src/auth/login.py", "auth"),
        (".github/workflows/ci.yml", "ci"),
        (".gitlab-ci.yml", "ci"),
        ("Jenkinsfile", "ci"),
        ("policies/roles.yaml", "policies"),
        ("x/y.rego", "policies"),
        (".doorless/checks.yaml", "gate"),
        (".semgrepignore", "gate"),
        (".pre-commit-config.yaml", "gate"),
        ("CODEOWNERS", "code-owners"),
        ("docs/CODEOWNERS", "code-owners"),
        ("conftest.py", "runs-in-checks"),
        ("a/sitecustomize.py", "runs-in-checks"),
        ("a/x.pth", "runs-in-checks"),
        ("Makefile", "runs-in-checks"),
        ("pyproject.toml", "runs-in-checks"),
        ("web/package.json", "runs-in-checks"),
        ("tox.ini", "runs-in-checks"),
    ],
)
def test_what_ships_is_protected(path: str, owner: str) -> None:
    """What proves, guards or judges a change is protected by the class that says so, in any case of letters."""
    rules = load_policies(SHIPPED).path_rules
    for form in (path, path.upper()):
        assert owner in {rule.owner for rule in speaking(rules, "pr-creator", form, agent=True)}
    assert speaking(rules, "maintainer", path, agent=False) == ()


@pytest.mark.parametrize(
    "path",
    [
        "src/app.py",
        "src/latest.py",
        "src/contest/x.py",
        "docs/testing.md",
        "src/author.py",
        "docs/oauth2.md",
        "src/package.py",
        "circle/ci.md",
        "src/policies.py",
        "README.md",
        "src/setup_wizard.py",
        "src/owners.py",
        "src/tasks.py",
    ],
)
def test_the_nearest_harmless_paths_are_free(path: str) -> None:
    """Ordinary code whose name is alike is no protected path."""
    assert speaking(load_policies(SHIPPED).path_rules, "telemetry-analyzer", path, agent=True) == ()


def test_every_rule_knows_its_line(tmp_path: Path) -> None:
    """A pattern is told with the file and the line that it stands on."""
    text = PROTECTED + "  own:\n    reason: Ours.\n    patterns:\n      - a/*\n      - b/*\n"
    _load(tmp_path, text)
    (rule,) = speaking(load(tmp_path).path_rules, "reader", "b/x", agent=True)
    assert (rule.kind, rule.owner, rule.pattern, rule.line) == ("protected", "own", "b/*", 9)
    assert rule.file == str(tmp_path / "protected.yaml")
