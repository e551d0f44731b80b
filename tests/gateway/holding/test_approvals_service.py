"""Holds under pressure: persons who speak at the same moment, a log that fails, many of them, and time."""

import asyncio
import tracemalloc
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import pytest

from audit.entry import EventEntry
from audit.faults import LogUnavailable
from decision.model import Allow, Deny, Hold as HoldDecision, Reason, Terms
from gateway.body import RequestBody
from gateway.call import Call
from gateway.holding.approvals import Approvals
from gateway.holding.denials import MOST_OF_WORKFLOW
from gateway.holding.events import NAMES, detail_of, event_of
from gateway.holding.holds import Approved, Hold, Holds, Opened, RefusedBy, State, Used, Voided
from gateway.holding.means import Means, Unheard
from gateway.holding.standing import GrantTerms
from tests.decision.questions import request
from tests.gateway.holding.test_holds import OPENED

HELD = HoldDecision(
    reasons=(Reason(code="held", message="m", remedy="r", rule="r"),),
    template="irreversible",
    approvers=("ada", "bob"),
    expires_in_s=600,
)
NOBODY = replace(HELD, approvers=())


class FakeRecorder:
    """Keeps events in memory, one turn of the loop later; fails where it is told to, before or after its effect."""

    def __init__(self) -> None:
        self.events: list[EventEntry] = []
        self.fail_before: set[str] = set()
        self.fail_after: set[str] = set()

    async def event(self, event: str, workflow: str = "", **detail: str | int) -> None:
        """Record one."""
        await asyncio.sleep(0)
        if event in self.fail_before:
            raise LogUnavailable("the disk is full")
        self.event_later(event, workflow, **detail)
        if event in self.fail_after:
            raise LogUnavailable("no answer in time")

    def event_later(self, event: str, workflow: str = "", **detail: str | int) -> None:
        """Record one that nobody waits for."""
        self.events.append(EventEntry(time=1, event=event, workflow=workflow, detail=detail))

    def names(self) -> list[str]:
        """What was recorded."""
        return [event.event for event in self.events]


class World:
    """Approvals with a clock of their own."""

    def __init__(self, recorder: FakeRecorder | None = None) -> None:
        self.now = 1_000
        self.names = 0
        self.recorder = recorder or FakeRecorder()
        recorded: Any = self.recorder
        self.approvals = Approvals(recorded, Means(lambda: self.now, self._name, self._name))

    def _name(self) -> str:
        self.names += 1
        return f"h-{self.names}"

    async def call(
        self, name: str = "7", workflow: str = "wf-1", *, undoable: bool = False, role: str = "reader"
    ) -> Call:
        """A call, described; one that cannot be undone, unless it is said."""
        service: Any = type("Service", (), {"personal": False, "name": "notes"})
        question = request(path=f"/{name}", workflow=workflow, role=role, service="notes", route="list")
        call = Call("d-1", service, b"/", b"", (), question, irreversible=not undoable)
        return await self.approvals.described(call, empty(), "r1")

    async def hold(self, name: str = "7", held: HoldDecision = HELD, workflow: str = "wf-1") -> str:
        """A hold of that call."""
        call = await self.call(name, workflow)
        opened = await self.approvals.open(call, empty(), held, "r1")
        assert opened is not None
        return opened.hold


def empty() -> RequestBody:
    """No body."""

    async def nothing() -> dict[str, Any]:
        raise AssertionError("there is nothing to read")

    return RequestBody(nothing, 0)


def run(story: Callable[[], Awaitable[None]]) -> None:
    """Run a test's coroutine."""

    async def whole() -> None:
        await story()

    asyncio.run(whole())


def test_two_persons_at_the_same_moment_are_heard_one_after_the_other() -> None:
    """A yes and a no at once: one counts, the other hears why not, and the log holds one of them.

    Without the lock both were recorded, and who came last in memory won.
    """

    async def story() -> None:
        world = World()
        hold = await world.hold()
        said = await asyncio.gather(
            world.approvals.approve(hold, "ada", "r1"),
            world.approvals.approve(hold, "bob", "r1"),
            return_exceptions=True,
        )
        assert [type(one) for one in said] == [Hold, Unheard]
        assert str(said[1]) == "hold.approved"
        assert world.recorder.names() == ["hold.opened", "approval.given"]

    run(story)


