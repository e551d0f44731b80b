"""What `doorless policy draft` does: find the refusal, draft the grant, prove it, and replay the role under it."""

import asyncio
from pathlib import Path

import msgspec

from authoring.asking import EngineLost
from authoring.candidate import candidate
from authoring.draft.draft import CannotDraft, Draft, draft
from authoring.draft.proof import NotRun, policy_test_of, prove, run_test
from authoring.draft.report import PolicyTest, Whole
from authoring.recorded import Apart, Recorded, recorded_decisions
from authoring.roles_text import CannotEdit
from decision.yaml_source import ConfigErrors
from doorless.home import Home
from doorless.log.reading import indexed, readable, unknown
from doorless.policy.folder import configuration_of
from doorless.policy.replay import find_pinned_opa, replay_home
from doorless.problem import Problem


def draft_from(home: Home, decision: str, since: str) -> Whole:
    """The draft for one recorded refusal, with all that was found out about it. Raises `Problem`."""
    refused = _refused(home, decision)
    configuration = configuration_of(home.policies)
    opa = find_pinned_opa()
    try:
        made = draft(configuration, refused)
        with candidate(home.policies, made.new_text, None) as folder:
            proof = asyncio.run(prove(opa, home.policies, folder, refused, made))
            if not made.diff:
                return Whole(decision, made, proof)
            test = _tested(opa, folder, refused, made) if proof.allowed else None
            return Whole(decision, made, proof, test, replay_home(home, folder, since, refused.role))
    except (CannotDraft, CannotEdit) as error:
        raise Problem(
            f"There is nothing to draft from {decision}.", f"{error}.", "`doorless policy explain` says more."
        ) from None
    except ConfigErrors as errors:
        raise Problem(
            "The policies cannot be used.", str(errors), "`doorless policy check` shows all."
        ) from None
    except EngineLost as error:
        raise Problem("OPA could not be asked.", str(error), "`doorless doctor` checks again.") from None


def _tested(opa: Path, folder: Path, refused: Recorded, made: Draft) -> PolicyTest:
    place, text = policy_test_of(refused, made)
    try:
        return PolicyTest(place, run_test(opa, folder, place, text))
    except NotRun as error:
        raise Problem(
            "The test of the draft did not pass, so the draft is not shown.",
            str(error),
            "That is a defect: report it with the decision's id.",
        ) from None


def _refused(home: Home, decision: str) -> Recorded:
    """The decision of this id. Raises `Problem`."""
    with indexed(home) as lookup:
        story = lookup.decision(decision)
    if story is None:
        raise unknown(decision)
    with readable():
        try:
            found = next(recorded_decisions(home.log, first=story.decision.seq), None)
        except msgspec.DecodeError as error:
            raise Problem("The log cannot be read.", str(error), "`doorless log verify` says more.") from None
    match found:
        case Recorded():
            return found
        case Apart(why=why):
            raise Problem(
                f"{decision} cannot be asked again.",
                f"It was {why}." if why.startswith(("refused", "decided")) else f"{why}.".capitalize(),
                "`doorless policy explain` says what can be known of it.",
            )
        case None:
            raise unknown(decision)
