"""Asks the shipped policies as OPA would be asked, many questions in one run of it."""

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from decision.config import Configuration
from decision.document import read_document
from decision.model import Decision
from decision.output import EXAMPLE_SHA256, passing
from decision.question import RequestQuestion, TokenQuestion

POLICIES = Path(__file__).parents[2] / "policies"


@dataclass(frozen=True)
class Policy:
    """The shipped rules with the tables of one configuration."""

    opa: Path
    compiled: dict[str, Any]

    def calls(self, questions: list[RequestQuestion]) -> list[Decision]:
        """The decisions on calls, through the batch entry point."""
        documents = self._evaluate(
            "data.batch.request", {"calls": [msgspec.to_builtins(one) for one in questions]}
        )
        return [read_document(json.dumps(documents[str(place)]).encode()) for place in range(len(questions))]

    def token(self, question: TokenQuestion) -> Decision:
        """The decision on the tokens of one workflow."""
        return read_document(
            json.dumps(self._evaluate("data.token.decision", msgspec.to_builtins(question))).encode()
        )

    def _evaluate(self, query: str, document: dict[str, Any]) -> Any:
        # One stream holds the input and, through `with`, the tables: no file is written.
        expression = f"x := {query} with input as input.question with data.compiled as input.compiled"
        options = ["--ignore", "*_test.rego", "--stdin-input", "--format", "json"]
        arguments = [str(self.opa), "eval", "--data", str(POLICIES), *options, expression]
        stdin = json.dumps({"question": document, "compiled": self.compiled})
        done = subprocess.run(arguments, input=stdin, capture_output=True, text=True, check=True)
        return json.loads(done.stdout)["result"][0]["bindings"]["x"]


def every_call(configuration: Configuration) -> list[RequestQuestion]:
    """One call of each role on each route of each service, by a workflow with the whole of its role."""
    return [
        RequestQuestion(
            now=1_763_890_000,
            workflow="wf-1",
            role=role,
            scope=tuple(configuration.compiled["grants"][role].get(service.name, ())),
            service=service.name,
            route=route.id,
            action=route.action,
            data=route.data,
            method=route.method,
            path=route.path,
            params={},
            query="",
            body_bytes=0,
            content_type="",
            body_sha256=EXAMPLE_SHA256 if route.output else "",
            validation=passing(route.output),
        )
        for role in configuration.roles
        for service in configuration.catalogue.services.values()
        for route in service.routes
    ]
