"""Tests of the wire form of changes."""

from typing import Any, get_args

import msgspec
import pytest

from decision.change import ChangeFacts, IrregularKind
from decision.question import ChangeQuestion, encode_question
from tests.decision.questions import change
from tests.policies.asking import POLICIES


def test_a_question_survives_the_wire() -> None:
    """What is encoded is decoded as the same value, so that two programs mean the same facts."""
    question = change()
    assert msgspec.json.decode(encode_question(question), type=ChangeQuestion) == question


@pytest.mark.parametrize("field", ChangeFacts.__struct_fields__)
def test_no_fact_may_be_left_out(field: str) -> None:
    """A description that lacks a list is no description of an empty one."""
    facts: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(change().facts))
    del facts[field]
    with pytest.raises(msgspec.ValidationError, match=field):
        msgspec.convert(facts, ChangeFacts, strict=True)


def test_nothing_is_proven_unless_somebody_proved_it() -> None:
    """The proofs for the meta-workflow's exception are false by default."""
    proofs = change().protected_change
    assert (proofs.grants_subset, proofs.new_deny_rule) == (False, False)


def test_rego_knows_every_kind_of_irregularity() -> None:
    """The kinds that `lib.facts` takes are those of the type."""
    rule = (POLICIES / "lib/facts/facts.rego").read_text()
    listed = rule[rule.index("_kinds := {") :]
    listed = listed[: listed.index("}")]
    assert set(listed.split('"')[1::2]) == set(get_args(IrregularKind))
