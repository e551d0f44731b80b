"""Calls to model providers are metered: what was spent is a fact for policy, and what each call took is in the log.

Only services with a model provider's shape are; an answer that breaks off counts what it said until then.
"""

from dataclasses import replace

import msgspec

from decision.question import TokensSpent
from gateway.call import Call
from gateway.record import Recorder
from gateway.upstream import Answered
from gateway.usage import SHAPES, Meter, Spent

EVENT = "model.usage"


class Metering:
    """Counts for one gateway; the numbers begin at nothing when it starts."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder
        self._spent = Spent()

    def described(self, call: Call) -> Call:
        """The call with what its workflow and its role have spent among its facts."""
        if call.service.errors not in SHAPES:
            return call
        question = call.question
        spent = TokensSpent(
            workflow=self._spent.of_workflow(question.workflow),
            role_today=self._spent.of_role(question.role, question.now),
        )
        return replace(call, question=msgspec.structs.replace(question, tokens_spent=spent))

    def watched(self, call: Call, answer: Answered) -> tuple[Answered, Meter | None]:
        """The answer, read by a meter on its way where the call is one to a model."""
        if call.service.errors not in SHAPES:
            return answer, None
        kind = next((value for name, value in answer.headers if name.lower() == b"content-type"), b"")
        meter = Meter(streamed=kind.lower().startswith(b"text/event-stream"))
        return replace(answer, watch=meter.feed), meter

    def count(self, call: Call, meter: Meter | None) -> None:
        """The answer is over: what it took counts from here on, and is appended to the log without waiting."""
        usage = None if meter is None else meter.end()
        if usage is None:
            return
        question = call.question
        self._spent.add(question.workflow, question.role, usage, question.now)
        self._recorder.event_later(
            EVENT,
            question.workflow,
            decision=call.id,
            role=question.role,
            service=question.service,
            input_tokens=usage.input_tokens,
            output_tokens=usage.output_tokens,
        )
