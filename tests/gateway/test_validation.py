"""What takes effect is validated first: on a route that names an output nothing else gets through, whatever is tried.

The checks are real but for their jury, which says what a test tells it.
"""

import gzip
import hashlib
import json
import os
import pwd
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from checks.outputs import OutputSchemas, Said
from checks.validate import JuryResult, JuryState
from checks.validate_api import ValidateApi
from tests.gateway.rig import Agent, Answer, Rig, until

PULL = {"base": "main", "head": "agent/wf-a/fix", "title": "Fix the crash", "body": "It crashed.\n"}
REPORT = {"title": "Crashes", "summary": "Two.", "findings": []}
SERVICES = """
services:
  forge:
    upstream: http://127.0.0.1:{port}
    allow_loopback: true
    limits: {{max_body_bytes: 5000000}}
    routes:
      propose: {{method: POST, path: "/repos/{{owner}}/{{repo}}/pulls", action: propose, output: create-pr}}
      hand-in: {{method: POST, path: /reports, action: report, output: report}}
"""
ROLES = """
roles:
  proposer: {services: [forge], actions: [propose, report]}
  reporter: {services: [forge], actions: [report]}
"""
APPROVER = pwd.getpwuid(os.getuid()).pw_name
APPROVALS = f"templates:\n  output: {{ approvers: [{APPROVER}], needed: 1, expires_in_s: 60 }}\n"


class OutputRig(Rig):
    """A gateway whose checks validate, with a jury that says `says`; `asked` is what it was shown."""

    def _prepare(self) -> None:
        super()._prepare()
        (self.policies / "services.yaml").write_text(SERVICES.format(port=self.upstream.port))
        (self.policies / "roles.yaml").write_text(ROLES)
        (self.policies / "approvals.yaml").write_text(APPROVALS)
        self.says: JuryState = "passed"
        self.asked: list[tuple[bytes, Said]] = []
        self.lie: dict[str, Any] | None = None
        self._api = ValidateApi(OutputSchemas(), None, self._jury)
        self.serve_checks()

    async def _jury(self, output: bytes, said: Said) -> JuryResult:
        self.asked.append((output, said))
        return JuryResult(state=self.says)

    async def _answer(self, request: Request) -> Response:
        return JSONResponse(self.lie) if self.lie is not None else await self._api.validate(request)

    def serve_checks(self) -> None:
        """Answer as the checks."""
        app = Starlette(routes=[Route("/validate", self._answer, methods=["POST"])])
        socket = str(self.run / "checks.sock")
        config = uvicorn.Config(app, uds=socket, log_level="critical", lifespan="off", ws="none")
        self._checks = _Quiet(config)
        self._serving = self.loop.loop.create_task
        self.loop.run(self._start_checks())
        assert until(Path(socket).exists)
        self._open.callback(self.stop_checks)

    async def _start_checks(self) -> None:
        self._serving_task = self.loop.loop.create_task(self._checks.serve())

    def stop_checks(self) -> None:
        """Answer no more."""
        self._checks.should_exit = True
        self.loop.run(_ended(self._serving_task))
        (self.run / "checks.sock").unlink(missing_ok=True)

    def tokens(self, workflow: str, role: str = "proposer", ttl_s: int = 300) -> list[str]:
        """A token for the forge."""
        words = {"proposer": ("propose", "report"), "reporter": ("report",)}[role]
        return [self.issuer.token(workflow, "forge", *words, role=role, ttl_s=ttl_s)]


class _Quiet(uvicorn.Server):
    def install_signal_handlers(self) -> None:
        """None: it does not run in the main thread."""


async def _ended(task: Any) -> None:
    await task


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OutputRig]:
    """One rig for all."""
    made = OutputRig(tmp_path_factory.mktemp("home"))
    yield made
    made.close()


@pytest.fixture
def rig(shared: OutputRig) -> OutputRig:
    """The rig as if nothing had happened yet."""
    shared.upstream.reset()
    shared.asked.clear()
    shared.says, shared.lie = "passed", None
    return shared


def propose(agent: Agent, document: Any, **headers: str) -> Answer:
    """Open a pull request with this body."""
    body = document if isinstance(document, bytes) else json.dumps(document).encode()
    return agent.request("POST", "/forge/repos/acme/shop/pulls", body, headers)


def codes(answer: Answer) -> set[str]:
    """The reasons of a refusal."""
    return {reason["code"] for reason in answer.json["reasons"]}


def test_what_passed_is_forwarded_as_it_was_looked_at(rig: OutputRig) -> None:
    """Byte for byte, under a decision that holds its digest and what was found out about it."""
    body = json.dumps(PULL, indent=3).encode() + b"\n\n"
    answer = propose(rig.agent("proposer"), body)
    assert answer.status == 200
    assert [each.body for each in rig.upstream.received] == [body]
    recorded = rig.decision(answer.decision)
    assert recorded.input is not None
    assert recorded.input["body_sha256"] == hashlib.sha256(body).hexdigest()
    expected = {"type": "create-pr", "schema": "passed", "jury": "passed", "problems": []}
    assert recorded.input["validation"] == expected
    assert rig.asked == [(body, Said("create-pr", {"repository": "acme/shop"}))]


def test_what_has_no_consequences_is_shown_to_no_jury(rig: OutputRig) -> None:
    """A report needs its schema alone."""
    answer = rig.agent("reporter").request("POST", "/forge/reports", json.dumps(REPORT).encode())
    assert (answer.status, rig.asked) == (200, [])


