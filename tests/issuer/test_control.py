"""`issuer.control` and the whole path behind it: the real process, a real OPA, a real audit writer."""

import contextlib
import json
import socket
import stat
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from audit.entry import DecisionEntry, EventEntry, OutcomeEntry, document_digest
from audit.verify import verify as verify_log
from issuer.token import VerifiedToken, read_jwks, verify
from tests.issuer.home import Home, stop, token_for, until

UNKNOWN = "wf-" + "z" * 20


def verified(home: Home, compact: str) -> VerifiedToken:
    """What our own verify half says about a token, with the keys that the issuer publishes."""
    keys = read_jwks(home.control("GET", "/.well-known/jwks.json").content)
    result = verify(compact, keys, issuer=home.url, audience=None, now=int(time.time()))
    assert isinstance(result, VerifiedToken), result
    return result


def decision(home: Home, name: str) -> DecisionEntry:
    """The recorded decision of that id."""
    (found,) = [each for each in home.entries() if isinstance(each, DecisionEntry) and each.id == name]
    return found


def events(home: Home, workflow: str) -> list[tuple[str, dict[str, str | int]]]:
    """The events of a workflow, in the order of the log."""
    found = [each for each in home.entries() if isinstance(each, EventEntry)]
    return [(each.event, each.detail) for each in found if each.workflow == workflow]


def test_a_workflow_gets_one_token_for_each_service_of_its_role(home: Home) -> None:
    """Starting a workflow answers 201 with a verified token per service, each for that service alone."""
    before = int(time.time())
    reply = home.control("POST", "/workflows", json={"role": "crash-tracker", "ttl_s": 600, "task": "rank"})
    assert reply.status_code == 201
    answer = reply.json()
    assert set(answer) == {"workflow", "role", "expires_at", "decision", "tokens"}
    assert answer["role"] == "crash-tracker"
    assert before + 600 <= answer["expires_at"] <= int(time.time()) + 600
    assert {each["audience"]: each["scope"] for each in answer["tokens"]} == {
        "crash-reporting": ["read:crash-reports", "read:stack-traces"],
        "telemetry": ["read:telemetry"],
    }
    for each in answer["tokens"]:
        token = verified(home, each["token"])
        assert (token.workflow, token.role) == (answer["workflow"], "crash-tracker")
        assert (token.audience, list(token.scope)) == (each["audience"], each["scope"])
        assert token.txn == answer["decision"]
        assert token.expires_at == each["expires_at"] <= before + 301


def test_the_log_tells_the_story_of_an_issue(home: Home) -> None:
    """Intent, start and outcome are recorded in that order, with the input, its digest and the policy revision."""
    answer = home.start_workflow(only=["read:crash-reports"], task="one\nline")
    name = answer["decision"]
    until(
        lambda: any(isinstance(each, OutcomeEntry) and each.decision == name for each in home.entries()),
        "outcome",
    )
    log = home.entries()
    intent = decision(home, name)
    start = next(e for e in log if isinstance(e, EventEntry) and e.workflow == answer["workflow"])
    outcome = next(e for e in log if isinstance(e, OutcomeEntry) and e.decision == name)
    assert log.index(intent) < log.index(start) < log.index(outcome)
    assert (intent.kind, intent.decision, intent.source, intent.revision) == (
        "token",
        "allow",
        "policy",
        "ab12",
    )
    assert intent.input is not None
    assert intent.input == {
        "version": "1",
        "now": intent.input["now"],
        "workflow": answer["workflow"],
        "role": "crash-tracker",
        "only": ["read:crash-reports"],
        "ttl_s": 600,
        "renewal": False,
    }
    assert intent.input_sha256 == document_digest(intent.input)
    assert [each.properties for each in intent.obligations] == [
        {"audience": "crash-reporting", "scope": ["read:crash-reports"], "ttl_s": 300}
    ]
    assert start.event == "workflow.started"
    assert start.detail["task"] == "one\\nline"
    assert (outcome.result, outcome.forwarded, outcome.status) == ("issued", False, 200)


def test_less_than_the_role_may_be_asked(home: Home) -> None:
    """`only` narrows the tokens: a service of which nothing is left gets none."""
    answer = home.start_workflow(only=["read:stack-traces"])
    assert [(each["audience"], each["scope"]) for each in answer["tokens"]] == [
        ("crash-reporting", ["read:stack-traces"])
    ]
    assert verified(home, token_for(answer)).scope == ("read:stack-traces",)


