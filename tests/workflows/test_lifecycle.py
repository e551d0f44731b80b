"""The life of a workflow against fakes of its parts: what happens, in which order, and what it ends as."""

import asyncio
import os
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.workflows.parts import TASK, WORKFLOW, FakeRooms, World, parts
from workflows.failure import NotPossible, Refused, SandboxBroken, Unreachable
from workflows.lifecycle import run_workflow
from workflows.model import Ended, EndReason, Parts


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder with a path short enough for sockets."""
    with tempfile.TemporaryDirectory(prefix="wf-") as name:
        yield Path(name)


def live(world: World, folder: Path) -> Ended:
    """One workflow in that world."""

    async def one() -> Ended:
        async with parts(world, folder) as where:
            return await run_workflow(TASK, where, FakeRooms(world))

    return asyncio.run(one())


def test_a_workflow_goes_its_six_steps_in_order(folder: Path) -> None:
    """Task, token, channel, agent, end: and the agent is gone before the tokens are, and these before the channel."""
    world = World()
    world.agent_ends.set()
    assert live(world, folder) == Ended(WORKFLOW, EndReason.COMPLETED, 0)
    assert world.happened == [
        "prepared",
        "started",
        "opened",
        "agent",
        "stopped",
        "ended completed",
        "closed",
    ]
    assert world.asked == [
        {"role": "crash-tracker", "ttl_s": 60, "only": ["read:crash-reports"], "task": "count"}
    ]


def test_a_failing_agent_ends_it_as_failed(folder: Path) -> None:
    """The agent's own code is kept, and the issuer is told that it failed."""
    world = World(agent_code=7)
    world.agent_ends.set()
    assert live(world, folder) == Ended(WORKFLOW, EndReason.FAILED, 7)
    assert "ended failed" in world.happened


@pytest.mark.parametrize(
    ("reason", "ended"),
    [
        ("workflow_revoked", EndReason.REVOKED),
        ("revoked", EndReason.REVOKED),
        ("stopped", EndReason.REVOKED),
        ("workflow_timeout", EndReason.TIMEOUT),
        ("tokens_expired", EndReason.LEASE_LOST),
        ("gateway_stopped", EndReason.LEASE_LOST),
    ],
)
def test_a_closed_lease_stops_the_agent(folder: Path, reason: str, ended: EndReason) -> None:
    """When the gateway closes the channel the agent is stopped, and the reason is kept."""
    world = World(close_reason=reason)
    world.close_lease.set()
    assert live(world, folder).reason == ended
    assert world.happened[-2:] == ["stopped", f"ended {ended}"] or world.happened[-1] == f"ended {ended}"


def test_tokens_are_renewed_before_they_expire(folder: Path) -> None:
    """Tokens that live shorter than the workflow are asked for again and handed to the gateway."""
    world = World(token_lives_s=2)

    async def one() -> Ended:
        async with parts(world, folder) as where:
            living = asyncio.ensure_future(run_workflow(TASK, where, FakeRooms(world)))
            while world.happened.count("put") < 2:  # noqa: ASYNC110 - the fake only notes what happened
                await asyncio.sleep(0.02)
            world.agent_ends.set()
            return await living

    assert asyncio.run(one()).reason == EndReason.COMPLETED
    assert world.happened[4:8] == ["renewed", "put", "renewed", "put"]


def test_a_renewal_that_is_refused_ends_the_workflow(folder: Path) -> None:
    """409 from the issuer means that it has ended: the agent is stopped, and a person is told why."""
    world = World(
        token_lives_s=1, refuse_renewal=(409, {"code": "workflow_ended", "message": "It has ended."})
    )
    ended = live(world, folder)
    assert (ended.reason, ended.exit_code) == (EndReason.FAILED, None)
    assert "workflow_ended" in ended.note


PAUSED: dict[str, object] = {
    "code": "pdp_unavailable",
    "message": "Soon.",
    "reasons": [{"code": "pdp_unavailable", "message": "Soon.", "remedy": "Try again."}],
    "decision": "d-" + "a" * 26,
}
"""What the real issuer sends: a 503 has reasons and a decision like a denial, and is none."""