@pytest.mark.parametrize("moment", ["fail_before", "fail_after"])
def test_a_yes_that_was_not_recorded_does_not_count(moment: str) -> None:
    """Whether the entry was lost or only its receipt: nothing is offered to policy, and the yes can be said again."""

    async def story() -> None:
        world = World()
        hold = await world.hold()
        setattr(world.recorder, moment, {"approval.given"})
        with pytest.raises(LogUnavailable):
            await world.approvals.approve(hold, "ada", "r1")
        assert (await world.call()).question.approval is None
        setattr(world.recorder, moment, set())
        await world.approvals.approve(hold, "ada", "r1")
        assert (await world.call()).question.approval is not None

    run(story)


@pytest.mark.parametrize("moment", ["fail_before", "fail_after"])
def test_a_use_that_was_not_recorded_is_spent_all_the_same(moment: str) -> None:
    """It may stand in the log: offering it again could make one yes two uses."""

    async def story() -> None:
        world = World()
        hold = await world.hold()
        await world.approvals.approve(hold, "ada", "r1")
        call = await world.call()
        setattr(world.recorder, moment, {"approval.used"})
        with pytest.raises(LogUnavailable):
            await world.approvals.settled(Allow(Terms()), call, "r1")
        assert (await world.call()).question.approval is None
        known = world.approvals.get(hold)
        assert known is not None
        assert world.approvals.state(known) is State.USED

    run(story)


def test_one_yes_is_offered_to_many_and_spent_by_one() -> None:
    """Twenty calls were shown the approval before the first of them spent it: the others are denied."""

    async def story() -> None:
        world = World()
        await world.approvals.approve(await world.hold(), "ada", "r1")
        calls = [await world.call() for _ in range(20)]
        settled = await asyncio.gather(
            *(world.approvals.settled(Allow(Terms()), call, "r1") for call in calls)
        )
        assert [type(one) for one in settled].count(Allow) == 1
        assert {one.reasons[0].code for one in settled if isinstance(one, Deny)} == {"hold.used"}
        assert world.recorder.names().count("approval.used") == 1

    run(story)


def test_an_approval_can_be_taken_back_until_it_is_used() -> None:
    """A no after a yes: the call is refused. After its use it is too late, and whoever says it hears so."""

    async def story() -> None:
        world = World()
        hold = await world.hold()
        await world.approvals.approve(hold, "ada", "r1")
        await world.approvals.refuse(hold, "bob", "on second thoughts")
        settled = await world.approvals.settled(HELD, await world.call(), "r1")
        assert isinstance(settled, Deny)
        assert settled.reasons[0].code == "hold.refused"
        other = await world.hold("8")
        await world.approvals.approve(other, "ada", "r1")
        spending = asyncio.create_task(world.approvals.settled(Allow(Terms()), await world.call("8"), "r1"))
        await asyncio.sleep(0)
        with pytest.raises(Unheard, match="used"):
            await world.approvals.refuse(other, "bob", "too late")
        assert isinstance(await spending, Allow)

    run(story)


def test_an_approval_ends_with_its_hold() -> None:
    """After its time it is neither offered nor remembered; what nobody decided is told as an event."""

    async def story() -> None:
        world = World()
        approved, forgotten = await world.hold("7"), await world.hold("8")
        await world.approvals.approve(approved, "ada", "r1")
        world.now += 600
        assert (await world.call()).question.approval is None
        with pytest.raises(Unheard, match="expired"):
            await world.approvals.approve(forgotten, "ada", "r1")
        world.approvals._expire()
        assert len(world.approvals) == 0
        (event,) = [event for event in world.recorder.events if event.event == "hold.expired_undecided"]
        assert event.detail == {"hold": forgotten, "told": 0}

    run(story)


def test_the_workflow_that_asks_cannot_fill_the_list() -> None:
    """A hundred calls of one workflow may wait; the next is denied, and another workflow's is not."""

    async def story() -> None:
        world = World()
        for number in range(MOST_OF_WORKFLOW):
            await world.hold(str(number))
        settled = await world.approvals.settled(HELD, await world.call("more"), "r1")
        assert isinstance(settled, Deny)
        assert settled.reasons[0].code == "hold.too_many"
        other = await world.call("more", workflow="wf-2")
        assert await world.approvals.settled(HELD, other, "r1") is HELD

    run(story)


def test_nobody_to_ask_is_no_hold() -> None:
    """Policy held it and names nobody: nothing is opened."""

    async def story() -> None:
        world = World()
        assert await world.approvals.open(await world.call(), empty(), NOBODY, "r1") is None
        assert world.recorder.names() == []

    run(story)


