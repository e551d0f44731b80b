"""The corpus before the shipped policies: as pushes of one workflow with the article's role, all in one run of OPA."""

import json
import subprocess
from pathlib import Path
from typing import Any

import msgspec

from decision.change import ChangeFacts, Person
from decision.config import load_policies
from decision.document import read_document
from decision.model import Decision
from decision.question import ChangeQuestion
from tests.checks.corpus.build import NAMESPACE, WORKFLOW

POLICIES = Path(__file__).parents[3] / "policies"
_QUERY = (
    "tables := input.compiled; x := [answer | some asked in input.asked; "
    "answer := data.change.decision with input as asked with data.compiled as tables]"
)


def question(facts: ChangeFacts) -> ChangeQuestion:
    """May these facts be pushed?"""
    return ChangeQuestion(
        now=1_763_890_000,
        workflow=WORKFLOW,
        role="pr-creator",
        scope=("create-branch", "create-pr", "read"),
        service="code-repository",
        repository="acme/shop",
        action="create-branch",
        data="",
        via="push",
        identity=Person(name="Agent", email="agent@example.org"),
        namespace=NAMESPACE,
        facts=facts,
        findings=(),
        evidence={},
        require=(),
    )


def decide(opa: Path, questions: list[ChangeQuestion]) -> list[Decision]:
    """The decisions, in the order of the questions."""
    asked: dict[str, Any] = {
        "asked": [msgspec.to_builtins(each) for each in questions],
        "compiled": load_policies(POLICIES).compiled,
    }
    done = subprocess.run(
        [str(opa), "eval", "--data", str(POLICIES), "--stdin-input", "--format", "json", _QUERY],
        input=json.dumps(asked),
        capture_output=True,
        text=True,
        check=True,
    )
    answers = json.loads(done.stdout)["result"][0]["bindings"]["x"]
    return [read_document(json.dumps(answer).encode()) for answer in answers]
