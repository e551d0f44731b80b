"""The GitHub Action and the hook for pre-commit, as far as they can be tried without GitHub."""

import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml

from doorless.command_list import app
from tests.checks.repositories import Repository, repository

ROOT = Path(__file__).resolve().parent.parent.parent
DEPLOY = ROOT / "deploy"


def read(path: Path) -> Any:
    """The YAML of a file."""
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def test_every_input_reaches_the_script_through_the_environment() -> None:
    """No expression stands inside a script, where a branch name would become part of it."""
    action = read(DEPLOY / "action.yml")
    assert action["runs"]["using"] == "composite"
    steps = action["runs"]["steps"]
    assert all("${{" not in step["run"] and step["shell"] == "bash" for step in steps)
    given = set(re.findall(r"inputs\.([a-z]+)", " ".join(steps[-1]["env"].values())))
    assert given == set(action["inputs"])
    assert {name for name, each in action["inputs"].items() if each.get("required")} == {"role", "base"}


@pytest.fixture
def made(tmp_path: Path) -> Repository:
    """A repository with a folder of policies."""
    return repository(tmp_path / "repository", {"a.py": "x = 1\n", "rules/policy.rego": "of the base\n"})


def script(made: Repository, tmp_path: Path, policies: str) -> list[str]:
    """What the action's script asks `doorless` for, by a stand-in that says its words and what the policies hold."""
    checkout = tmp_path / "checkout"
    (checkout / "deploy").mkdir(parents=True)
    (checkout / "deploy" / "check").write_bytes((DEPLOY / "check").read_bytes())
    stand_in = checkout / ".venv" / "bin" / "doorless"
    stand_in.parent.mkdir(parents=True)
    stand_in.write_text(
        '#!/bin/sh\nprintf "%s\\n" "$@"\nfor last; do :; done\ncat "$last"/*.rego 2>/dev/null\nexit 0\n',
        encoding="ascii",
    )
    stand_in.chmod(0o755)
    variables = {
        **os.environ,
        "ROLE": "pr-creator",
        "BASE": "main",
        "HEAD": "HEAD; exit 9",
        "POLICIES": policies,
    }
    done = subprocess.run(
        ["bash", str(checkout / "deploy" / "check")],
        cwd=made.folder,
        env=variables,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.splitlines()


def test_the_script_asks_for_annotations_and_takes_names_as_they_are(
    made: Repository, tmp_path: Path
) -> None:
    """Odd names are words of their own; every option exists."""
    words = script(made, tmp_path, "")
    assert words[:1] == ["check"]
    assert words[words.index("--head") + 1] == "HEAD; exit 9"
    assert words[words.index("--format") + 1] == "github"
    command: Any = typer.main.get_command(app)
    options = {name for each in command.commands["check"].params for name in each.opts}
    assert {word for word in words if word.startswith("--")} <= options


def test_policies_come_from_the_base(made: Repository, tmp_path: Path) -> None:
    """A change that rewrites the policies is judged by those it found."""
    made.commit({"rules/policy.rego": "of the change\n"})
    assert script(made, tmp_path, "rules")[-1] == "of the base"


def test_the_hook_runs_a_command_that_there_is() -> None:
    """Its id, its stage, and the words of `doorless check`."""
    (hook,) = read(ROOT / ".pre-commit-hooks.yaml")
    assert hook["id"] == "doorless-check"
    assert hook["stages"] == ["pre-push"]
    assert hook["entry"].split()[:3] == ["doorless", "check", "--role"]
    assert hook["pass_filenames"] is False