def test_ten_thousand_holds_take_under_fifty_megabytes() -> None:
    """They cost memory and nothing else: no task, one timer for all."""
    tracemalloc.start()
    try:
        holds = Holds()
        for number in range(10_000):
            opened = replace(
                OPENED, hold=f"h-{number:026}", digest=f"{number:064x}", decision=f"d-{number:026}"
            )
            holds.take(opened)
        assert tracemalloc.get_traced_memory()[0] < 50_000_000
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    "step",
    [
        OPENED,
        Approved("h-1", 1, "ada", "n", "r1"),
        RefusedBy("h-1", 1, "ada", "no"),
        Used("h-1", 1, "d-1"),
        Voided("h-1", 1, "policy_changed"),
    ],
)
def test_what_is_written_is_read_back_as_the_same_step(
    step: Opened | Approved | RefusedBy | Used | Voided,
) -> None:
    """A restart sees what this process saw."""
    entry = EventEntry(time=1, event=NAMES[type(step)], workflow=OPENED.workflow, detail=detail_of(step))
    assert event_of(entry) == step


def test_a_damaged_step_lets_nothing_through() -> None:
    """Steps that cannot follow, or lack a field, are left out; the rest still counts."""

    async def story() -> None:
        first = World()
        hold = await first.hold()
        await first.approvals.approve(hold, "ada", "r1")
        opened, given = first.recorder.events
        broken = EventEntry(time=1, event="hold.opened", workflow="wf-1", detail={"hold": "h-9"})
        orphan = EventEntry(
            time=1, event="approval.given", workflow="wf-1", detail={**given.detail, "hold": "h-8"}
        )
        second = World()
        second.approvals.restore([broken, orphan, opened, given, opened])
        assert len(second.approvals) == 1
        assert (await second.call()).question.approval is not None

    run(story)


TERMS = GrantTerms("output", "reader", "notes", "list", 600)


def test_a_standing_grant_is_a_fact_of_each_call_that_it_covers() -> None:
    """Narrow and for a time: another role, another route or a later moment has none of it."""

    async def story() -> None:
        world = World()
        grant = await world.approvals.granting.give(TERMS, "ada", "r1")
        approval = (await world.call(undoable=True)).question.approval
        assert approval is not None
        assert (approval.hold, approval.standing, approval.template) == (grant.grant, True, "output")
        assert (await world.call()).question.approval is None, "what cannot be undone"
        assert (await world.call(undoable=True, role="writer")).question.approval is None
        world.now += 600
        assert (await world.call(undoable=True)).question.approval is None

    run(story)


def test_a_standing_grant_is_used_again_until_it_is_taken_back() -> None:
    """Taken back between the answer and the act it lets nothing through any more."""

    async def story() -> None:
        world = World()
        grant = await world.approvals.granting.give(TERMS, "ada", "r1")
        for _ in range(2):
            call = await world.call(undoable=True)
            assert isinstance(await world.approvals.settled(Allow(Terms()), call, "r1"), Allow)
        await world.approvals.granting.revoke(grant.grant, "bob")
        settled = await world.approvals.settled(Allow(Terms()), call, "r1")
        assert isinstance(settled, Deny)
        assert settled.reasons[0].code == "grant.revoked"
        with pytest.raises(Unheard, match="unknown"):
            await world.approvals.granting.revoke(grant.grant, "bob")
        assert world.recorder.names() == ["grant.given", "grant.revoked"]

    run(story)


def test_a_standing_grant_outlives_its_gateway_and_not_its_end() -> None:
    """What the log tells stands again, and what was taken back does not."""

    async def story() -> None:
        first = World()
        kept = await first.approvals.granting.give(TERMS, "ada", "r1")
        gone = await first.approvals.granting.give(TERMS, "ada", "r1")
        await first.approvals.granting.revoke(gone.grant, "ada")
        second = World()
        second.approvals.restore(first.recorder.events)
        assert [grant.grant for grant in second.approvals.granting.all()] == [kept.grant]

    run(story)


def test_no_standing_grant_lasts_longer_than_a_restart_reads() -> None:
    """More than a day is refused before anything is recorded."""

    async def story() -> None:
        world = World()
        with pytest.raises(ValueError, match="86400"):
            await world.approvals.granting.give(replace_terms(for_s=86_401), "ada", "r1")
        assert world.recorder.names() == []

    run(story)


def replace_terms(for_s: int) -> GrantTerms:
    """The terms for another time."""
    return GrantTerms(TERMS.template, TERMS.role, TERMS.service, TERMS.route, for_s)
