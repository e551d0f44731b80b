"""What base asks for, and every way in which it cannot be found out."""

import asyncio
import os
import tempfile
from pathlib import Path

import pytest

from checks.evidence import Evidence
from checks.gather import KINDS, Commits, Place, gather
from tests.checks.repositories import CALCULATOR, SUITE, Repository, repository
from tests.checks.test_semgrep import printing, program

RULES = "rules:\n  - id: our.rule\n    languages: [python]\n    severity: ERROR\n    message: No.\n    pattern: forbidden()\n"


def run(made: Repository, head: str, variables: dict[str, str]) -> dict[str, Evidence]:
    """The evidence by its kind."""
    commits = Commits(made.folder / ".git", None, made.git("rev-parse", "main"), made.git("rev-parse", head))
    found = asyncio.run(gather(commits, KINDS, Place(variables), lambda _: None))
    return {each.kind: each for each in found}


@pytest.fixture
def fake(tmp_path: Path) -> dict[str, str]:
    """An environment whose semgrep keeps its rules and finds nothing."""
    folder = tmp_path / "scanners"
    (folder / "bin").mkdir(parents=True)
    keep = f"open({str(tmp_path / 'rules')!r}, 'w').write(open('rules.json').read())\n"
    program(folder / "bin", keep + printing())
    (folder / "bin" / "python").symlink_to("/bin/true")
    return {"PATH": os.environ["PATH"], "DOORLESS_SCANNERS": str(folder)}


def test_rules_of_the_base_are_used_and_those_of_the_head_are_not(
    tmp_path: Path, fake: dict[str, str]
) -> None:
    """A change that empties the folder of rules is judged by the rules as they were."""
    asked = "semgrep:\n  rules: .doorless/rules\n"
    made = repository(
        tmp_path / "r", {"a.py": "", ".doorless/checks.yaml": asked, ".doorless/rules/a.yaml": RULES}
    )
    head = made.commit({".doorless/rules/a.yaml": None, "a.py": "forbidden()\n"})
    assert run(made, head, fake)["semgrep"].state == "passed"
    assert "our.rule" in (tmp_path / "rules").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("files", "code"),
    [
        ({".doorless/checks.yaml": "tests: [\n"}, "configuration_invalid"),
        ({".doorless/checks.yaml": "test: {}\n"}, "configuration_invalid"),
        ({".doorless/checks.yaml": "semgrep:\n  rules: none\n"}, "rules_invalid"),
        ({".doorless/checks.yaml": "semgrep:\n  rules: own\n", "own/a.yaml": "rules: ["}, "rules_invalid"),
        ({".doorless/checks.yaml": "semgrep:\n  rules: own\n", "own/a.yaml": "other: 1\n"}, "rules_invalid"),
        (
            {
                ".doorless/checks.yaml": "semgrep:\n  rules: own\n",
                "own/a.yaml": RULES.replace("our.rule", "doorless.python.eval"),
            },
            "rules_invalid",
        ),
    ],
)
def test_a_base_that_asks_wrongly_stops_the_check(
    tmp_path: Path, fake: dict[str, str], files: dict[str, str], code: str
) -> None:
    """No YAML, unknown keys, no rules where rules were named, broken rules, a rule of ours redefined."""
    made = repository(tmp_path / "r", {"a.py": "", **files})
    evidence = run(made, made.commit({"a.py": "x = 1\n"}), fake)["semgrep"]
    assert (evidence.state, evidence.code) == ("could_not_run", code)


def test_a_full_disk_is_no_pass(
    tmp_path: Path, fake: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where no file can be written nothing was found out: semgrep and the tests both say so."""
    made = repository(tmp_path / "r", {**CALCULATOR, ".doorless/checks.yaml": SUITE})
    head = made.commit({"calc.py": "x = 1\n"})
    monkeypatch.setattr(tempfile, "tempdir", "/proc/self")  # nothing can be made there, even by root
    states = {kind: (each.state, each.code) for kind, each in run(made, head, fake).items()}
    assert states == {"semgrep": ("could_not_run", "no_room"), "tests": ("could_not_run", "no_room")}


def test_a_tree_that_no_folder_can_hold_is_no_pass(tmp_path: Path, fake: dict[str, str]) -> None:
    """A way out of the folder, made with git's plumbing, is never laid out."""
    made = repository(tmp_path / "r", {**CALCULATOR, ".doorless/checks.yaml": SUITE})
    blob = made.git("rev-parse", "main:calc.py")
    root = made.git("hash-object", "-w", "-t", "tree", "--literally", str(tree(tmp_path / "tree", blob)))
    head = made.git("commit-tree", root, "-p", "main", "-m", "out")
    evidence = run(made, head, fake)["tests"]
    assert (evidence.state, evidence.code) == ("could_not_run", "tests_no_tree")
    assert not (tmp_path / "evil.py").exists()


def tree(place: Path, blob: str) -> Path:
    """A file that holds a tree with the entry `..`."""
    place.write_bytes(b"100644 ..\0" + bytes.fromhex(blob))
    return place
