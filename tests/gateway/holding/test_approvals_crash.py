"""What becomes of holds and approvals when the gateway is killed, at each point between a yes and its act."""

import asyncio
import os
import pwd
import signal
from collections.abc import Iterator

import pytest

from audit.entry import DecisionEntry, EventEntry, OutcomeEntry
from tests.gateway.peers import Received
from tests.gateway.rig import PEOPLE_KEY, Agent, Lease, Rig, stop, until

ME = pwd.getpwuid(os.getuid()).pw_name


@pytest.fixture(scope="module")
def rig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    """A gateway that a test may kill."""
    rig = Rig(tmp_path_factory.mktemp("home"))
    try:
        text = f"templates: {{irreversible: {{approvers: [{ME}], expires_in_s: 600}}}}\n"
        (rig.policies / "approvals.yaml").write_text(text)
        assert rig.admin.post("/policy/reload").status_code == 200
        yield rig
    finally:
        stop(rig.gateway)
        rig.close()


class Killable:
    """A workflow that comes back after its gateway was killed."""

    def __init__(self, rig: Rig) -> None:
        self.rig = rig
        self.workflow = rig.new_workflow()
        rig.issuer.active.append(self.workflow)
        self.connect()

    def connect(self) -> None:
        """A channel."""
        self.lease = Lease(self.rig.run / "gateway.sock", self.workflow, self.rig.tokens(self.workflow))
        self.agent = Agent(self.lease.opened)

    def kill_gateway(self) -> None:
        """As the kernel would, and start another one."""
        self.rig.gateway.send_signal(signal.SIGKILL)
        stop(self.rig.gateway)
        self.agent.close()
        self.lease.hang_up()
        self.rig.gateway = self.rig.start_gateway()
        self.connect()

    def purge(self) -> tuple[int, str]:
        """The status of a call that cannot be undone, and its hold."""
        answer = self.agent.request("DELETE", "/notes/notes/7")
        return answer.status, answer.headers.get("x-doorless-hold", "")

    def close(self) -> None:
        """Let go of both connections."""
        self.agent.close()
        self.lease.hang_up()


@pytest.fixture
def killable(rig: Rig) -> Iterator[Killable]:
    """A workflow of the rig."""
    killable = Killable(rig)
    yield killable
    killable.close()
    rig.upstream.reset()


def steps(rig: Rig, hold: str) -> list[str]:
    """What the log says of a hold."""
    return [e.event for e in rig.entries() if isinstance(e, EventEntry) and e.detail.get("hold") == hold]


def use_of(rig: Rig, hold: str) -> EventEntry:
    """The use of an approval."""
    return next(
        e
        for e in rig.entries()
        if isinstance(e, EventEntry) and e.event == "approval.used" and e.detail["hold"] == hold
    )


def approve(rig: Rig, hold: str) -> None:
    """A person's yes."""
    assert rig.admin.post(f"/holds/{hold}/approve").status_code == 200


def test_holds_and_approvals_outlive_the_gateway(rig: Rig, killable: Killable) -> None:
    """Killed after the approval and after its use: the yes still counts, once."""
    status, hold = killable.purge()
    assert status == 403
    approve(rig, hold)
    killable.kill_gateway()
    assert killable.purge()[0] == 200
    killable.kill_gateway()
    status, other = killable.purge()
    assert status == 403
    assert other not in {"", hold}
    assert steps(rig, hold) == ["hold.opened", "approval.given", "approval.used"]


def test_an_act_that_a_crash_cut_off_is_not_repeated(rig: Rig, killable: Killable) -> None:
    """Killed while the upstream has the call: the log holds its use and its decision and no outcome, and it is over."""
    arrived: list[bytes] = []

    async def never(request: Received, _: asyncio.StreamWriter) -> None:
        arrived.append(request.head)
        await asyncio.sleep(60)

    _, hold = killable.purge()
    approve(rig, hold)
    rig.upstream.answer = never
    with killable.agent.connect() as connection:
        connection.sendall(b"DELETE /notes/notes/7 HTTP/1.1\r\nHost: proxy\r\n\r\n")
        until(lambda: arrived)
        killable.kill_gateway()
    used = use_of(rig, hold)
    assert rig.decision(str(used.detail["decision"])).decision == "allow"
    assert not [
        e for e in rig.entries() if isinstance(e, OutcomeEntry) and e.decision == used.detail["decision"]
    ]
    status, other = killable.purge()
    assert (status, len(arrived)) == (403, 1)
    assert other != hold


