"""`issuer.workflows`: active, ended, expired; and what is forgotten."""

import re

import pytest

from issuer.workflows import ENDED_KEPT, Ending, Workflow, Workflows, workflow_id


def workflow(name: str = "a", *, started_at: int = 100, ttl_s: int = 60) -> Workflow:
    return Workflow(
        id=name, role="crash-tracker", only=(), task="", started_at=started_at, expires_at=started_at + ttl_s
    )


def table() -> tuple[Workflows, list[Workflow]]:
    ended: list[Workflow] = []
    return Workflows(on_end=ended.append), ended


def test_a_workflow_is_active_from_its_start_to_before_its_deadline() -> None:
    """The deadline needs no timer: at that second it does not count any more."""
    workflows, _ = table()
    workflows.start(workflow())
    assert workflows.is_active("a", 159)
    assert not workflows.is_active("a", 160)
    assert workflows.active(160) == []
    assert not workflows.is_active("b", 100)


def test_an_end_is_told_once_and_keeps_its_first_reason() -> None:
    """Ending again changes nothing and tells nobody."""
    workflows, told = table()
    workflows.start(workflow())
    assert workflows.end("a", Ending.COMPLETED) is not None
    assert workflows.end("a", Ending.FAILED) is None
    assert workflows.end("b", Ending.FAILED) is None
    assert [each.ended_reason for each in told] == [Ending.COMPLETED]
    found = workflows.find("a")
    assert found is not None
    assert found.ended_reason is Ending.COMPLETED
    assert not workflows.is_active("a", 100)


def test_everything_can_be_ended() -> None:
    """`end_all` ends each that is active, and only those."""
    workflows, told = table()
    for name in "abc":
        workflows.start(workflow(name))
    workflows.end("b", Ending.COMPLETED)
    assert [each.id for each in workflows.end_all(Ending.REVOKED)] == ["a", "c"]
    assert [each.id for each in told] == ["b", "a", "c"]
    assert workflows.end_all(Ending.REVOKED) == []


def test_what_is_past_its_time_expires() -> None:
    """`expire` ends those whose deadline has come and leaves the others."""
    workflows, told = table()
    workflows.start(workflow("short", ttl_s=10))
    workflows.start(workflow("long", ttl_s=100))
    assert workflows.expire(109) == []
    assert [each.id for each in workflows.expire(110)] == ["short"]
    assert [each.ended_reason for each in told] == [Ending.EXPIRED]
    assert [each.id for each in workflows.active(110)] == ["long"]


def test_old_ends_are_forgotten_and_never_active_again() -> None:
    """Memory stays bounded: beyond the limit the oldest end is unknown."""
    workflows, _ = table()
    for number in range(ENDED_KEPT + 1):
        workflows.start(workflow(str(number)))
        workflows.end(str(number), Ending.COMPLETED)
    assert len(workflows.all()) == ENDED_KEPT
    assert workflows.find("0") is None
    assert not workflows.is_active("0", 100)
    assert workflows.find("1") is not None


def test_an_id_is_twenty_letters_of_base32() -> None:
    """Ids have the form that tokens demand, differ with their randomness, and want enough of it."""
    assert re.fullmatch(r"wf-[a-z2-7]{20}", workflow_id(bytes(range(13))))
    assert workflow_id(bytes(13)) != workflow_id(bytes(12) + b"\xff")
    with pytest.raises(ValueError, match="random bytes"):
        workflow_id(b"few")
