"""Whether a draft does what it says: the real OPA is asked the recorded question under it, and its test is run.

Nothing is taken from the draft's own reasoning: what it comes to is what OPA answers.
"""

import json
import re
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import msgspec

from authoring.asking import Question, engine_of
from authoring.draft.draft import Draft
from authoring.recorded import Recorded
from authoring.replay.today import in_todays_form
from authoring.said import Said, said_by

_WITHIN_S: Final = 60
_BY_NAME: Final = ("grants", "roles", "body_limits")
_BY_SERVICE: Final = ("routes", "services", "git")


class NotRun(Exception):
    """OPA did not run the test of a draft; the text says why."""


@dataclass(frozen=True, slots=True)
class Proof:
    """What policy says of the recorded call."""

    today: Said
    """Under the policies as they are."""
    then: Said
    """With the draft."""
    with_token: Said
    """With the draft, in a workflow that is started then: its token holds what the role has."""

    @property
    def allowed(self) -> bool:
        """Whether the draft allows the call to whoever starts then."""
        return self.with_token.decision == "allow"


async def prove(opa: Path, policies: Path, candidate: Path, refused: Recorded, made: Draft) -> Proof:
    """Ask the policies and the candidate, which has the draft applied. Raises `ConfigErrors`, `EngineLost`."""
    document = in_todays_form(refused.kind, refused.document) or refused.document
    question = Question(refused.kind, document)
    started = Question(refused.kind, msgspec.json.encode(_started(document, made)))
    async with engine_of(opa, policies, 1) as (now, _), engine_of(opa, candidate, 1) as (after, _):
        [today] = await now.ask([question])
        then, with_token = await after.ask([question, started])
    return Proof(said_by(today), said_by(then), said_by(with_token))


def policy_test_of(refused: Recorded, made: Draft) -> tuple[str, str]:
    """A policy test that holds with the draft and not without it: its place below `policies/`, and its text."""
    name = re.sub(r"[^a-z0-9]+", "_", f"{made.role}_{made.word}_{made.service}".lower()).strip("_")
    document = in_todays_form(refused.kind, refused.document) or refused.document
    where = [["grants", made.role, made.service, made.word]]
    text = _TEST.format(
        package=f"{made.kind}.grants.{name}_test",
        kind=made.kind,
        title=f"The role {made.role} may {made.word} on {made.service}",
        question=_json(_started(document, made)),
        tables=_json(_tables(made)),
        path=_json(where),
    )
    return f"{made.kind}/grants/{name}/{name}_test.rego", text


def run_test(opa: Path, candidate: Path, place: str, text: str) -> str:
    """The test as `opa fmt` writes it, after it passed beside the candidate. Raises `NotRun`."""
    with tempfile.TemporaryDirectory(prefix="doorless-draft-") as made:
        file = Path(made, Path(place).name)
        file.write_text(text, encoding="utf-8")
        formatted = _opa([str(opa), "fmt", str(file)])
        file.write_text(formatted, encoding="utf-8")
        area = place.split("/", 1)[0]
        served = [str(candidate / part) for part in (area, "lib")]
        told = _opa([str(opa), "test", "--run", f"data.{area}.grants", *served, str(file)])
    if not told.startswith("PASS"):
        raise NotRun(f"no test ran: {told}")
    return formatted


_TEST = """# METADATA
# title: {title}
package {package}

import data.{kind}

_question := {question}

_tables := {tables}

test_allowed_by_the_grant if {{
	{kind}.decision.allow == true with input as _question with data.compiled as _tables
}}

test_refused_without_it if {{
	{kind}.decision.allow == false with input as _question with data.compiled as json.remove(_tables, {path})
}}

test_refused_to_another_role if {{
	{kind}.decision.allow == false with input as object.union(_question, {{"role": "another"}}) with data.compiled as _tables
}}
"""


def _started(document: bytes, made: Draft) -> dict[str, Any]:
    """The question as a workflow would ask it that is started with the draft in force."""
    asked: dict[str, Any] = msgspec.json.decode(document)
    return {**asked, "scope": sorted({*asked["scope"], made.word})}


def _tables(made: Draft) -> Mapping[str, Any]:
    """The tables as far as they bear on this role and this service."""
    every = made.configuration.compiled
    found = {**every}
    for table in _BY_NAME:
        found[table] = {name: of for name, of in every[table].items() if name == made.role}
    for table in _BY_SERVICE:
        found[table] = {name: of for name, of in every[table].items() if name == made.service}
    for table in ("grants", "body_limits"):
        found[table] = {
            role: {name: of for name, of in services.items() if name == made.service}
            for role, services in found[table].items()
        }
    if made.kind == "request":
        found.pop("protected", None)
    return found


def _json(value: Any) -> str:
    """As Rego reads it too; what an agent wrote comes out in letters that do nothing to a terminal."""
    return json.dumps(value)


def _opa(argv: list[str]) -> str:
    try:
        done = subprocess.run(argv, capture_output=True, text=True, timeout=_WITHIN_S, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise NotRun(f"OPA could not be run: {error}") from None
    if done.returncode:
        raise NotRun(f"{done.stdout}{done.stderr}".strip())
    return done.stdout