@pytest.mark.parametrize(
    ("body", "named"),
    [
        ({**PULL, "title": ""}, "/title"),
        ({**PULL, "type": "report"}, "/type"),
        ({**PULL, "repository": "acme/other"}, "/repository"),
        ({**PULL, "merged": True}, "additionalProperties"),
        (b"", "JSON"),
        (b"{", "JSON"),
        (b"\xff\xfe", "UTF-8"),
        (b'{"title": "a", "title": "b"}', "JSON"),
    ],
)
def test_what_its_schema_refuses_goes_nowhere(rig: OutputRig, body: Any, named: str) -> None:
    """The refusal says where it is wrong, and no model was asked."""
    answer = propose(rig.agent("proposer"), body)
    assert (answer.status, codes(answer)) == (403, {"request.output_invalid"})
    assert named in answer.json["reasons"][0]["message"]
    assert (rig.upstream.received, rig.asked) == ([], [])


@pytest.mark.parametrize(
    ("says", "expected"),
    [
        ("veto", "request.output_vetoed"),
        ("no_verdict", "request.output_undecided"),
        ("not_configured", "request.output_undecided"),
        ("absent", "request.output_not_judged"),
    ],
)
def test_without_the_jurys_pass_it_goes_nowhere(rig: OutputRig, says: JuryState, expected: str) -> None:
    """A veto is a denial, no verdict is for a person, and a jury that was not asked is no yes."""
    rig.says = says
    answer = propose(rig.agent("proposer"), PULL)
    assert (answer.status, codes(answer), rig.upstream.received) == (403, {expected}, [])
    recorded = rig.decision(answer.decision)
    assert recorded.decision == ("hold" if says in {"no_verdict", "not_configured"} else "deny")


def test_what_the_jury_leaves_open_a_person_decides_once(rig: OutputRig) -> None:
    """Approved, this very body goes through once; another one, and the same once more, wait again."""
    rig.says = "no_verdict"
    agent = rig.agent("proposer")
    held = propose(agent, PULL).json["hold"]["id"]
    rig.admin.post(f"/holds/{held}/approve", json={"reason": "read it"}).raise_for_status()
    assert propose(agent, {**PULL, "title": "Fix something else"}).status == 403
    assert propose(agent, PULL).status == 200
    assert [json.loads(each.body) for each in rig.upstream.received] == [PULL]
    assert propose(agent, PULL).status == 403
    rig.says = "veto"
    assert codes(propose(agent, PULL)) == {"request.output_vetoed"}


def test_a_call_that_is_denied_anyway_costs_no_jury(rig: OutputRig) -> None:
    """Otherwise every agent with a channel could spend the jury's budget."""
    answer = propose(rig.agent("reporter"), PULL)
    assert (answer.status, rig.asked) == (403, [])


def test_what_cannot_be_read_whole_is_not_validated(rig: OutputRig) -> None:
    """Compressed, or larger than what is looked at: an upstream might read something else than we did."""
    agent = rig.agent("proposer")
    answer = propose(agent, gzip.compress(json.dumps(PULL).encode()), **{"content-encoding": "gzip"})
    assert answer.status == 403
    assert codes(answer) == {"request.output_not_validated", "request.output_not_judged"}
    large = b"POST /forge/repos/acme/shop/pulls HTTP/1.1\r\nhost: proxy\r\ncontent-length: 4300000\r\n\r\n"
    connection = agent.connect()
    connection.settimeout(10)
    connection.sendall(large)
    assert connection.recv(65_536).startswith(b"HTTP/1.1 403 ")
    assert rig.upstream.received == []


def test_a_body_of_unknown_length_is_read_to_its_end(rig: OutputRig) -> None:
    """Chunks that come after what was looked at would have been forwarded unseen."""
    body = json.dumps(PULL).encode()
    parts = b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in (body[:20], body[20:])) + b"0\r\n\r\n"
    head = b"POST /forge/repos/acme/shop/pulls HTTP/1.1\r\nhost: proxy\r\ntransfer-encoding: chunked\r\n\r\n"
    assert rig.agent("proposer").raw(head + parts).startswith(b"HTTP/1.1 200 ")
    assert [output for output, _ in rig.asked] == [body]
    assert body[:20] in rig.upstream.received[0].body


@pytest.mark.parametrize(
    "lie",
    [
        {},
        {
            "digest": "0" * 64,
            "results": [{"kind": "schema", "state": "passed"}, {"kind": "jury", "state": "passed"}],
        },
        {"digest": "", "results": []},
        {"digest": hashlib.sha256(json.dumps(PULL).encode()).hexdigest(), "results": []},
        {
            "digest": hashlib.sha256(json.dumps(PULL).encode()).hexdigest(),
            "results": [{"kind": "schema", "state": "fine"}, {"kind": "jury", "state": "passed"}],
        },
    ],
)
def test_an_answer_of_another_shape_or_about_other_bytes_is_none(rig: OutputRig, lie: dict[str, Any]) -> None:
    """Without a look at the digest a pass of other bytes counted."""
    rig.lie = lie
    answer = propose(rig.agent("proposer"), PULL)
    assert answer.status == 403
    assert "request.output_not_validated" in codes(answer)
    assert rig.upstream.received == []


def test_without_checks_nothing_takes_effect(rig: OutputRig) -> None:
    """Denied, and worth trying again; once they are back it goes through."""
    rig.stop_checks()
    agent = rig.agent("proposer")
    answer = propose(agent, PULL)
    assert answer.status == 403
    assert "request.output_not_validated" in codes(answer)
    rig.serve_checks()
    assert propose(agent, PULL).status == 200


def test_agents_are_told_what_is_validated(rig: OutputRig) -> None:
    """The route is advertised, with the type that its bodies are."""
    told = rig.agent("proposer").get("/.doorless/self").json
    routes = {route["id"]: route.get("output") for route in told["services"][0]["routes"]}
    assert routes == {"propose": "create-pr", "hand-in": "report"}
