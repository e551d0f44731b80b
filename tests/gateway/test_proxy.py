"""The request path on real parts: what passes, what is refused, what is recorded, what the upstream sees."""

import asyncio
import hashlib
import json
from types import SimpleNamespace
from typing import Any, cast

import pytest

from gateway.exchange import Exchange
from gateway.past import Past
from gateway.protocol import SCOPE_KEY, Line
from gateway.proxy import Proxy, _defect
from gateway.tenant import Tenant
from gateway.wire import Flaw
from tests.gateway.peers import Received
from tests.gateway.rig import STATIC_KEY, Rig


def test_an_allowed_call_is_forwarded_byte_for_byte_and_recorded_before_and_after(rig: Rig) -> None:
    """An allowed call reaches the upstream with path and query as sent, and leaves an allow and an outcome."""
    agent = rig.agent()
    answer = agent.get("/notes/notes/a%20b?x=1&y=%7E~")
    assert (answer.status, answer.body) == (200, b"ok")
    [seen] = rig.upstream.received
    assert seen.line == b"GET /notes/a%20b?x=1&y=%7E~ HTTP/1.1"
    [decision] = rig.decisions(agent.workflow)
    assert (decision.decision, decision.source, decision.kind) == ("allow", "policy", "request")
    assert decision.input is not None
    assert decision.input["params"] == {"id": "a b"}
    outcome = rig.outcome(decision.id)
    assert (outcome.forwarded, outcome.result, outcome.status, outcome.bytes_out) == (
        True,
        "completed",
        200,
        2,
    )


def test_an_encoded_slash_travels_as_sent_where_the_route_takes_it(rig: Rig) -> None:
    """`%2F` in a parameter marked `encoded_slash` is judged decoded and forwarded byte for byte; elsewhere it is 404."""
    agent = rig.agent()
    assert agent.get("/notes/refs/heads%2Fmain").status == 200
    assert rig.upstream.received[0].line == b"GET /refs/heads%2Fmain HTTP/1.1"
    assert agent.get("/notes/notes/heads%2Fmain").status == 404
    assert len(rig.upstream.received) == 1


def test_an_agents_own_credentials_are_stripped_and_ours_is_the_only_one(rig: Rig) -> None:
    """What an agent sends as a credential never travels; the upstream sees the workflow's own token."""
    agent = rig.agent()
    answer = agent.get(
        "/notes/notes",
        Authorization="Bearer stolen",
        Cookie="a=b",
        X_Api_Key="stolen",
        Proxy_Authorization="x",
    )
    assert answer.status == 200
    headers = rig.upstream.received[0].headers
    assert headers[b"authorization"].startswith(b"Bearer ey")
    assert b"stolen" not in rig.upstream.received[0].head
    assert not {b"cookie", b"x-api-key", b"proxy-authorization", b"x-forwarded-for"} & headers.keys()


def test_a_static_credential_goes_where_its_entry_says(rig: Rig) -> None:
    """A static credential is injected as its header below the service's base path, and the token is not sent."""
    agent = rig.agent()
    assert agent.get("/keyed/ask", X_Api_Key="guess").status == 200
    [seen] = rig.upstream.received
    assert seen.line == b"GET /base/ask HTTP/1.1"
    assert seen.headers[b"x-api-key"] == STATIC_KEY.encode()
    assert b"authorization" not in seen.headers


def test_a_credential_in_the_query_is_the_only_one_of_its_name(rig: Rig) -> None:
    """A query credential is added; an agent's own parameter of that name, however spelt, is refused unread."""
    agent = rig.agent()
    assert agent.get("/in-query/ask?q=1").status == 200
    assert rig.upstream.received[0].line == b"GET /ask?q=1&api_key=%s HTTP/1.1" % STATIC_KEY.encode()
    for own in ("api_key=mine", "q=1&API_KEY=mine", "api%5Fkey=mine", "q=1;api_key=mine"):
        answer = agent.get(f"/in-query/ask?{own}")
        assert (answer.status, answer.json["code"]) == (400, "request.query_credential")
    assert len(rig.upstream.received) == 1


