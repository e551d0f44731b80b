"""Reading answers: what a batch is, and that no bytes whatever raise."""

import json

import pytest
from hypothesis import given, strategies as st

from decision.document import read_answer, read_batch, read_document
from decision.model import Allow, Deny, RateLimit, Source
from tests.decision.fake_opa import denial, document
from tests.decision.questions import verdict


def _bytes(value: object) -> bytes:
    return json.dumps(value).encode()


def test_a_batch_in_order() -> None:
    """Documents come back in the order of the questions, whatever order the object has."""
    answer = _bytes({"result": {"1": denial("one"), "0": document(), "2": {"version": "9"}}})
    decisions = read_batch(200, answer, 4)
    assert isinstance(decisions, tuple)
    codes = [verdict(decision) for decision in decisions]
    assert codes == ["allow", "one", "decision_invalid", "pdp_undefined"]


@pytest.mark.parametrize(
    ("status", "answer", "code"),
    [
        (500, {}, "pdp_error"),
        (200, {}, "pdp_undefined"),
        (200, {"result": []}, "decision_invalid"),
        (200, {"result": {}, "warning": {}}, "pdp_error"),
    ],
)
def test_a_batch_that_failed_as_a_whole(status: int, answer: object, code: str) -> None:
    """An answer that says nothing of any question is one denial, not one for each."""
    decision = read_batch(status, _bytes(answer), 3)
    assert isinstance(decision, Deny)
    assert verdict(decision) == code


def test_limits_stand_on_denials() -> None:
    """A denial keeps its rate limits: attempts count."""
    limit = {"key": "role:reader", "limit": 30, "window_s": 60, "cost": 1}
    obligations = [{"id": "r", "type": "rate_limit", "properties": limit}]
    decision = read_document(_bytes(denial("request.x") | {"obligations": obligations}))
    assert isinstance(decision, Deny)
    assert decision.source is Source.POLICY
    assert decision.terms.rate_limits == (RateLimit("role:reader", 30, 60, 1),)


@pytest.mark.parametrize(
    "answer",
    [
        b'{"result":{"version":"\xff"}}',
        b"[" * 100_000,
        b'{"result":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        b'{"result":{"version":"1","allow":true,"reasons":[],"obligations":[],"hold":"\xff","cacheable_s":0}}',
    ],
)
def test_hostile_bytes_are_a_denial(answer: bytes) -> None:
    """Broken text and absurd nesting deny, alone and in a batch; they do not raise."""
    assert verdict(read_answer(200, answer)) == "decision_invalid"
    batch = read_batch(200, answer, 2)
    decisions = (batch,) if isinstance(batch, Deny) else batch
    assert all(isinstance(decision, Deny) for decision in decisions)


@given(st.binary(max_size=200))
def test_any_bytes_are_a_denial(answer: bytes) -> None:
    """No bytes raise, and none that are not a decision document allow."""
    assert not isinstance(read_answer(200, answer), Allow)
    assert not isinstance(read_document(answer), Allow)
