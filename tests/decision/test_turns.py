"""Who is asked next: workflows take turns."""

from decision.turns import Turns


def _drained(turns: Turns[str]) -> list[str]:
    taken = []
    while turns:
        following = turns.first()
        taken.append(turns.take())
        assert taken[-1] == following
    return taken


def test_workflows_take_turns() -> None:
    """One each, round after round, in each workflow's own order. In one line b1 came after all of a's."""
    turns = Turns[str]()
    for item in ("a1", "a2", "a3", "b1", "c1", "c2"):
        turns.add(item[0], item)
    assert _drained(turns) == ["a1", "b1", "c1", "a2", "c2", "a3"]


def test_what_is_put_first_comes_first_and_keeps_its_order() -> None:
    """Items put back in reverse come again as they came, before whatever waits."""
    turns = Turns[str]()
    for item in ("a9", "b9"):
        turns.add(item[0], item)
    for item in ("b1", "a1"):
        turns.add_first(item[0], item)
    assert _drained(turns) == ["a1", "b1", "a9", "b9"]


def test_all_can_be_taken_at_once() -> None:
    """Everything that waits is given back, and nothing waits then."""
    turns = Turns[str]()
    for item in ("a1", "b1", "a2"):
        turns.add(item[0], item)
    assert sorted(turns.take_all()) == ["a1", "a2", "b1"]
    assert not turns
