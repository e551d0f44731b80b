"""Asking many questions: each answered in its place, whatever the others are."""

from pathlib import Path
from typing import Any

import msgspec
import pytest

from authoring.asking import MAX_BATCH, EngineLost, Question, engine, engine_of
from authoring.said import said_by
from decision.model import Decision, Deny, Source
from decision.question import encode_question
from tests.authoring.engines import end_opa
from tests.authoring.histories import kind_of, request, token
from tests.decision.questions import change

pytestmark = pytest.mark.anyio


def asked(question: Any) -> Question:
    """As it is asked."""
    return Question(kind_of(question), encode_question(question))


async def ask_all(opa: Path, policies: Path, questions: list[Question]) -> list[Decision]:
    """What these policies answer."""
    async with engine_of(opa, policies) as (running, _):
        return await running.ask(questions)


def is_no_answer(decision: Decision) -> bool:
    """Whether policy said nothing that could be followed."""
    return isinstance(decision, Deny) and decision.source is Source.GATEWAY


async def test_answers_stand_in_the_order_of_their_questions(opa: Path, policies: Path) -> None:
    """Calls, tokens and changes mixed, more calls than one evaluation takes: each answer is its question's own."""
    calls = [request(action="read" if number % 3 else "write") for number in range(MAX_BATCH + 20)]
    questions = [*map(asked, calls), asked(token()), *map(asked, calls[:4]), asked(change())]
    answers = [said_by(answer) for answer in await ask_all(opa, policies, questions)]
    expected = ["allow" if number % 3 else "deny" for number in range(MAX_BATCH + 20)]
    assert [answer.decision for answer in answers[: len(calls)]] == expected
    assert [answer.decision for answer in answers[len(calls) :]] == ["allow", *expected[:4], "deny"]
    assert answers[-1].rules[0].startswith("change.rules.")


async def test_one_question_that_spoils_an_evaluation_spoils_no_other(opa: Path, policies: Path) -> None:
    """A rule that conflicts on one call alone: the batch fails, asked again one by one only that call has no answer."""
    spoiled = policies / "request/rules/timeout_ms/timeout_ms.rego"
    text = spoiled.read_text()
    spoiled.write_text(
        text
        + '\n_torn := 1 if input.path == "/torn"\n\n_torn := 2 if input.path == "/torn"\n\nobligation contains _torn\n'
    )
    paths = ["/reports/1", "/torn", "/reports/2"]
    answers = await ask_all(opa, policies, [asked(request(path=path)) for path in paths])
    assert [is_no_answer(answer) for answer in answers] == [False, True, False]


async def test_a_bundle_that_opa_does_not_take_is_no_engine(opa: Path, tmp_path: Path) -> None:
    """An exception, and never an answer."""
    bundle = tmp_path / "broken.tar.gz"
    bundle.write_bytes(b"no bundle")
    with pytest.raises(EngineLost, match="ready"):
        async with engine(opa, bundle, processes=1):
            pass


async def test_an_engine_that_ends_says_so(opa: Path, policies: Path) -> None:
    """OPA is gone in the middle of the work: whoever asks hears it, and takes nothing for a denial."""
    async with engine_of(opa, policies, processes=1) as (running, bundle):
        assert len(bundle.revision) == 64
        assert not is_no_answer((await running.ask([asked(request())]))[0])
        end_opa(bundle.path)
        with pytest.raises(EngineLost):
            await running.ask([asked(request())])
        with pytest.raises(EngineLost):
            await running.ask([asked(request())] * 3)


async def test_a_document_that_is_no_question_has_an_answer_too(opa: Path, policies: Path) -> None:
    """Whatever stands in a log is asked as it stands: policy denies what is not described completely."""
    (answer,) = await ask_all(opa, policies, [Question("request", msgspec.json.encode({"now": 1}))])
    assert said_by(answer).rules[0] == "request.rules.input_incomplete"