@pytest.mark.parametrize(
    "head", [b"HTTP/1.1 999 Odd\r\n", b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n"]
)
def test_a_status_that_is_no_answer_is_502_and_has_its_outcome(rig: Rig, head: bytes) -> None:
    """An upstream's 999 or 101 is a failed call: refused to the agent, recorded as forwarded."""
    rig.upstream.answer = head + b"Content-Length: 0\r\n\r\n"
    answer = rig.agent().get("/notes/notes")
    assert (answer.status, answer.json["code"]) == (502, "upstream.failed")
    outcome = rig.outcome(answer.decision)
    assert (outcome.forwarded, outcome.result) == (True, "upstream_error")


def test_no_answer_holds_a_credential(rig: Rig) -> None:
    """Headers that could carry a credential back are dropped from an upstream's answer."""
    rig.upstream.answer = (
        b"HTTP/1.1 302 Found\r\nSet-Cookie: s=1\r\nWWW-Authenticate: Basic\r\nLocation: http://elsewhere/\r\n"
        b"X-Internal: 1\r\nETag: abc\r\nContent-Length: 0\r\n\r\n"
    )
    answer = rig.agent().get("/notes/notes")
    assert answer.status == 302
    assert answer.headers["etag"] == "abc"
    assert not {"set-cookie", "www-authenticate", "location", "x-internal"} & answer.headers.keys()
    assert len(rig.upstream.received) == 1


def test_a_denial_says_why_and_nothing_is_forwarded(rig: Rig) -> None:
    """A refused write answers 403 with code, remedy and decision id, is recorded, and never leaves."""
    agent = rig.agent("reader")
    answer = agent.request("POST", "/notes/notes", b"{}", {"Content-Type": "application/json"})
    assert answer.status == 403
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["x-should-retry"] == "false"
    assert "retry-after" not in answer.headers
    assert answer.json["code"] == "request.action_not_granted"
    assert answer.json["reasons"][0]["remedy"]
    recorded = rig.decision(answer.json["decision"])
    assert (recorded.decision, recorded.reasons[0].code) == ("deny", "request.action_not_granted")
    assert rig.upstream.received == []


@pytest.mark.parametrize(
    ("target", "true_code"),
    [
        ("/keyed/ask", "request.service_not_granted"),
        ("/nothing/at/all", "request.service_unknown"),
        ("/notes/internal/metrics", "request.route_unknown"),
        ("/notes", "request.service_unknown"),
    ],
)
def test_what_a_workflow_may_not_know_of_does_not_exist(rig: Rig, target: str, true_code: str) -> None:
    """Foreign services and undeclared routes all show the same 404; the log holds the true code."""
    answer = rig.agent("reader").get(target)
    assert (answer.status, answer.json["code"]) == (404, "request.not_found")
    assert true_code not in answer.body.decode()
    assert rig.decision(answer.decision).reasons[0].code == true_code
    assert rig.upstream.received == []


def test_a_hold_without_an_approver_is_recorded_as_hold_and_answered_as_a_denial(rig: Rig) -> None:
    """An irreversible route is a `hold` in the log and 403 `hold_no_approver` to the agent."""
    answer = rig.agent().request("DELETE", "/notes/notes/7")
    assert (answer.status, answer.json["code"]) == (403, "hold_no_approver")
    assert rig.decision(answer.decision).decision == "hold"
    assert rig.upstream.received == []


def test_a_rate_limit_counts_over_all_workflows_of_a_role_and_says_when_to_return(rig: Rig) -> None:
    """Five attempts a minute for the role, whoever makes them; then 429 with Retry-After and RateLimit fields."""
    policies = rig.policies / "roles.yaml"
    before = policies.read_text()
    policies.write_text(before.replace("reader:", "counted:"))
    try:
        assert rig.admin.post("/policy/reload").json()["changed"]
        tokens = [
            rig.issuer.token(workflow, "notes", "read:notes", role="counted")
            for workflow in (rig.new_workflow(), rig.new_workflow())
        ]
        first, second = (rig.agent_with(token) for token in tokens)
        assert [agent.get("/notes/notes").status for agent in (first, second, first, second, first)] == [
            200
        ] * 5
        answer = second.get("/notes/notes")
    finally:
        policies.write_text(before)
        rig.admin.post("/policy/reload")
    assert (answer.status, answer.json["code"]) == (429, "rate_limited")
    assert 1 <= int(answer.headers["retry-after"]) <= 60
    assert answer.headers["ratelimit-policy"] == '"role";q=5;w=60'
    assert "x-should-retry" not in answer.headers
    assert rig.decision(answer.decision).decision == "deny"
    assert len(rig.upstream.received) == 5


def test_a_body_travels_unchanged(rig: Rig) -> None:
    """A request body reaches the upstream byte for byte, with its announced length."""
    body = bytes(range(256)) * 3
    answer = rig.agent().request("POST", "/notes/notes", body, {"Content-Type": "application/octet-stream"})
    assert answer.status == 200
    [seen] = rig.upstream.received
    assert hashlib.sha256(seen.body).digest() == hashlib.sha256(body).digest()
    assert seen.headers[b"content-length"] == b"768"


def test_a_chunked_body_over_the_limit_is_cut(rig: Rig) -> None:
    """A body without a length that grows over the limit is 413, and the upstream never sees a whole request."""
    agent = rig.agent()
    head = b"POST /notes/notes HTTP/1.1\r\nHost: proxy\r\nTransfer-Encoding: chunked\r\n\r\n"
    answer = agent.raw(head + b"400\r\n" + b"x" * 1024 + b"\r\n" + b"0\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert rig.upstream.received == []
    decision = rig.decisions(agent.workflow)[-1]
    assert rig.outcome(decision.id).result == "body_too_large"


def test_an_announced_body_over_the_limit_is_denied_by_policy(rig: Rig) -> None:
    """A body that announces too much is denied before anything is forwarded, and the connection is not confused."""
    agent = rig.agent()
    answer = agent.request("POST", "/notes/notes", b"x" * 1001)
    assert answer.status in {403, 413}
    assert rig.upstream.received == []


def test_events_pass_one_by_one(rig: Rig) -> None:
    """A server-sent event reaches the agent before the upstream sends the next one."""
    heard = asyncio.Event()

    async def events(_request: Received, writer: asyncio.StreamWriter) -> None:
        writer.write(
            b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
        )
        writer.write(b"9\r\ndata: 1\n\n\r\n")
        await heard.wait()
        writer.write(b"9\r\ndata: 2\n\n\r\n0\r\n\r\n")
        await writer.drain()

    rig.upstream.answer = events
    with rig.agent().connect() as connection:
        connection.sendall(b"GET /notes/notes HTTP/1.1\r\nHost: proxy\r\n\r\n")
        received = b""
        while b"data: 1" not in received:
            received += connection.recv(4096)
        assert b"data: 2" not in received
        rig.loop.loop.call_soon_threadsafe(heard.set)
        while b"data: 2" not in received:
            received += connection.recv(4096)


def test_an_upstream_that_is_down_is_502_and_named_in_no_answer(rig: Rig) -> None:
    """A service that cannot be reached is 502 without its address; the outcome says that nothing was forwarded."""
    services = rig.policies / "services.yaml"
    before = services.read_text()
    services.write_text(before.replace(f":{rig.upstream.port}", ":1"))
    try:
        rig.admin.post("/policy/reload")
        answer = rig.agent().get("/notes/notes")
    finally:
        services.write_text(before)
        rig.admin.post("/policy/reload")
    assert (answer.status, answer.json["code"]) == (502, "upstream.unreachable")
    assert b"127.0.0.1" not in answer.body
    outcome = rig.outcome(answer.decision)
    assert (outcome.forwarded, outcome.result) == (False, "upstream_error")


def test_a_slow_upstream_is_504(rig: Rig) -> None:
    """An upstream that does not answer within the service's time is 504."""

    async def never(_request: Received, _writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(30)

    rig.upstream.answer = never
    answer = rig.agent().get("/notes/notes")
    assert (answer.status, answer.json["code"]) == (504, "upstream.timeout")
    assert rig.outcome(answer.decision).result == "timeout"


def test_an_upstream_that_breaks_off_is_never_ended_as_if_it_were_whole(rig: Rig) -> None:
    """A reply that ends before its length shows as a broken reply, not as a short one."""

    async def half(_request: Received, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf")
        await writer.drain()
        writer.transport.abort()

    rig.upstream.answer = half
    agent = rig.agent()
    with pytest.raises(Exception, match=r"IncompleteRead|reset|Incomplete"):
        agent.get("/notes/notes")
    assert rig.outcome(rig.decisions(agent.workflow)[-1].id).result == "upstream_error"


def test_loopback_is_dialled_only_where_the_catalogue_says_so(rig: Rig) -> None:
    """A service without `allow_loopback` whose upstream is a loopback address is never dialled."""
    answer = rig.agent().get("/guarded/ask")
    assert (answer.status, answer.json["code"]) == (502, "upstream.unreachable")
    assert rig.upstream.received == []


def test_a_credential_that_nobody_configured_makes_a_denial(rig: Rig) -> None:
    """An obligation that cannot be performed is a recorded denial, not a call without its credential."""
    answer = rig.agent().get("/uncredentialed/ask")
    assert (answer.status, answer.json["code"]) == (503, "obligation_failed")
    assert rig.decision(answer.decision).decision == "deny"
    assert rig.upstream.received == []


def test_a_refusal_comes_in_the_shape_that_the_services_clients_show(rig: Rig) -> None:
    """A service with `errors: openai` refuses with `message` and `error.message`; problem+json on request."""
    agent = rig.agent()
    answer = agent.get("/keyed/secret")
    assert answer.status == 403
    assert answer.headers["content-type"] == "application/json"
    assert answer.json["message"] == answer.json["error"]["message"]
    assert answer.decision in answer.json["message"]
    asked = agent.get("/keyed/secret", Accept="application/problem+json")
    assert asked.headers["content-type"] == "application/problem+json"


def test_an_agent_can_read_what_it_may_do_and_all_of_it_is_true(rig: Rig) -> None:
    """`/.doorless/self` lists exactly the routes that policy allows; asking for each one is allowed."""
    agent = rig.agent()
    told = agent.get("/.doorless/self").json
    assert (told["workflow"], told["role"]) == (agent.workflow, "writer")
    routes = {(service["name"], route["id"]) for service in told["services"] for route in service["routes"]}
    assert ("notes", "add") in routes
    assert ("notes", "purge") not in routes
    assert ("keyed", "secret") not in routes
    for service in told["services"]:
        if service["name"] in {"notes", "keyed"}:
            for route in service["routes"]:
                path = service["base"] + route["path"].replace("{", "").replace("}", "")
                assert (
                    agent.request(route["method"], path, b"{}" if route["method"] == "POST" else None).status
                    == 200
                )


def test_asking_what_one_may_do_costs_the_engine_little(rig: Rig) -> None:
    """Thirty times the same question are one round of decisions: the engine's own counter says so."""
    agent = rig.agent()
    asked = rig.evaluations()
    for _ in range(30):
        assert agent.get("/.doorless/self").status == 200
    assert 0 < rig.evaluations() - asked <= 4


def test_the_self_description_tells_what_is_left_of_a_limit(rig: Rig) -> None:
    """The role's rate limit shows with what remains of it."""
    [limit] = rig.agent("reader").get("/.doorless/self").json["limits"]
    assert (limit["limit"], limit["window_s"]) == (5, 60)
    assert 0 <= limit["remaining"] <= 5


def test_no_secret_is_in_the_log(rig: Rig) -> None:
    """Neither the static key nor any token stands in the journal."""
    agent = rig.agent()
    agent.get("/keyed/ask")
    agent.get("/notes/notes", Authorization="Bearer canary-agent-header")
    journal = b"".join(file.read_bytes() for file in (rig.home / "log").rglob("*") if file.is_file())
    assert STATIC_KEY.encode() not in journal
    assert b"canary-agent-header" not in journal
    assert b"eyJ" not in journal
    assert json.dumps(STATIC_KEY).encode() not in journal


def test_nothing_is_read_behind_a_request_that_could_not_be_read() -> None:
    """Its connection ends anyway: the refusal is written at once. It waited up to a second for a body before."""
    told: list[Any] = []

    async def receive() -> dict[str, Any]:
        raise AssertionError("the body was asked for")

    async def send(message: Any) -> None:
        told.append(message)

    line = Line(b"/", Flaw("request.framing", "not readable"))
    scope = {SCOPE_KEY: line, "method": "POST", "headers": [(b"content-length", b"9")]}
    exchange = Exchange(scope, receive, send)
    exchange.body = type(exchange.body)(receive, 9)
    proxy = Proxy(
        cast("Any", SimpleNamespace(secrets=(), monotonic=None)), cast("Tenant", None), Past(), lambda _: None
    )
    asyncio.run(proxy._show(exchange, _defect("d-x")))
    assert (b"connection", b"close") in told[0]["headers"]
    assert len(told) == 2
