"""Channels on real sockets: who may connect, what a lease holds, and what ends when it ends."""

import asyncio
import contextlib
import json
import os
import socket
import threading

import pytest

from tests.gateway.peers import FakeIssuer, Loop, Received
from tests.gateway.rig import Agent, Rig, until


def _closed_within_a_second(connection: socket.socket) -> bool:
    connection.settimeout(1.0)
    try:
        while connection.recv(4096):
            pass
    except ConnectionResetError:
        return True
    except TimeoutError:
        return False
    return True


def _endless(rig: Rig) -> None:
    """Let the upstream stream for ever, a line at a time."""

    async def stream(_request: Received, writer: asyncio.StreamWriter) -> None:
        writer.write(
            b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
        )
        while not writer.is_closing():
            writer.write(b"3\r\n:\n\n\r\n")
            await writer.drain()
            await asyncio.sleep(0.05)

    rig.upstream.answer = stream


def _streaming(agent: Agent) -> socket.socket:
    connection = agent.connect()
    connection.sendall(b"GET /notes/notes HTTP/1.1\r\nHost: proxy\r\n\r\n")
    while b":\n" not in connection.recv(4096):
        pass
    return connection


@pytest.mark.skipif(os.getuid() != 0, reason="an ordinary user has one uid: there is no stranger to play")
def test_a_strangers_uid_is_refused(rig: Rig) -> None:
    """A process with another uid than the channel's gets nothing, not even an answer."""
    agent = rig.agent()
    with socket.socket(socket.AF_UNIX) as stranger:  # this process is root, the channel is not root's
        stranger.connect(str(agent.socket))
        with contextlib.suppress(BrokenPipeError):
            stranger.sendall(b"GET /.doorless/self HTTP/1.1\r\nHost: proxy\r\n\r\n")
        assert _closed_within_a_second(stranger)
    assert agent.get("/.doorless/self").status == 200


def test_each_workflow_has_a_uid_and_a_socket_of_its_own(rig: Rig) -> None:
    """As root two open channels never share a uid; their sockets are for their uid alone."""
    first, second = rig.agent(), rig.agent()
    assert first.socket != second.socket
    mode = first.socket.stat()
    assert mode.st_mode & 0o777 == 0o600
    if os.getuid() == 0:
        assert mode.st_uid != second.socket.stat().st_uid


def test_losing_the_lease_closes_the_channel_and_ends_the_workflow(rig: Rig) -> None:
    """When the connection that opened the channel goes, the socket is gone and the issuer is told."""
    workflow = rig.new_workflow()
    rig.issuer.active.append(workflow)
    lease = rig.lease(workflow, rig.tokens(workflow))
    agent = Agent(lease.opened)
    assert agent.get("/notes/notes").status == 200
    connection = agent.connect()
    lease.hang_up()
    assert _closed_within_a_second(connection)
    until(lambda: not agent.socket.exists())
    until(lambda: (workflow, "lease_lost") in rig.issuer.told)
    assert rig.event("channel.closed", workflow).detail["reason"] == "lease_lost"
    agent.close()


def test_an_ended_workflow_is_cut_at_once_even_in_an_open_stream(rig: Rig) -> None:
    """The issuer's word of an end closes the channel within a second, streams included; the outcome says `cut`."""
    _endless(rig)
    agent = rig.agent()
    connection = _streaming(agent)
    rig.issuer.end(agent.workflow)
    assert _closed_within_a_second(connection)
    until(lambda: not agent.socket.exists())
    assert rig.outcome(rig.decisions(agent.workflow)[-1].id).result == "cut"


def test_an_issuer_that_forgot_everything_ends_everything(own_rig: Rig) -> None:
    """A restarted issuer knows no workflow, so that every channel from before closes."""
    agent = own_rig.agent()
    own_rig.issuer.forget_everything()
    until(lambda: not agent.socket.exists())


def test_tokens_that_are_not_renewed_end_the_channel(rig: Rig) -> None:
    """At the end of its last token the channel closes, open streams included."""
    _endless(rig)
    agent = rig.agent(ttl_s=2)
    connection = _streaming(agent)
    connection.settimeout(4.0)
    try:
        while connection.recv(4096):
            pass
    except ConnectionResetError:
        pass
    assert rig.event("channel.closed", agent.workflow).detail["reason"] == "tokens_expired"


