"""The queue behind the answers: bounded, closed while nobody takes, and fair to changes."""

from decision.model import Allow, Decision, Deny, Reason, Terms, gateway_denial
from decision.question import ChangeQuestion, RequestQuestion
from gateway.shadow.counts import EXAMPLES, MOST_KINDS, OTHER, Counts
from gateway.shadow.queue import Answered, ShadowQueue
from tests.decision.questions import change, request

ALLOW = Allow(terms=Terms())


def denial(rule: str = "r") -> Deny:
    """A denial by policy."""
    return Deny(reasons=(Reason(code="c", message="m", remedy="r", rule=rule),))


def offer(queue: ShadowQueue, name: str, question: RequestQuestion | ChangeQuestion | None = None) -> None:
    """A question that was allowed."""
    queue.offer(name, question or request(), ALLOW, "r")


def names(taken: list[Answered]) -> list[str]:
    """Their decisions."""
    return [each.id for each in taken]


def test_nothing_is_kept_while_nobody_takes() -> None:
    """Before it is opened and after it is ended: else it would hold a gateway's last questions for ever."""
    queue = ShadowQueue()
    offer(queue, "before")
    assert len(queue) == 0
    queue.begin()
    offer(queue, "during")
    queue.end()
    assert (len(queue), queue.take(9)) == (0, [])


def test_what_does_not_fit_is_counted_and_gone() -> None:
    """The oldest stay; who offers never waits."""
    queue = ShadowQueue(most=2)
    queue.begin()
    for name in "abcd":
        offer(queue, name)
    assert (names(queue.take(9)), queue.skipped) == (["a", "b"], 2)
    queue.begin()
    assert queue.skipped == 0


def test_changes_are_taken_one_by_one() -> None:
    """OPA is asked many requests in one evaluation, and never a change among them."""
    queue = ShadowQueue()
    queue.begin()
    for name, question in (("a", None), ("b", None), ("c", change()), ("d", change()), ("e", None)):
        offer(queue, name, question)
    taken = [names(queue.take(9)) for _ in range(5)]
    assert taken == [["a", "b"], ["c"], ["d"], ["e"], []]


def test_what_the_gateway_decided_itself_is_not_asked() -> None:
    """A rate limit says nothing about a policy; it is counted apart."""
    queue = ShadowQueue()
    queue.begin()
    queue.offer("a", request(), gateway_denial("rate_limited", "m", "r"), "r")
    assert (len(queue), queue.not_compared) == (0, 1)


def counted(counts: Counts, name: str, live: Decision, candidate: Decision) -> int | None:
    """How many of its kind there have been, if it is a flip."""
    found = counts.count(Answered(name, request(), live, "r"), candidate)
    return None if found is None else found[1]


def test_flips_are_counted_by_kind_with_some_examples() -> None:
    """The rule is that of the answer which says no; agreement and errors are no flips."""
    counts = Counts()
    for number in range(EXAMPLES + 3):
        assert counted(counts, f"d-{number}", ALLOW, denial("new")) == number + 1
    assert counted(counts, "x", denial("old"), ALLOW) == 1
    assert counted(counts, "y", denial("old"), denial("new")) is None
    assert counted(counts, "z", ALLOW, gateway_denial("pdp_undefined", "m", "r")) is None
    shown = counts.shown()
    assert [(kind["rule"], kind["count"], len(kind["examples"])) for kind in shown["kinds"]] == [
        ("new", EXAMPLES + 3, EXAMPLES),
        ("old", 1, 1),
    ]
    assert (shown["asked"], shown["agreed"], shown["errors"]) == (EXAMPLES + 6, 1, {"pdp_undefined": 1})


def test_kinds_of_flips_are_bounded() -> None:
    """A candidate that names another rule each time takes no more memory than one that names a thousand."""
    counts = Counts()
    for number in range(MOST_KINDS + 50):
        counted(counts, "d", ALLOW, denial(f"rule-{number}"))
    kinds = counts.shown()["kinds"]
    assert len(kinds) == MOST_KINDS + 1
    assert (kinds[0]["rule"], kinds[0]["count"]) == (OTHER, 50)
