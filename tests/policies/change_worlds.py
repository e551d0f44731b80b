"""Generated roles, protected classes and changes, and the real OPA that judges all of them in one evaluation.

Everything is drawn from one seeded source, so that a failure is found again by its seed.
"""

import copy
import json
import random
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

import yaml

from decision.change import IrregularKind
from decision.config import load_policies
from decision.document import read_document
from decision.model import Decision
from decision.path_patterns import fold
from decision.question import encode_question
from tests.decision.questions import change
from tests.policies.asking import POLICIES
from tests.policies.reference_model import Written

PATHS = (
    "src/app.py",
    "src/App.py",
    "auth/login.py",
    "Auth/Login.py",
    "src/auth/x.py",
    "author/x",
    "tests/test_app.py",
    "src/tests/x",
    "docs/guide.md",
    "policies/request/x.rego",
    "src/conftest.py",
    "src/conftest.pyi",
    ".gitattributes",
    "a/.GitModules",
    "a/x.gitmodules",
    "secret/café",
    "secret/cafe\u0301",
    "caf\u00c9",
    "deploy/key.pem",
    "key.pem/inner",
    "x",
)
PATTERNS = (
    "auth/*",
    "src/*",
    "**/tests/*",
    "**/conftest.py",
    "*.pem",
    "policies/*",
    "**/auth/*",
    "café",
    "src/app.py",
    "**/test_*.py",
    "*",
    "s*/a*.py",
)
KINDS = get_args(IrregularKind)
ROLES = ("coder", "reader", "maintainer", "meta-workflow", "other")

# `tables` and `asked` have names of their own for the same reason as in `worlds`.
_QUERY = """x := [answers |
  some world in input.worlds
  tables := world.compiled
  answers := [answer |
    some asked in world.questions
    answer := data.change.decision with input as asked with data.compiled as tables
  ]
]"""


@dataclass(frozen=True)
class ChangeWorld:
    """One configuration as it is written in the three files, and what is asked in it."""

    roles: Written
    services: Written
    protected: Written
    questions: list[Any]


def change_worlds(seed: int, count: int, questions: int) -> list[ChangeWorld]:
    """So many worlds with so many questions each."""
    draw = random.Random(seed)
    return [_world(draw, questions) for _ in range(count)]