def test_renewed_tokens_keep_the_channel(rig: Rig) -> None:
    """Fresh tokens for the same workflow move its end; tokens of another one are refused."""
    agent = rig.agent(ttl_s=3)
    fresh = rig.tokens(agent.workflow)
    answer = rig.admin.put(f"/channels/{agent.workflow}/tokens", json={"tokens": fresh})
    assert answer.status_code == 200
    foreign = rig.tokens(rig.new_workflow())
    refused = rig.admin.put(f"/channels/{agent.workflow}/tokens", json={"tokens": foreign})
    assert (refused.status_code, refused.json()["code"]) == (403, "tokens_disagree")
    other_role = rig.tokens(agent.workflow, "reader")
    changed = rig.admin.put(f"/channels/{agent.workflow}/tokens", json={"tokens": other_role})
    assert changed.json()["code"] == "tokens_disagree"
    [channel] = [c for c in rig.admin.get("/channels").json()["channels"] if c["workflow"] == agent.workflow]
    assert channel["expires_at"] > answer.json()["expires_at"] - 5


def test_only_tokens_that_verify_open_a_channel(rig: Rig, tmp_path_factory: pytest.TempPathFactory) -> None:
    """A token of another issuer's key, an expired one, none at all, or of two workflows open nothing."""
    loop = Loop()
    other = FakeIssuer(loop, tmp_path_factory.mktemp("other") / "i.sock")
    workflow = rig.new_workflow()
    forged = other.token(workflow, "notes", "read:notes", role="writer")
    other.close()
    loop.close()
    mixed = [rig.tokens(workflow)[0], rig.tokens(rig.new_workflow())[1]]
    cases = {"token_refused": [forged], "tokens_disagree": [], "body_invalid": None}
    for code, tokens in [*cases.items(), ("tokens_disagree", mixed)]:
        answer = rig.admin.post("/channels", json={"workflow": workflow, "tokens": tokens})
        assert answer.json()["code"] == code
    assert workflow not in {c["workflow"] for c in rig.admin.get("/channels").json()["channels"]}


def test_a_workflow_has_one_channel(rig: Rig) -> None:
    """A second channel for a workflow is refused, and the first one goes on."""
    agent = rig.agent()
    again = rig.admin.post(
        "/channels", json={"workflow": agent.workflow, "tokens": rig.tokens(agent.workflow)}
    )
    assert (again.status_code, again.json()["code"]) == (409, "channel_open")
    assert agent.get("/notes/notes").status == 200


def test_a_channel_that_is_closed_while_it_opens_leaves_nothing(rig: Rig) -> None:
    """Openings raced by closings: afterwards no folder and no listening socket is left of those that were closed."""
    for _ in range(20):
        workflow = rig.new_workflow()
        tokens = rig.tokens(workflow)
        closing = threading.Thread(target=lambda name=workflow: rig.admin.delete(f"/channels/{name}"))
        closing.start()
        with contextlib.suppress(AssertionError, StopIteration):
            rig.lease(workflow, tokens).hang_up()
        closing.join()
    until(lambda: rig.admin.get("/channels").json()["channels"] == [] or not rig.closing_folders())
    assert rig.closing_folders() == set()


def test_the_kill_switch_closes_everything(rig: Rig) -> None:
    """DELETE /channels closes every channel; requests on old connections are over."""
    agents = [rig.agent(), rig.agent()]
    connections = [agent.connect() for agent in agents]
    closed = set(rig.admin.delete("/channels").json()["closed"])
    assert {agent.workflow for agent in agents} <= closed
    assert all(_closed_within_a_second(connection) for connection in connections)
    assert rig.admin.get("/channels").json() == {"channels": []}


def test_a_lease_says_why_its_channel_closed(rig: Rig) -> None:
    """The holder of a lease reads the reason of a revocation as the last line."""
    workflow = rig.new_workflow()
    rig.issuer.active.append(workflow)
    lines = rig.open_lease(workflow, rig.tokens(workflow))
    assert json.loads(next(lines))["event"] == "opened"
    rig.admin.delete(f"/channels/{workflow}", params={"reason": "revoked"})
    assert json.loads(next(lines)) == {"event": "closed", "workflow": workflow, "reason": "revoked"}