def test_more_than_the_role_is_refused_and_named(home: Home) -> None:
    """A word beyond the role is a 403 with policy's reasons, the operator's among them, and is recorded."""
    body = {"role": "crash-tracker", "ttl_s": 60, "only": ["read:crash-reports", "delete:crash-reports"]}
    reply = home.control("POST", "/workflows", json=body)
    assert reply.status_code == 403
    answer = reply.json()
    assert answer["code"] == "token.scope_wider"
    assert "delete:crash-reports" in answer["message"]
    assert answer["reasons"][0]["remedy"] == "Ask for less."
    assert "tokens" not in answer
    recorded = decision(home, answer["decision"])
    assert (recorded.decision, [each.code for each in recorded.reasons]) == ("deny", ["token.scope_wider"])


def test_an_unknown_role_is_denied_by_policy(home: Home) -> None:
    """No part but policy knows the roles; its denial is answered and recorded, and no workflow comes of it."""
    reply = home.control("POST", "/workflows", json={"role": "nobody", "ttl_s": 60})
    assert (reply.status_code, reply.json()["code"]) == (403, "token.role_unknown")
    recorded = decision(home, reply.json()["decision"])
    assert home.control("DELETE", f"/workflows/{recorded.workflow}").status_code == 404


def test_a_hold_is_recorded_and_answered_as_a_denial(home: Home) -> None:
    """With nobody who could approve, a hold is a 403 `hold_no_approver`; the log keeps that it was a hold."""
    reply = home.control("POST", "/workflows", json={"role": "holder", "ttl_s": 60})
    assert (reply.status_code, reply.json()["code"]) == (403, "hold_no_approver")
    assert [each["code"] for each in reply.json()["reasons"]] == ["hold_no_approver", "token.held"]
    assert decision(home, reply.json()["decision"]).decision == "hold"


@pytest.mark.parametrize(
    ("role", "code"),
    [("nothing", "obligation_failed"), ("twice", "obligation_failed"), ("garbage", "decision_invalid")],
)
def test_an_answer_that_cannot_be_followed_issues_nothing(home: Home, role: str, code: str) -> None:
    """An allow without tokens, with two for one service, or no document at all: 503, recorded as a denial of ours."""
    reply = home.control("POST", "/workflows", json={"role": role, "ttl_s": 60})
    assert (reply.status_code, reply.json()["code"]) == (503, code)
    recorded = decision(home, reply.json()["decision"])
    assert (recorded.decision, recorded.source, recorded.revision) == (
        "deny",
        "gateway",
        "" if role == "garbage" else "ab12",
    )


def test_a_token_never_outlives_five_minutes_or_its_workflow(home: Home) -> None:
    """Whatever policy allows, a token ends after 300 s or with its workflow."""
    long = home.start_workflow("greedy", ttl_s=3600)
    token = verified(home, token_for(long, "telemetry"))
    assert token.expires_at - token.issued_at == 300
    short = home.start_workflow("greedy", ttl_s=7)
    assert verified(home, token_for(short, "telemetry")).expires_at == short["expires_at"]


def test_renewal_gives_new_tokens_of_the_same_scope(home: Home) -> None:
    """An active workflow gets fresh tokens, no wider than it was started with, asked of policy again."""
    answer = home.start_workflow(only=["read:crash-reports"])
    reply = home.control("POST", f"/workflows/{answer['workflow']}/tokens")
    assert reply.status_code == 200
    assert set(reply.json()) == {"tokens"}
    old, new = verified(home, token_for(answer)), verified(home, token_for(reply.json()))
    assert (new.workflow, new.scope, new.audience) == (old.workflow, old.scope, old.audience)
    assert new.jti != old.jti
    renewal = decision(home, new.txn)
    assert renewal.input is not None
    assert (renewal.input["renewal"], renewal.input["only"]) == (True, ["read:crash-reports"])


