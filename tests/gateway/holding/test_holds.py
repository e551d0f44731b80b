"""What persons said of held calls, and what of it counts."""

from dataclasses import replace

import pytest

from gateway.holding.holds import LONGEST_S, Approved, Hold, Holds, Opened, RefusedBy, State, Used, Voided

NOW = 1_000
OPENED = Opened(
    hold="h-1",
    at=NOW,
    digest="a" * 64,
    decision="d-1",
    workflow="wf-1",
    role="cleaner",
    service="telemetry",
    route="purge",
    target="DELETE /series/old",
    body_bytes=0,
    template="irreversible",
    approvers=("ada", "bob"),
    needed=1,
    expires_at=NOW + 600,
    revision="r1",
)


def opened(**changed: object) -> Holds:
    """One hold, with this changed."""
    holds = Holds()
    holds.take(replace(OPENED, **changed))  # type: ignore[arg-type]
    return holds


def yes(approver: str = "ada", at: int = NOW + 1) -> Approved:
    """That person's approval."""
    return Approved("h-1", at, approver, f"nonce-{approver}", "r1")


def known(holds: Holds) -> Hold:
    """The one hold."""
    hold = holds.get("h-1")
    assert hold is not None
    return hold


def test_a_hold_waits_until_as_many_said_yes_as_it_needs() -> None:
    """With four eyes the first yes changes nothing; counting to one let the call through after the first."""
    holds = opened(needed=2)
    holds.take(yes("ada"))
    assert known(holds).state(NOW + 2) is State.OPEN
    holds.take(yes("bob"))
    assert known(holds).state(NOW + 2) is State.APPROVED


def test_the_same_call_is_the_same_hold_until_it_is_over() -> None:
    """A repeated call finds its hold while that waits, is approved or was refused, and none after it was used."""
    holds = opened()
    assert holds.of_call("a" * 64, NOW) is known(holds)
    assert holds.of_call("b" * 64, NOW) is None
    holds.take(yes())
    assert holds.of_call("a" * 64, NOW + 2) is known(holds)
    holds.take(Used("h-1", NOW + 3, "d-2"))
    assert holds.of_call("a" * 64, NOW + 4) is None
    refused = opened()
    refused.take(RefusedBy("h-1", NOW + 1, "bob", "not now"))
    assert refused.of_call("a" * 64, NOW + 2) is known(refused)


def test_an_approval_is_used_once() -> None:
    """A second use is a log that cannot be; taking it in silence would be a second act on one yes."""
    holds = opened()
    holds.take(yes())
    holds.take(Used("h-1", NOW + 2, "d-2"))
    with pytest.raises(ValueError, match="used twice"):
        holds.take(Used("h-1", NOW + 3, "d-3"))


@pytest.mark.parametrize(
    ("after", "state"),
    [
        ([Used("h-1", NOW + 2, "d-2")], State.USED),
        ([Voided("h-1", NOW + 2, "policy_changed")], State.VOID),
        ([], State.APPROVED),
    ],
)
def test_an_approval_ends_with_its_use_or_its_cause(after: list[Used | Voided], state: State) -> None:
    """What was used or voided is not approved any more, and neither comes back by expiring."""
    holds = opened()
    holds.take(yes())
    for event in after:
        holds.take(event)
    assert known(holds).state(NOW + 3) is state
    assert known(holds).state(NOW + 600) is (State.EXPIRED if state is State.APPROVED else state)


@pytest.mark.parametrize(
    ("approver", "before", "at", "code"),
    [
        ("ada", [], NOW, None),
        ("mallory", [], NOW, "hold.not_an_approver"),
        ("ada", [], NOW + 600, "hold.expired"),
        ("ada", [yes("ada")], NOW + 2, "hold.approved"),
        ("bob", [RefusedBy("h-1", NOW + 1, "ada", "no")], NOW + 2, "hold.refused"),
        ("bob", [yes(), Used("h-1", NOW + 1, "d-2")], NOW + 2, "hold.used"),
        ("bob", [Voided("h-1", NOW + 1, "changed")], NOW + 2, "hold.void"),
    ],
)
def test_a_word_that_does_not_count_says_why(
    approver: str, before: list[Approved | RefusedBy | Used | Voided], at: int, code: str | None
) -> None:
    """Strangers, second words, and words on what is over have a code each; none of them changes anything."""
    holds = opened()
    for event in before:
        holds.take(event)
    assert holds.fault("h-1", approver, at) == code


def test_nobody_is_two_pairs_of_eyes() -> None:
    """The same person's second yes does not count as another's."""
    holds = opened(needed=2)
    holds.take(yes("ada"))
    assert holds.fault("h-1", "ada", NOW + 2) == "hold.approved_already"
    assert holds.fault("h-1", "bob", NOW + 2) is None
    assert holds.fault("h-2", "bob", NOW + 2) == "hold.unknown"


def test_what_expires_undecided_is_told_and_forgotten() -> None:
    """Each expired hold leaves once, and says whether anybody decided it, so that an alarm can be raised."""
    holds = opened()
    holds.take(replace(OPENED, hold="h-2", digest="b" * 64, expires_at=NOW + 300))
    holds.take(Approved("h-2", NOW + 1, "ada", "n", "r1"))
    assert holds.next_expiry == NOW + 300
    assert holds.expire(NOW + 299) == []
    assert [(hold.opened.hold, hold.undecided) for hold in holds.expire(NOW + 300)] == [("h-2", False)]
    assert [(hold.opened.hold, hold.undecided) for hold in holds.expire(NOW + 600)] == [("h-1", True)]
    assert len(holds) == 0
    assert holds.next_expiry is None
    assert holds.of_call("a" * 64, NOW + 600) is None


def test_a_forgotten_hold_does_not_take_its_successor_with_it() -> None:
    """The same call may be held again; when the first hold expires, the second is still found."""
    holds = opened()
    holds.take(Voided("h-1", NOW + 1, "policy_changed"))
    holds.take(replace(OPENED, hold="h-2", at=NOW + 2, expires_at=NOW + 900))
    holds.expire(NOW + 600)
    found = holds.of_call("a" * 64, NOW + 600)
    assert found is not None
    assert found.opened.hold == "h-2"


@pytest.mark.parametrize(
    "changed",
    [
        {"approvers": ()},
        {"needed": 3},
        {"needed": 0},
        {"expires_at": NOW},
        {"expires_at": NOW + LONGEST_S + 1},
    ],
)
def test_a_hold_that_could_never_be_approved_is_not_opened(changed: dict[str, object]) -> None:
    """Without approvers, or with fewer than it needs, or without a time, waiting would be for nothing."""
    with pytest.raises(ValueError, match="h-1"):
        opened(**changed)


def test_ten_thousand_holds_are_found_in_order() -> None:
    """Open holds are told oldest first, as many as there are."""
    holds = Holds()
    for number in range(10_000):
        holds.take(replace(OPENED, hold=f"h-{number}", digest=f"{number:064x}"))
    assert [hold.opened.hold for hold in holds.in_state(State.OPEN, NOW)][:3] == ["h-0", "h-1", "h-2"]
    assert len(holds) == 10_000
