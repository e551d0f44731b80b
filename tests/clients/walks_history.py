"""Walks from refusals that rest on what the workflow had done before."""

from tests.clients.rig import ClientRig
from tests.clients.walks import allowed, refusal
from tests.gateway.rig import until

_BEGUN = b"POST /desk/letters HTTP/1.1\r\nHost: proxy\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n"


def write_after_sensitive_read(rig: ClientRig) -> str:
    """It goes on reading, and another workflow, which read none of it, writes."""
    agent = rig.agent("clerk")
    allowed(agent.get("/desk/people"))
    refused = agent.request("POST", "/desk/letters", b"{}")
    told = refusal(refused, "request.write_after_sensitive_read", "leave the writing to another workflow")
    assert "Go on reading here" in told
    allowed(agent.get("/desk/people"))
    return allowed(rig.agent("clerk").request("POST", "/desk/letters", b"{}"))


def sensitive_read_beside_write(rig: ClientRig) -> str:
    """Once the write is over, the same read passes."""
    agent = rig.agent("clerk")
    with agent.connect() as connection:
        connection.sendall(_BEGUN)
        until(lambda: rig.decisions(agent.workflow))
        refused = agent.get("/desk/people")
        refusal(
            refused, "request.sensitive_read_beside_write", "Wait until that call is over, then send this"
        )
        connection.sendall(b"0\r\n\r\n")
        assert connection.recv(4096).startswith(b"HTTP/1.1 200")
    until(lambda: [outcome for outcome in [rig.outcome(rig.decisions(agent.workflow)[0].id)] if outcome])
    return allowed(agent.get("/desk/people"))


def held_after_denials(rig: ClientRig) -> str:
    """Nobody is named who could approve the next call: it is left to a person."""
    agent = rig.agent("clerk")
    for _ in range(2):
        assert agent.request("DELETE", "/desk/people").status == 403
    refused = agent.get("/desk/people")
    refusal(refused, "request.held_after_denials", "Leave this step to a person")
    return "person"