@pytest.mark.parametrize("reason", ["completed", "failed", "timeout", "revoked", "lease_lost", "secret_leak"])
def test_an_ended_workflow_gets_nothing_more(home: Home, reason: str) -> None:
    """After its end a workflow is listed as ended with its reason, is not renewed, and its token is inactive."""
    answer = home.start_workflow(task="to end")
    workflow, token = answer["workflow"], token_for(answer)
    assert home.introspect(token)["active"] is True
    reply = home.control("DELETE", f"/workflows/{workflow}", params={"reason": reason})
    assert (reply.status_code, reply.json()) == (200, {"workflow": workflow, "state": "ended"})
    renewal = home.control("POST", f"/workflows/{workflow}/tokens")
    assert (renewal.status_code, renewal.json()["code"]) == (409, "workflow_ended")
    assert home.introspect(token) == {"active": False}
    (listed,) = [
        w for w in home.control("GET", "/workflows").json()["workflows"] if w["workflow"] == workflow
    ]
    assert (listed["state"], listed["ended_reason"], listed["task"]) == ("ended", reason, "to end")
    assert events(home, workflow)[1:] == [("workflow.ended", {"role": "crash-tracker", "reason": reason})]


def test_ending_twice_is_one_ending(home: Home) -> None:
    """DELETE is idempotent: the second changes neither the reason nor the log."""
    workflow = home.start_workflow()["workflow"]
    for reason in ("completed", "failed"):
        assert home.control("DELETE", f"/workflows/{workflow}?reason={reason}").status_code == 200
    assert [detail["reason"] for event, detail in events(home, workflow) if event == "workflow.ended"] == [
        "completed"
    ]


def test_an_unknown_workflow_is_404(home: Home) -> None:
    """A workflow that never was can be neither renewed nor ended."""
    for method, path in (("POST", f"/workflows/{UNKNOWN}/tokens"), ("DELETE", f"/workflows/{UNKNOWN}")):
        reply = home.control(method, path)
        assert (reply.status_code, reply.json()["code"]) == (404, "workflow_unknown")


def test_a_workflow_ends_by_itself_when_its_time_is_over(home: Home) -> None:
    """Past its `ttl_s` a workflow is expired: not renewed, inactive, told to listeners and recorded."""
    with home.endings() as lines:
        assert "active" in json.loads(next(lines))
        answer = home.start_workflow(ttl_s=3)
        told = next(line for line in map(json.loads, lines) if line.get("ended") == answer["workflow"])
    assert told["reason"] == "expired"
    assert home.control("POST", f"/workflows/{answer['workflow']}/tokens").status_code == 409
    assert home.introspect(token_for(answer)) == {"active": False}
    until(lambda: len(events(home, answer["workflow"])) == 2, "the recorded end")


def test_endings_are_streamed_as_they_happen(home: Home) -> None:
    """A listener hears first which workflows are active, then each that ends with its reason."""
    first, second = home.start_workflow()["workflow"], home.start_workflow()["workflow"]
    with home.endings() as lines:
        assert {first, second} <= set(json.loads(next(lines))["active"])
        home.control("DELETE", f"/workflows/{second}?reason=failed")
        assert json.loads(next(lines)) == {"ended": second, "reason": "failed"}
        home.control("DELETE", f"/workflows/{first}?reason=lease_lost")
        assert json.loads(next(lines)) == {"ended": first, "reason": "lease_lost"}


def test_the_endings_stream_pings(home: Home) -> None:
    """While nothing happens, a listener hears a ping with the time every five seconds."""
    with home.endings() as lines:
        next(lines)
        began = time.monotonic()
        told = next(line for line in map(json.loads, lines) if "ping" in line)
        assert time.monotonic() - began > 4.0
        assert abs(told["ping"] - time.time()) < 60