def test_an_approval_whose_use_stands_alone_was_not_acted_on(rig: Rig, killable: Killable) -> None:
    """The writer stops before it can say that the use is durable: not done, and spent, in this process and the next.

    Left unspent, the approval was used a second time: the log then held two uses of one yes.
    """
    before = len(rig.upstream.received)
    _, hold = killable.purge()
    approve(rig, hold)
    rig.audit.send_signal(signal.SIGSTOP)
    try:
        assert killable.purge()[0] == 503
    finally:
        rig.audit.send_signal(signal.SIGCONT)
    until(lambda: "approval.used" in steps(rig, hold))
    used = use_of(rig, hold)
    assert not [e for e in rig.entries() if isinstance(e, DecisionEntry) and e.id == used.detail["decision"]]
    status, other = killable.purge()
    assert (status, other == hold) == (403, False)
    killable.kill_gateway()
    assert killable.purge() == (403, other)
    assert len(rig.upstream.received) == before


def test_a_workflow_that_ended_leaves_nothing_to_approve(rig: Rig, killable: Killable) -> None:
    """Nobody will repeat its calls: its holds are void, and the log says why."""
    _, hold = killable.purge()
    killable.lease.hang_up()
    until(lambda: steps(rig, hold)[-1] == "approval.void")
    answer = rig.admin.post(f"/holds/{hold}/approve")
    assert (answer.status_code, answer.json()["code"]) == (409, "hold.void")
    assert rig.admin.get("/holds").json() == {"count": 0, "holds": []}


def test_a_persons_approval_makes_the_call_without_its_agent(rig: Rig, killable: Killable) -> None:
    """Held, the agent gone, the gateway killed: approving makes the kept call, as that person, once.

    With the agents' credential in place of the people's one, or the body not kept, the upstream saw another call.
    """
    answer = killable.agent.request("PUT", "/notes/notes/7/merge", b'{"sha": "abc"}', {"content-type": "a/b"})
    hold = answer.headers["x-doorless-hold"]
    killable.lease.hang_up()
    killable.kill_gateway()
    rig.upstream.reset()
    said = rig.admin.post(f"/holds/{hold}/approve").json()
    assert said["performed"]["status"] == 200
    assert said["state"] == "used"
    (received,) = rig.upstream.received
    assert received.head.startswith(b"PUT /notes/7/merge HTTP/1.1\r\n")
    assert received.headers[b"x-people-key"] == PEOPLE_KEY.encode()
    assert b"authorization" not in received.headers
    assert received.headers[b"content-type"] == b"a/b"
    assert received.body == b'{"sha": "abc"}'
    decision = rig.decision(said["performed"]["decision"])
    assert decision.input is not None
    assert decision.input["performed_by"] == ME
    assert rig.outcome(decision.id).result == "completed"
    assert rig.admin.post(f"/holds/{hold}/approve").json()["code"] == "hold.used"
    assert len(rig.upstream.received) == 1


def test_no_agent_makes_a_call_that_people_make(rig: Rig, killable: Killable) -> None:
    """While its approval waits to be carried out, the agent's own repetition is held like the first."""
    rig.upstream.reset()

    def ask() -> str:
        return killable.agent.request("PUT", "/notes/notes/8/merge").headers["x-doorless-hold"]

    hold = ask()
    rig.audit.send_signal(signal.SIGSTOP)  # the approval reaches the log, and its use does not
    try:
        assert rig.admin.post(f"/holds/{hold}/approve").status_code == 503
    finally:
        rig.audit.send_signal(signal.SIGCONT)
    until(lambda: "approval.given" in steps(rig, hold))
    killable.kill_gateway()
    assert ask() == hold
    assert not rig.upstream.received
    said = rig.admin.post(f"/holds/{hold}/approve").json()
    assert said["performed"]["result"] == "completed"
    assert len(rig.upstream.received) == 1
    assert ask() != hold
