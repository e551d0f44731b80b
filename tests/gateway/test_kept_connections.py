"""Kept connections to upstreams that close them: one allow is one call, and a safe one is not lost to a race."""

import asyncio
import re

from tests.gateway.peers import Conversation
from tests.gateway.rig import Agent, Answer, Rig

OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"
Reader = asyncio.StreamReader
Writer = asyncio.StreamWriter


def _ask(agent: Agent) -> Answer:
    return agent.request("GET", "/notes/notes")


def test_a_kept_connection_that_the_upstream_closed_is_no_error(rig: Rig) -> None:
    """An idle connection that was closed meanwhile is not used: the next call opens another one."""

    async def once(_head: bytes, _reader: Reader, writer: Writer) -> None:
        writer.write(OK)
        await writer.drain()

    rig.upstream.conversation = once
    agent = rig.agent()
    assert [_ask(agent).status for _ in range(5)] == [200] * 5
    assert rig.upstream.connections >= 4


def _serve_one_then_hang_up(counts: dict[str, int]) -> Conversation:
    """Answer the first request of a connection, read the second and close: what a race with an idle close looks like."""

    async def serve(head: bytes, reader: Reader, writer: Writer) -> None:
        for answer in (OK, b""):
            method = head.split(b" ", 1)[0].decode()
            counts[method] = counts.get(method, 0) + 1
            length = re.search(rb"(?i)content-length: (\d+)", head)
            await reader.readexactly(int(length[1]) if length is not None else 0)
            writer.write(answer)
            await writer.drain()
            head = await reader.readuntil(b"\r\n\r\n") if answer else b""

    return serve


def test_a_get_that_meets_a_closing_connection_is_sent_again(rig: Rig) -> None:
    """GET is safe and nothing of its answer came: once more, on a fresh connection, under the same decision.

    Without the second attempt every second GET here was 502.
    """
    counts: dict[str, int] = {}
    rig.upstream.conversation = _serve_one_then_hang_up(counts)
    agent = rig.agent()
    assert [_ask(agent).status for _ in range(4)] == [200] * 4
    assert len(rig.decisions(agent.workflow)) == 4


def test_what_changes_something_is_never_sent_twice(own_rig: Rig) -> None:
    """A call with an effect whose answer did not come may have had it: 502, and the upstream saw it once.

    aiohttp by itself sends PUT and DELETE again: one recorded allow, two calls.
    """
    methods = ("POST", "PUT", "DELETE")
    services = own_rig.policies / "services.yaml"
    routes = "".join(
        f"      {method.lower()}: {{method: {method}, path: /change, action: write, data: notes}}\n"
        for method in methods
    )
    services.write_text(
        services.read_text().replace("    routes:\n      list:", f"    routes:\n{routes}      list:", 1)
    )
    assert own_rig.admin.post("/policy/reload").status_code == 200
    counts: dict[str, int] = {}
    own_rig.upstream.conversation = _serve_one_then_hang_up(counts)
    agent = own_rig.agent()
    for method in methods:
        assert _ask(agent).status == 200
        assert agent.request(method, "/notes/change", b"x" if method != "DELETE" else None).status == 502
    assert {method: counts[method] for method in methods} == dict.fromkeys(methods, 1)


def test_an_upstream_that_always_hangs_up_sees_one_call_for_one_allow(rig: Rig) -> None:
    """On a fresh connection nothing raced: a GET without an answer is 502 and was sent once, as the log says."""
    heads: list[bytes] = []

    async def hang_up(head: bytes, _reader: Reader, _writer: Writer) -> None:
        heads.append(head)

    agent = rig.agent()
    rig.upstream.answer = OK.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")
    assert _ask(agent).status == 200  # no connection is kept
    rig.upstream.conversation = hang_up
    answer = _ask(agent)
    assert (answer.status, answer.json["code"]) == (502, "upstream.failed")
    assert len(heads) == 1