def test_the_kill_switch_ends_everything(home: Home) -> None:
    """DELETE /workflows ends each active workflow and names them; none stays active."""
    started = {home.start_workflow()["workflow"] for _ in range(3)}
    reply = home.control("DELETE", "/workflows", params={"reason": "revoked"})
    assert started <= set(reply.json()["ended"])
    states = {w["state"] for w in home.control("GET", "/workflows").json()["workflows"]}
    assert states == {"ended"}
    assert home.control("DELETE", "/workflows").json() == {"ended": []}


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b'{"role":"crash-tracker"}',
        b'{"role":"crash-tracker","ttl_s":"60"}',
        b'{"role":"crash-tracker","ttl_s":-1}',
        b'{"role":"crash-tracker","ttl_s":60.5}',
        b'{"role":"Crash Tracker","ttl_s":60}',
        b'{"role":"crash-tracker\\n","ttl_s":60}',
        b'{"role":"crash-tracker","ttl_s":60,"only":["*"]}',
        b'{"role":"crash-tracker","ttl_s":60,"only":["read:a read:b"]}',
        b'{"role":"crash-tracker","ttl_s":60,"only":"read:a"}',
        b'{"role":"crash-tracker","ttl_s":60,"uid":0}',
        b'{"role":"crash-tracker","ttl_s":60,"task":7}',
        b'{"role":"crash-tracker","ttl_s":60,"task":"' + b"x" * 4097 + b'"}',
        b"\xff\xfe",
    ],
)
def test_a_body_of_another_shape_is_400(home: Home, body: bytes) -> None:
    """Whatever is not the wire form is refused before policy is asked, with a message."""
    reply = home.control("POST", "/workflows", content=body)
    assert (reply.status_code, reply.json()["code"]) == (400, "request.bad_request")
    assert reply.json()["message"]


def test_a_large_body_is_413(home: Home) -> None:
    """A body over 16 KiB is refused, whether its length is announced or not."""
    for content in (b"x" * 20_000, iter([b"x" * 10_000] * 2)):
        reply = home.control("POST", "/workflows", content=content)
        assert reply.status_code == 413


@pytest.mark.parametrize(
    "query", ["reason=expired", "reason=", "reason=bored", "reason=failed&reason=failed"]
)
def test_a_reason_is_one_of_those_a_caller_may_give(home: Home, query: str) -> None:
    """Another reason is a 400, and ends nothing."""
    workflow = home.start_workflow()["workflow"]
    assert home.control("DELETE", f"/workflows/{workflow}?{query}").status_code == 400
    assert home.control("POST", f"/workflows/{workflow}/tokens").status_code == 200


@pytest.mark.parametrize(("method", "path"), [("GET", "/"), ("GET", "/introspect"), ("POST", "/endings")])
def test_there_is_nothing_else_on_the_control_socket(home: Home, method: str, path: str) -> None:
    """Other paths are 404 and other methods 405, in our own shape."""
    reply = home.control(method, path)
    assert reply.status_code in {404, 405}
    assert reply.json()["code"] in {"request.not_found", "request.method_not_allowed"}


def test_the_control_socket_is_for_its_owner_alone(home: Home) -> None:
    """The socket file has mode 0600."""
    mode = home.control_socket.stat().st_mode
    assert (stat.S_ISSOCK(mode), stat.S_IMODE(mode)) == (True, 0o600)


def test_a_rotated_key_is_published_before_it_signs(own_home: Home) -> None:
    """After a rotation the JWKS shows both keys, the old one still signs, its tokens verify, and the log names the new."""
    old = own_home.start_workflow()
    kid = own_home.control("POST", "/keys/rotate").json()["kid"]
    shown = own_home.public("GET", "/.well-known/jwks.json").json()["keys"]
    assert [each["kid"] for each in shown] == [verified(own_home, token_for(old)).kid, kid]
    assert all("d" not in each for each in shown)
    assert own_home.introspect(token_for(old))["active"] is True
    assert verified(own_home, token_for(own_home.start_workflow())).kid != kid
    assert own_home.control("POST", "/keys/rotate").json()["kid"] == kid
    recorded = [
        each.detail
        for each in own_home.entries()
        if isinstance(each, EventEntry) and each.event == "key.rotated"
    ]
    assert [each["kid"] for each in recorded] == [kid]


def test_a_restarted_issuer_knows_no_workflow(own_home: Home) -> None:
    """After a crash every workflow counts as ended: its token verifies but is inactive, and it is not renewed."""
    answer = own_home.start_workflow()
    assert own_home.introspect(token_for(answer))["active"] is True
    assert own_home.issuer is not None
    own_home.issuer.kill()
    stop(own_home.issuer)
    own_home.start_issuer()
    assert verified(own_home, token_for(answer)).workflow == answer["workflow"]
    assert own_home.introspect(token_for(answer)) == {"active": False}
    assert own_home.control("POST", f"/workflows/{answer['workflow']}/tokens").status_code == 404
    with own_home.endings() as lines:
        assert json.loads(next(lines)) == {"active": []}