def test_a_renewal_that_fails_for_a_moment_is_tried_again(folder: Path) -> None:
    """503 is not the end: while a token lives the renewal is asked for again."""
    world = World(token_lives_s=1, refuse_renewal=(503, PAUSED))

    async def one() -> Ended:
        async with parts(world, folder) as where:
            living = asyncio.ensure_future(run_workflow(TASK, where, FakeRooms(world)))
            await asyncio.wait({living}, timeout=1.5)
            assert not living.done()
            world.refuse_renewal = None
            while "put" not in world.happened:  # noqa: ASYNC110
                await asyncio.sleep(0.02)
            world.agent_ends.set()
            return await living

    assert asyncio.run(one()).reason == EndReason.COMPLETED


def test_its_time_runs_out(folder: Path) -> None:
    """At the workflow's deadline the agent is stopped and the workflow ends as timeout."""
    world = World(lives_s=1)
    assert live(world, folder) == Ended(WORKFLOW, EndReason.TIMEOUT, None)
    assert "ended timeout" in world.happened


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_ends_it_properly(folder: Path, number: signal.Signals) -> None:
    """A signal stops the agent and ends the workflow; which one is kept, and afterwards it works as before."""
    world = World()
    before = signal.getsignal(number)

    async def one() -> Ended:
        async with parts(world, folder) as where:
            living = asyncio.ensure_future(run_workflow(TASK, where, FakeRooms(world)))
            while "agent" not in world.happened:  # noqa: ASYNC110
                await asyncio.sleep(0.02)
            os.kill(os.getpid(), number)
            return await living

    ended = asyncio.run(one())
    assert (ended.reason, ended.signal) == (EndReason.FAILED, number)
    assert world.happened[-3:] == ["stopped", "ended failed", "closed"]
    assert signal.getsignal(number) in {before, signal.SIG_DFL, signal.default_int_handler}


def test_policys_no_is_told_with_its_reasons(folder: Path) -> None:
    """403 carries reasons, remedies and the decision; no channel was opened and no agent started."""
    reason = {"code": "role_unknown", "message": "There is no role x.", "remedy": "Name a role."}
    document: dict[str, object] = {"code": "denied", "message": "No.", "reasons": [reason], "decision": "d-b"}
    world = World(refuse_start=(403, document))
    with pytest.raises(Refused) as refused:
        live(world, folder)
    assert refused.value.decision == "d-b"
    assert refused.value.why == "There is no role x. [role_unknown]"
    assert refused.value.remedy == "Name a role."
    assert world.happened == ["prepared"]


def test_a_gateway_that_opens_nothing_ends_the_workflow(folder: Path) -> None:
    """A refused channel is a clear failure, and the tokens that were issued are revoked."""
    world = World(refuse_channel=(409, {"code": "channel_open", "message": "It is open already."}))
    with pytest.raises(NotPossible) as refused:
        live(world, folder)
    assert refused.value.code == "channel_open"
    assert world.happened == ["prepared", "started", "ended failed"]


def test_a_sandbox_that_breaks_ends_the_workflow(folder: Path) -> None:
    """Where no room can be built, channel and workflow end, and the failure is passed on."""
    world = World(refuse_rooms=SandboxBroken("No.", "Why.", "Do."))
    with pytest.raises(SandboxBroken):
        live(world, folder)
    assert world.happened == ["prepared", "started", "opened", "ended failed", "closed"]


def test_an_issuer_that_cannot_be_told_does_not_hide_the_agents_result(folder: Path) -> None:
    """If ending fails the agent's code is passed on all the same, with a note; the lease still closes."""
    world = World(agent_code=0, refuse_end=(503, {"code": "log_unavailable", "message": "No log."}))
    world.agent_ends.set()
    ended = live(world, folder)
    assert (ended.exit_code, ended.reason) == (0, EndReason.COMPLETED)
    assert "log_unavailable" in ended.note
    assert world.happened[-1] == "closed"


def test_nothing_that_listens_is_said_plainly(folder: Path) -> None:
    """Without an issuer there is one clear failure that names the socket and the remedy."""
    where = Parts(folder / "issuer.sock", folder / "gateway.sock", folder)
    with pytest.raises(Unreachable) as gone:
        asyncio.run(run_workflow(TASK, where, FakeRooms(World())))
    assert str(folder / "issuer.sock") in gone.value.why
    assert "doorless up" in gone.value.remedy


def test_no_failure_and_no_repr_shows_a_token(folder: Path) -> None:
    """An answer that cannot be read is reported without its content: a token may stand in it."""
    world = World(refuse_start=(201, {"tokens": [{"token": "eyJ.canary"}]}))
    with pytest.raises(Unreachable) as unreadable:
        live(world, folder)
    assert "canary" not in str(unreadable.value)
