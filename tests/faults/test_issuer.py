"""The issuer killed and stopped: no call outlives its workflow, nothing begins without it, and it comes back."""

import signal
import time

import httpx

from tests.faults.load import account
from tests.faults.stack import Home, tokens_of
from tests.gateway.rig import Agent, Lease

ENOUGH = 2_000


def test_issuer_killed(home: Home) -> None:
    """A new issuer knows no workflow: every channel from before is closed, and new workflows run at once.

    Guard removed (its list of active workflows compared with no channel): calls of a workflow that nobody knew went on, 21,312 of them.
    """
    with home.load(16) as load:
        load.total(ENOUGH)
        killed = time.monotonic()
        home.signal(home.part("issuer"), signal.SIGKILL)
        load.wait(lambda: not load.agent.socket.exists(), "the end of the channel")
        closed = time.monotonic()
        load.wait(lambda: load.codes()["broken"], "the end of the connections")
    counted = account(load)
    print(counted, f"closed after {closed - killed:.2f} s")
    assert set(counted.refused) <= {"broken", "caller.workflow_ended"}
    assert not [s for s in load.seen if s.status == 200 and s.sent > closed]
    with home.load(16) as again:
        again.total(100)
    assert account(again).refused.total() == 0


def test_issuer_stopped(home: Home) -> None:
    """While the issuer is silent no channel opens, not even for good tokens; calls under way go on; then it opens.

    Guard removed (no keys where there should be a refusal): the tokens were called forged.
    """
    workflow = home.start_workflow()
    asked = {"workflow": workflow["workflow"], "tokens": tokens_of(workflow)}
    with home.load(16) as load:
        with home.stopped("issuer"):
            refused: httpx.Response = home.gateway("POST", "/channels", asked)
            assert (refused.status_code, refused.json()["code"]) == (503, "issuer_unavailable")
            load.total(ENOUGH)
        lease = Lease(home.run / "gateway.sock", asked["workflow"], asked["tokens"])
        agent = Agent(lease.opened)
        assert agent.get("/notes/notes?n=0").status == 200
        agent.close()
        lease.hang_up()
    assert account(load).refused.total() == 0