def test_without_a_log_nothing_is_issued(own_home: Home) -> None:
    """While the audit writer is down there is no new token and no renewal; an end still takes effect."""
    answer = own_home.start_workflow()
    stop(own_home.audit)
    for path, body in (
        ("/workflows", {"role": "crash-tracker", "ttl_s": 60}),
        (f"/workflows/{answer['workflow']}/tokens", None),
    ):
        reply = own_home.control("POST", path, json=body)
        assert (reply.status_code, reply.json()["code"]) == (503, "log_unavailable")
        assert "tokens" not in reply.json()
    assert own_home.control("POST", "/keys/rotate").status_code == 503
    assert len(own_home.control("GET", "/.well-known/jwks.json").json()["keys"]) == 1
    assert own_home.control("DELETE", f"/workflows/{answer['workflow']}").status_code == 200
    assert own_home.introspect(token_for(answer)) == {"active": False}
    own_home.start_audit()
    until(
        lambda: (
            own_home.control("POST", "/workflows", json={"role": "crash-tracker", "ttl_s": 60}).is_success
        ),
        "heal",
    )


def test_without_policy_nothing_is_issued_and_that_is_recorded(own_home: Home) -> None:
    """With OPA dead a start is a 503 `pdp_unavailable` with a recorded denial of ours; it heals with a new engine."""
    own_home.start_workflow()
    own_home.stop_opa()
    reply = own_home.control("POST", "/workflows", json={"role": "crash-tracker", "ttl_s": 60})
    assert (reply.status_code, reply.json()["code"]) == (503, "pdp_unavailable")
    recorded = decision(own_home, reply.json()["decision"])
    assert (recorded.decision, recorded.source, recorded.revision) == ("deny", "gateway", "")
    own_home.start_opa(revision="cd34")
    answer = own_home.start_workflow()
    assert decision(own_home, answer["decision"]).revision == "cd34"


def test_a_replaced_engine_is_asked_from_then_on(own_home: Home) -> None:
    """When socket and token are replaced while the old engine lives on, the next question goes to the new one."""
    own_home.start_workflow()
    old = own_home.opa
    own_home.start_opa(revision="0c0c")
    answer = own_home.start_workflow()
    assert decision(own_home, answer["decision"]).revision == "0c0c"
    assert old is not None
    old.kill()
    old.wait()
    own_home.start_workflow()


def test_an_engine_killed_under_way_is_waited_for(own_home: Home) -> None:
    """A start that meets an engine on its way out is asked again of the next, within half a second."""
    own_home.start_workflow()
    own_home.stop_opa()
    restart = threading.Timer(0.05, own_home.start_opa)
    restart.start()
    deadline = time.monotonic() + 20
    while (
        own_home.control("POST", "/workflows", json={"role": "crash-tracker", "ttl_s": 60}).status_code != 201
    ):
        assert time.monotonic() < deadline
    restart.join()


def test_the_log_of_it_all_verifies(home: Home) -> None:
    """What the issuer writes passes the log's own verification: outcomes after intents, everything canonical."""
    home.start_workflow()
    home.control("DELETE", "/workflows")
    verify_log(home.log)


def test_many_at_once_get_what_is_theirs(home: Home) -> None:
    """Concurrent starts do not mix: each gets a workflow of its own and tokens of that workflow."""
    answers: list[dict[str, Any]] = []
    threads = [threading.Thread(target=lambda: answers.append(home.start_workflow())) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({each["workflow"] for each in answers}) == 16
    for each in answers:
        assert verified(home, token_for(each)).workflow == each["workflow"]


def test_a_listener_that_leaves_is_forgotten(home: Home) -> None:
    """A closed endings stream leaves nothing open in the issuer."""
    assert home.issuer is not None
    folder = Path(f"/proc/{home.issuer.pid}/fd")
    before = len(list(folder.iterdir()))
    for _ in range(5):
        with home.endings() as lines:
            next(lines)
    until(lambda: len(list(folder.iterdir())) <= before, "closed connections")


def test_garbage_closes_only_its_own_connection(home: Home) -> None:
    """Bytes that are not HTTP get a 400 or a close, and the next caller is served."""
    with socket.socket(socket.AF_UNIX) as client, contextlib.suppress(ConnectionError):
        client.connect(str(home.control_socket))
        client.sendall(b"\x00\xff" * 1000)
        client.settimeout(10)
        assert client.recv(100)[:12] in {b"", b"HTTP/1.1 400"}
    assert home.control("GET", "/workflows").status_code == 200