def answers(opa: Path, worlds: list[ChangeWorld], folder: Path) -> list[list[Decision]]:
    """What OPA answers, with each world compiled from files as a home's would be; `folder` holds them."""
    asked = [{"compiled": _compiled(world, folder), "questions": world.questions} for world in worlds]
    options = ["--ignore", "*_test.rego", "--stdin-input", "--format", "json"]
    arguments = [str(opa), "eval", "--data", str(POLICIES), *options, _QUERY]
    done = subprocess.run(
        arguments, input=json.dumps({"worlds": asked}), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads(done.stdout)["result"][0]["bindings"]["x"]
    return [[read_document(json.dumps(one).encode()) for one in of_world] for of_world in found]


def less_forbidden(draw: random.Random, world: ChangeWorld) -> ChangeWorld:
    """The world without the forbidden paths of its roles, and with one pattern of each protected class."""
    less = copy.deepcopy(world)
    for role in less.roles.values():
        role["forbidden_paths"] = []
    for one in less.protected.values():
        one["patterns"] = [draw.choice(one["patterns"])]
    return less


def _compiled(world: ChangeWorld, folder: Path) -> Written:
    for name in ("roles", "services"):
        (folder / f"{name}.yaml").write_text(yaml.safe_dump({name: getattr(world, name)}))
    (folder / "protected.yaml").write_text(yaml.safe_dump({"classes": world.protected}, allow_unicode=True))
    return load_policies(folder).compiled


def _world(draw: random.Random, questions: int) -> ChangeWorld:
    push: Written = {"action": "create-branch"}
    if draw.random() < 0.3:
        push["data"] = "code"
    if draw.random() < 0.3:
        push["require_evidence"] = draw.sample(["semgrep", "tests"], draw.randint(1, 2))
    services: Written = {
        "code": {
            "upstream": "https://api.forge.example",
            "routes": {
                "pr": {"method": "POST", "path": "/pulls", "action": "create-pr"},
                "merge": {"method": "PUT", "path": "/merge", "action": "merge"},
                "note": {"method": "POST", "path": "/notes", "action": "note", "data": "code"},
            },
            "git": {"upstream": "https://forge.example", "staging": ["staging"], "push": push},
        }
    }
    roles: Written = {
        "coder": _role(draw, ["create-branch", "create-pr", "merge"]),
        "reader": _role(draw, ["read"]),
        "maintainer": {"agent": False, "forbidden_paths": draw.sample(PATTERNS, draw.choice([0, 0, 1]))},
        "meta-workflow": _role(draw, ["create-branch"]),
    }
    protected = {
        name: {"reason": "Because.", "patterns": draw.sample(PATTERNS[:8], draw.randint(1, 3))}
        for name in draw.sample(["tests", "auth", "gate"], draw.randint(1, 2))
    }
    return ChangeWorld(roles, services, protected, [_question(draw) for _ in range(questions)])


def _role(draw: random.Random, actions: list[str]) -> Written:
    role: Written = {
        "services": ["code"],
        "actions": actions,
        "data": draw.choice([[], ["code"]]),
        "forbidden_paths": draw.sample(PATTERNS, draw.randint(0, 2)),
    }
    if draw.random() < 0.5:
        role["limits"] = {"max_files_changed": draw.randint(1, 4), "max_diff_lines": draw.randint(1, 40)}
    if draw.random() < 0.3:
        role["special_files"] = draw.sample(["symlink", "gitlink", "gitattributes", "mode"], 2)
    return role


def _question(draw: random.Random) -> Written:
    question: Written = json.loads(encode_question(change()))
    paths = [draw.choice([*PATHS[:1], "docs/guide.md", "x"]) for _ in range(draw.randint(0, 3))]
    question["facts"]["files"] = [_file(draw, path) for path in paths]
    question["facts"]["totals"]["files"] = len(paths)
    question["facts"]["totals"]["lines"] = sum(one["lines"] for one in question["facts"]["files"])
    for alter in draw.choices(_CHANGES, k=draw.choice([0, 0, 1, 1, 2, 3])):
        alter(draw, question)
    return question


def _file(draw: random.Random, path: str) -> Written:
    return {
        "path": path,
        "folded": fold(path),
        "change": draw.choice(["add", "modify", "delete", "type"]),
        "old_mode": "100644",
        "new_mode": draw.choice(["100644", "100644", "100755", ""]),
        "lines": draw.randint(0, 20),
        "bytes": draw.randint(0, 2000),
        "binary": draw.random() < 0.1,
    }


def _other_path(draw: random.Random, question: Written) -> None:
    question["facts"]["files"].append(_file(draw, draw.choice(PATHS)))


def _on_the_way(draw: random.Random, question: Written) -> None:
    path = draw.choice(PATHS)
    mode = draw.choice(["100644", "100644", "", "120000", "160000", "100600"])
    question["facts"]["touched"].append({"path": path, "folded": fold(path), "mode": mode})


def _odd_mode(draw: random.Random, question: Written) -> None:
    question["facts"]["files"].append(
        {**_file(draw, "x"), "new_mode": draw.choice(["120000", "160000", "100600"])}
    )


def _irregular(draw: random.Random, question: Written) -> None:
    question["facts"]["irregular"].append({"kind": draw.choice(KINDS), "path": "x", "detail": "d"})


def _other_name(draw: random.Random, question: Written) -> None:
    field, values = draw.choice(
        [
            ("role", ROLES),
            ("service", ("code", "nowhere", "")),
            ("action", ("create-branch", "check", "create-pr", "merge")),
            ("via", ("push", "check", "api")),
            ("data", ("", "code")),
            ("scope", ((), ("create-branch:code", "create-pr"))),
            ("workflow", ("wf-2", "")),
            ("namespace", ("", "refs/heads/", "refs/heads/agent//")),
            ("require", (("tests",), ("jury", "tests"))),
        ]
    )
    value = draw.choice(values)
    question[field] = list(value) if isinstance(value, tuple) else value


def _a_check(draw: random.Random, question: Written) -> None:
    question.update(action="check", via="check", scope=[], role=draw.choice(ROLES))


def _everything_passed(_draw: random.Random, question: Written) -> None:
    question["evidence"] = dict.fromkeys(("schema", "semgrep", "tests", "jury"), "passed")


def _evidence(draw: random.Random, question: Written) -> None:
    states = ["passed", "failed", "absent", "could_not_run", "not_configured", "no_verdict"]
    question["evidence"][draw.choice(["tests", "semgrep", "jury", "schema"])] = draw.choice(states)


def _refs(draw: random.Random, question: Written) -> None:
    ref = question["facts"]["refs"][0]
    ref["change"] = draw.choice(["update", "delete", "force"])
    ref["new"] = draw.choice(["0" * 40, ref["new"]])
    ref["name"] = draw.choice([ref["name"], "refs/heads/main", "refs/heads/agent/wf-test/", "refs/tags/v1"])


def _people(draw: random.Random, question: Written) -> None:
    other = draw.choice([{"name": "Ann", "email": "ann@x.example"}, {"name": "", "email": ""}])
    where = draw.choice(["author", "committer", "co_authors", "identity"])
    if where == "identity":
        question["identity"] = other
    else:
        question["facts"]["commits"][0][where] = [other] if where == "co_authors" else other


def _sizes(draw: random.Random, question: Written) -> None:
    question["facts"]["totals"][draw.choice(["files", "lines"])] = draw.randint(0, 50)


def _found(draw: random.Random, question: Written) -> None:
    if draw.random() < 0.5:
        question["facts"]["secrets"].append({"rule": "r", "path": "x", "commit": "c", "line": 1})
    else:
        question["findings"].append({"rule": "r", "path": "x", "line": 1, "severity": "E", "message": "m"})


def _base(draw: random.Random, question: Written) -> None:
    question["facts"]["base"]["ref"] = draw.choice(["main", "staging", "other"])
    question["facts"]["merge_base"] = draw.choice(["", question["facts"]["merge_base"]])


_CHANGES: tuple[Callable[[random.Random, Written], None], ...] = (
    _other_path,
    _other_path,
    _on_the_way,
    _odd_mode,
    _irregular,
    _other_name,
    _other_name,
    _a_check,
    _everything_passed,
    _evidence,
    _refs,
    _people,
    _sizes,
    _found,
    _base,
)
