"""Chapter `end`: a workflow ends; its channel is gone, and a copy of its token opens nothing."""

from pathlib import Path

import httpx

from doorless.demo.stage import Stage
from doorless.demo.teller import Shown, Step, Teller
from doorless.demo.waiting import wait_for

TITLE = "The end: a workflow ends, and a copy of its token is worth nothing"


def tell(stage: Stage, teller: Teller) -> None:
    """Be the orchestrator for once, and a thief with a copy of the token."""
    with _control(stage.home.issuer_socket) as issuer, _control(stage.home.gateway_socket) as gateway:
        asked = {"role": "crash-tracker", "ttl_s": 300, "only": [], "task": ""}
        workflow = issuer.post("/workflows", json=asked).json()
        token = workflow["tokens"][0]["token"]
        opening = {"workflow": workflow["workflow"], "tokens": [token]}
        with gateway.stream("POST", "/channels", json=opening) as lease:
            lines = lease.iter_lines()  # held: letting go of it would let go of the lease
            next(lines)
            socket = stage.home.run / "ch" / workflow["workflow"] / "gw.sock"
            teller.fact("a workflow has its channel: one unix socket", as_told=socket.is_socket())
            teller.step(_stolen(stage, token, "a thief with a copy of its token, while it lives", 200))
            issuer.delete(f"/workflows/{workflow['workflow']}", params={"reason": "completed"})
            teller.step(_stolen(stage, token, "the same copy, the moment the workflow has ended", 401))
            wait_for(lambda: not socket.exists())
            teller.fact("its channel is gone", as_told=not socket.exists())
    again = stage.entries()[-1].seq
    teller.fact(
        "the end stands in the log", as_told=_ended(stage, workflow["workflow"]), place=f"record {again}"
    )


def _stolen(stage: Stage, token: str, tried: str, expected: int) -> Step:
    """What the upstream says to a caller that is not the proxy."""
    stage.direct_calls += 1
    answer = httpx.get(
        f"{stage.at.crash}/reports?limit=1", headers={"Authorization": f"Bearer {token}"}, trust_env=False
    )
    code = "" if answer.status_code == 200 else f"upstream: {answer.json().get('code', answer.status_code)}"
    shown: Shown = "ALLOW" if answer.status_code == 200 else "DENY"
    return Step(tried, shown, code, "", answer.status_code == expected)


def _ended(stage: Stage, workflow: str) -> bool:
    return any(event.workflow == workflow for event in stage.events("workflow.ended"))


def _control(socket: Path) -> httpx.Client:
    transport = httpx.HTTPTransport(uds=str(socket))
    return httpx.Client(transport=transport, base_url="http://control", timeout=10)
