"""Calls to models through the gateway: what they took is in the log, and what was spent ends at the role's budget."""

import asyncio
import json
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from audit.entry import EventEntry
from gateway.metering import USAGE
from proof.vendors.minds import Saying
from proof.vendors.wire import OpenAI
from tests.gateway.peers import Received
from tests.gateway.rig import Rig, stop, until

SERVICES = """
services:
  model:
    upstream: http://127.0.0.1:{port}
    allow_loopback: true
    errors: openai
    credential: static-key
    routes:
      chat: {{method: POST, path: /chat/completions, action: infer}}
"""
ROLES = """
roles:
  thinker: {services: [model], actions: [infer], limits: {max_tokens_per_workflow: 250}}
  watched: {services: [model], actions: [infer], limits: {max_tokens_per_day: 200}}
"""
SAID = Saying("a text in pieces", input_tokens=100, output_tokens=25)


class ModelRig(Rig):
    """A gateway before a model that streams where it is asked to."""

    def _prepare(self) -> None:
        super()._prepare()
        (self.policies / "services.yaml").write_text(SERVICES.format(port=self.upstream.port))
        (self.policies / "roles.yaml").write_text(ROLES)

    def tokens(self, workflow: str, role: str = "thinker", ttl_s: int = 300) -> list[str]:
        """A token for the model."""
        return [self.issuer.token(workflow, "model", "infer", role=role, ttl_s=ttl_s)]

    def metered(self, workflow: str) -> list[tuple[str | int, ...]]:
        """What the log says that calls of a workflow took."""
        events = (entry for entry in self.entries() if isinstance(entry, EventEntry) and entry.event == USAGE)
        names = ("decision", "service", "input_tokens", "output_tokens")
        return [tuple(each.detail[name] for name in names) for each in events if each.workflow == workflow]


@pytest.fixture(scope="module")
def rig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ModelRig]:
    made = ModelRig(tmp_path_factory.mktemp("home"))
    made.upstream.answer = answer
    yield made
    made.close()


async def answer(request: Received, writer: asyncio.StreamWriter) -> None:
    """A completion, whole or streamed."""
    if json.loads(request.body)["stream"]:
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n")
        for event in OpenAI().events("m", SAID):
            writer.write(event)
            await writer.drain()
        writer.close()
        return
    body = json.dumps(OpenAI().whole("m", SAID)).encode()
    head = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n"
    writer.write(head % len(body) + body)


def body(*, stream: bool = False) -> bytes:
    """A question."""
    return json.dumps({"model": "m", "messages": [], "stream": stream}).encode()


@pytest.mark.parametrize("stream", [False, True])
def test_what_a_call_took_is_in_the_log(rig: ModelRig, stream: bool) -> None:
    """Whole or streamed, under its decision; the answer leaves as it came."""
    agent = rig.agent("thinker")
    got = agent.request("POST", "/model/chat/completions", body(stream=stream))
    assert got.status == 200
    assert b"usage" in got.body
    assert until(lambda: rig.metered(agent.workflow)) == [(got.decision, "model", 100, 25)]


def test_a_workflow_ends_at_its_budget(rig: ModelRig) -> None:
    """Two calls of 125 tokens are allowed under 250, and the third is denied and not made."""
    agent = rig.agent("thinker")
    before = len(rig.upstream.received)
    answers = [agent.request("POST", "/model/chat/completions", body()) for _ in range(3)]
    assert [each.status for each in answers] == [200, 200, 403]
    [reason] = answers[2].json["reasons"] if "reasons" in answers[2].json else [answers[2].json["error"]]
    assert reason["code"] == "request.token_budget"
    assert len(rig.upstream.received) - before == 2
    recorded = rig.decision(answers[2].decision)
    assert recorded.input is not None
    assert recorded.input["tokens_spent"] == {
        "workflow": 250,
        "role_today": recorded.input["tokens_spent"]["role_today"],
    }


def test_a_role_ends_at_its_day(rig: ModelRig) -> None:
    """Its workflows share it: starting anew gives no more."""
    statuses = [
        rig.agent("watched").request("POST", "/model/chat/completions", body()).status for _ in range(3)
    ]
    assert statuses == [200, 200, 403]


def test_a_restart_gives_nobody_a_new_budget(tmp_path: Path) -> None:
    """What the role spent today is counted from the log by the gateway that starts.

    Without `Metering.restore` the third call was allowed.
    """
    rig = ModelRig(tmp_path)
    rig.upstream.answer = answer
    try:
        for _ in range(2):
            agent = rig.agent("watched")
            assert agent.request("POST", "/model/chat/completions", body()).status == 200
            assert until(partial(rig.metered, agent.workflow))
        stop(rig.gateway)
        rig.gateway = rig.start_gateway()
        assert rig.agent("watched").request("POST", "/model/chat/completions", body()).status == 403
    finally:
        rig.close()
