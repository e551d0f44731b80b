"""What a model's answer says that it took, in every shape, and what is made of nonsense."""

import json
from typing import Any

import pytest

from gateway.usage import DAY_S, MOST_KEPT, Meter, Spent, Usage
from proof.vendors.minds import Saying
from proof.vendors.wire import Anthropic, Api, Gemini, OpenAI

SAID = Saying("a text that is streamed in several pieces", input_tokens=120, output_tokens=11)
APIS: list[Api] = [OpenAI(), Anthropic(), Gemini()]


def metered(body: bytes, *, streamed: bool, size: int = 7) -> Usage | None:
    """What is counted where the answer comes in pieces of this size."""
    meter = Meter(streamed=streamed)
    for at in range(0, len(body), size):
        meter.feed(body[at : at + size])
    return meter.end()


@pytest.mark.parametrize("api", APIS, ids=lambda api: type(api).__name__)
@pytest.mark.parametrize("size", [1, 7, 100_000])
def test_whole_and_streamed_answers_of_each_vendor(api: Api, size: int) -> None:
    """The same count, however the bytes are cut."""
    assert metered(json.dumps(api.whole("m", SAID)).encode(), streamed=False, size=size) == Usage(120, 11)
    assert metered(b"".join(api.events("m", SAID)), streamed=True, size=size) == Usage(120, 11)


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        ({"response": {"usage": {"input_tokens": 5, "output_tokens": 2}}}, Usage(5, 2)),
        ({"usage": {"input_tokens": 5, "cache_read_input_tokens": 90, "output_tokens": 2}}, Usage(95, 2)),
        (
            {"usageMetadata": {"promptTokenCount": 5, "candidatesTokenCount": 2, "thoughtsTokenCount": 40}},
            Usage(5, 42),
        ),
        ({"usage": None}, None),
        ({"usage": {"prompt_tokens": -5, "completion_tokens": "9"}}, None),
        ({"usage": {"prompt_tokens": True, "completion_tokens": 1e3}}, None),
        ({"usage": {"prompt_tokens": 10**30, "completion_tokens": 1}}, Usage(0, 1)),
        ({"usage": [1, 2]}, None),
        ([{"usage": {"prompt_tokens": 1}}], None),
        ({}, None),
    ],
)
def test_counts_are_whole_numbers_where_vendors_put_them(document: Any, expected: Usage | None) -> None:
    """Anything else counts nothing, and never less than nothing."""
    assert metered(json.dumps(document).encode(), streamed=False) == expected


def test_what_is_not_json_or_too_long_counts_nothing_and_stops_nothing() -> None:
    """A line that is not kept does not hide the next one."""
    assert metered(b"<html>usage", streamed=False) is None
    assert metered(b"[" * 100_000, streamed=False, size=1000) is None
    assert metered(b'{"usage": "' + b"x" * (MOST_KEPT + 10) + b'"}', streamed=False, size=65_536) is None
    long = b"data: usage " + b"x" * (2 * MOST_KEPT) + b"\n"
    good = b'data: {"usage": {"prompt_tokens": 3, "completion_tokens": 4}}\n\n'
    assert metered(long + good, streamed=True, size=65_536) == Usage(3, 4)


def test_what_is_spent_is_kept_by_workflow_and_by_role_and_day() -> None:
    """Another day begins at nothing for a role; a workflow has no days."""
    spent = Spent()
    spent.add("wf-1", "coder", Usage(10, 5), now=DAY_S * 3 + 1)
    spent.add("wf-2", "coder", Usage(1, 0), now=DAY_S * 3 + 2)
    assert (spent.of_workflow("wf-1"), spent.of_workflow("wf-2"), spent.of_workflow("wf-3")) == (15, 1, 0)
    assert (spent.of_role("coder", DAY_S * 3 + 9), spent.of_role("other", DAY_S * 3)) == (16, 0)
    assert spent.of_role("coder", DAY_S * 4) == 0
    spent.add("wf-1", "coder", Usage(2, 0), now=DAY_S * 4)
    assert (spent.of_role("coder", DAY_S * 4), spent.of_workflow("wf-1")) == (2, 17)
