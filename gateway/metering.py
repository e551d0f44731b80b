"""Calls to model providers are metered: what was spent is a fact for policy, and what each call took is in the log.

Only services with a model provider's shape are; an answer that breaks off counts what it said until then.
"""

from collections.abc import Iterable
from dataclasses import replace

import msgspec

from audit.entry import EventEntry
from decision.question import TokensSpent
from gateway.call import Call
from gateway.record import Recorder
from gateway.upstream import Answered
from gateway.usage import SHAPES, Meter, Spent, Usage

USAGE = "model.usage"


class Metering:
    """Counts for one gateway; what was spent before it started is told by the log."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder
        self._spent = Spent()

    def restore(self, events: Iterable[EventEntry]) -> None:
        """Count what the log tells of calls of the last day: a restart gives nobody a new budget."""
        for event in events:
            usage = Usage(int(event.detail["input_tokens"]), int(event.detail["output_tokens"]))
            self._spent.add(event.workflow, str(event.detail["role"]), usage, event.time // 1000)

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
            USAGE,
            question.workflow,
            decision=call.id,
            role=question.role,
            service=question.service,
            input_tokens=usage.input_tokens,
            output_tokens=usage.output_tokens,
        )
