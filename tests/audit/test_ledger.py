"""What entries must say about each other."""

import pytest

from audit.entry import Entry, EntryInvalid, document_digest
from audit.ledger import Ledger
from tests.audit.samples import decision, event, outcome, refusal


def enter_all(*entries: Entry) -> Ledger:
    """A ledger with these entries."""
    ledger = Ledger()
    for entry in entries:
        ledger.enter(entry)
    return ledger


def test_a_sound_story_is_counted() -> None:
    """Decisions, outcomes and events of a sound log are accepted and counted by kind."""
    ledger = enter_all(
        event(),
        decision(1),
        decision(2, decision="deny"),
        outcome(1),
        refusal(3),
        outcome(3, forwarded=False, status=400),
        decision(4, kind="token"),
        outcome(4, forwarded=False, result="issued"),
        decision(5),
    )
    assert ledger.types == {"event": 1, "decision": 5, "outcome": 3}
    assert ledger.decisions == {
        ("request", "allow"): 2,
        ("request", "deny"): 1,
        ("refusal", "deny"): 1,
        ("token", "allow"): 1,
    }
    assert ledger.outcomes == {"completed": 2, "issued": 1}
    assert ledger.open_intents == 1


@pytest.mark.parametrize(
    ("entries", "complaint"),
    [
        ((decision(2), outcome(1)), "no earlier entry decided"),
        ((decision(1), outcome(1), outcome(1)), "second outcome"),
        ((decision(1), decision(1)), "second decision"),
        ((decision(1), outcome(1), decision(1)), "second decision"),
        ((decision(1, decision="deny"), outcome(1)), "forwarded without a durable allow"),
        ((decision(1, decision="hold"), outcome(1)), "forwarded without a durable allow"),
        ((refusal(1), outcome(1)), "forwarded without a durable allow"),
        ((decision(1, kind="token"), outcome(1)), "forwarded without a durable allow"),
        (
            (decision(1, kind="token", decision="deny"), outcome(1, forwarded=False, result="issued")),
            "issued without a durable allow",
        ),
        ((decision(1), outcome(1, forwarded=False, result="issued")), "issued without a durable allow"),
        ((decision(1, input_sha256="0" * 64),), "not the digest of its input"),
    ],
)
def test_contradictions_are_named(entries: tuple[Entry, ...], complaint: str) -> None:
    """Each way in which entries can contradict each other is refused at the entry that does it."""
    *sound, wrong = entries
    ledger = enter_all(*sound)
    with pytest.raises(EntryInvalid, match=complaint):
        ledger.enter(wrong)


def test_a_right_input_digest_and_a_digest_alone_are_accepted() -> None:
    """The digest may stand beside its input, or alone where the input is kept elsewhere."""
    document = {"version": "1"}
    digest = document_digest(document)
    enter_all(decision(1, input=document, input_sha256=digest), decision(2, input=None, input_sha256=digest))
