"""Walks: each provokes a refusal, does what its remedy says to the letter, and tells where that ended.

An end is an allow, a person, or the operator: only the operator's is final for an agent.
"""

import asyncio
import os
import re
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

from decision.config import load_policies
from decision.document import read_answer
from decision.model import Allow, Deny
from decision.opa_binary import find_opa
from decision.question import RequestQuestion, TokenQuestion
from gateway.caller import Caller, identify
from gateway.request import Refused, Stamp
from tests.clients.rig import ClientRig, answer
from tests.gateway.peers import Received
from tests.gateway.rig import REPOSITORY, Agent, Answer, until
from tests.policies.asking import Policy

DOCS = REPOSITORY / "docs"
SELF = "GET /.doorless/self"
Walk = Callable[[ClientRig], str]


def refusal(got: Answer, code: str, remedy: str) -> str:
    """The remedy of a refusal, which has this code and these words."""
    assert got.status >= 400, got.body
    [told] = [reason["remedy"] for reason in got.json["reasons"] if reason["code"] == code]
    assert remedy in told
    return str(told)


def allowed(got: Answer) -> str:
    """The end of a walk that leads to an allow."""
    assert got.status == 200, got.body
    return "allow"


def from_self(agent: Agent) -> str:
    """Follow "GET /.doorless/self lists …": everything that it lists and that takes no body is asked, and allowed."""
    told = agent.get("/.doorless/self").json
    listed = [(service["base"], route) for service in told["services"] for route in service["routes"]]
    asked = [
        agent.get(base + route["path"])
        for base, route in listed
        if route["method"] == "GET" and "{" not in route["path"] and base == "/problem"
    ]
    assert asked
    return {allowed(got) for got in asked}.pop()


def action(rig: ClientRig) -> str:
    agent = rig.agent("client")
    refusal(agent.request("POST", "/problem/completions"), "request.action_not_granted", SELF)
    return from_self(agent)


def data(rig: ClientRig) -> str:
    agent = rig.agent("client")
    refusal(agent.get("/problem/files"), "request.data_not_granted", SELF)
    return from_self(agent)


def nothing_here(rig: ClientRig) -> str:
    agent = rig.agent("client")
    refusal(agent.get("/problem/nothing"), "request.not_found", SELF)
    return from_self(agent)


def body(rig: ClientRig) -> str:
    agent = rig.agent("client")
    told = refusal(
        agent.request("POST", "/problem/responses", b"x" * 301), "request.body_too_large", "Send at most"
    )
    [most] = re.findall(r"Send at most (\d+) bytes", told)
    return allowed(agent.request("POST", "/problem/responses", b"{}".ljust(int(most))))


def growing_body(rig: ClientRig) -> str:
    agent = rig.agent("client")
    chunked = b"POST /problem/responses HTTP/1.1\r\nHost: proxy\r\nTransfer-Encoding: chunked\r\n\r\n"
    assert b"Send less in one request." in agent.raw(chunked + b"190\r\n" + b"x" * 400 + b"\r\n0\r\n\r\n")
    return allowed(agent.request("POST", "/problem/responses", b"{}"))


def scope(rig: ClientRig) -> str:
    workflow = rig.new_workflow()
    narrow = rig.agent_with(rig.issuer.token(workflow, "problem", "write", role="client"))
    told = refusal(narrow.get("/problem/things"), "request.scope_not_in_token", "with read in --only")
    assert "Ask the operator to start a workflow" in told
    return allowed(rig.agent("client").get("/problem/things"))


def unknown_role(rig: ClientRig) -> str:
    workflow = rig.new_workflow()
    ghost = rig.agent_with(rig.issuer.token(workflow, "problem", "read", role="ghost"))
    refusal(ghost.get("/problem/things"), "request.role_unknown", "start one with a role of roles.yaml")
    return allowed(rig.agent("client").get("/problem/things"))


def hold(rig: ClientRig) -> str:
    agent = rig.agent("client")
    got = agent.request("DELETE", "/problem/files/1")
    refusal(got, "hold_no_approver", "Leave this step to a person")
    refusal(got, "request.irreversible", "Leave this step to a person")
    assert rig.decision(got.decision).decision == "hold"
    return "person"


def flaw(rig: ClientRig) -> str:
    agent = rig.agent("client")
    got = agent.get("/problem/./things")
    refusal(got, "request.path_dots", "Send the request in its one unambiguous form.")
    return allowed(agent.get("/problem/things"))


def rate(rig: ClientRig) -> str:
    agent = rig.agent("hurried-gh")
    agent.get("/github/repos/o/r")
    got = agent.get("/github/repos/o/r", Accept="application/problem+json")
    [wait] = re.findall(r"Wait (\d+) seconds", refusal(got, "rate_limited", "send the request again"))
    assert got.headers["retry-after"] == wait
    until(_after(int(wait)))
    return allowed(agent.get("/github/repos/o/r"))


def _after(seconds: int) -> Callable[[], bool]:
    end = time.monotonic() + seconds
    return lambda: time.monotonic() >= end


def nobody(code: str, stamp: Stamp) -> Walk:
    """Nobody is identified: through the agents' side this is a race with the channel's end, so it is asked purely."""

    def walk(rig: ClientRig) -> str:
        ended = None if code == "caller.workflow_ended" else _expired()
        refused = identify(ended, stamp)
        assert isinstance(refused, Refused)
        assert (refused.denial.reasons[0].code, refused.denial.reasons[0].remedy) == (
            code,
            "Start a new workflow.",
        )
        return allowed(rig.agent("client").get("/problem/things"))

    return walk


def _expired() -> Caller:
    return Caller("wf-1", "client", {}, expires_at=1)


def closed(rig: ClientRig) -> str:
    text = (REPOSITORY / "sandbox" / "inside.py").read_text()
    assert "[channel_closed] Start a new workflow." in text
    return allowed(rig.agent("client").get("/problem/things"))


def later(code: str, trouble: Callable[[ClientRig], Any]) -> Walk:
    """What remedies itself: while the trouble lasts the code, after it an allow, with no operator."""

    def walk(rig: ClientRig) -> str:
        agent = rig.agent("client")
        with trouble(rig):
            got = agent.get("/problem/things")
            assert got.json["code"] == code
            assert "ry again" in got.json["reasons"][0]["remedy"]
        return allowed(until(lambda: (got := agent.get("/problem/things")).status == 200 and got))

    return walk


@contextmanager
def upstream_silent(rig: ClientRig) -> Iterator[None]:
    async def never(_request: Received, _writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(30)

    rig.upstream.answer = never
    yield
    rig.upstream.answer = answer


@contextmanager
def upstream_babbling(rig: ClientRig) -> Iterator[None]:
    rig.upstream.answer = b"I am no HTTP server\r\n\r\n"
    yield
    rig.upstream.answer = answer


@contextmanager
def upstream_away(rig: ClientRig) -> Iterator[None]:
    services = rig.policies / "services.yaml"
    before = services.read_text()
    services.write_text(before.replace(f":{rig.upstream.port}", ":1"))
    rig.admin.post("/policy/reload").raise_for_status()
    yield
    services.write_text(before)
    rig.admin.post("/policy/reload").raise_for_status()


@contextmanager
def log_away(rig: ClientRig) -> Iterator[None]:
    assert rig.audit.stdout is not None
    rig.audit.kill()
    rig.audit.wait(10)
    rig.audit.stdout.close()
    yield
    rig.audit = rig.start_audit()


@contextmanager
def opa_away(rig: ClientRig) -> Iterator[None]:
    children = Path(f"/proc/{rig.gateway.pid}/task/{rig.gateway.pid}/children").read_text().split()
    [opa] = [int(pid) for pid in children if b"opa" in Path(f"/proc/{pid}/cmdline").read_bytes()]
    os.kill(opa, signal.SIGSTOP)
    yield
    # The supervisor may have replaced the child that hangs.
    if Path(f"/proc/{opa}").exists():
        os.kill(opa, signal.SIGCONT)


def unready(rig: ClientRig) -> str:
    got = rig.agent("client").get("/openai-unready/models", Accept="application/problem+json")
    refusal(got, "obligation_failed", "Ask the operator of this gateway to configure it")
    return "operator"


def answered(code: str, status: int, body: bytes) -> Walk:
    """What the policy engine says wrongly is the operator's."""

    def walk(_rig: ClientRig) -> str:
        denied = read_answer(status, body)
        assert isinstance(denied, Deny)
        assert (denied.reasons[0].code, "Ask the operator" in denied.reasons[0].remedy) == (code, True)
        return "operator"

    return walk


def operators(code: str) -> Walk:
    """A remedy that the page gives to the operator alone; `tests/policies` follows those of roles.yaml."""

    def walk(_rig: ClientRig) -> str:
        [line] = [
            one for one in (DOCS / "policies.md").read_text().splitlines() if one.startswith(f"| `{code}` |")
        ]
        assert re.search(r"operator|services\.yaml|roles\.yaml|doorless policy", line)
        return "operator"

    return walk


def by_operator(code: str, asked: dict[str, str], edit: Callable[[str, str], tuple[str, str]]) -> Walk:
    """A remedy that the operator follows in the two files (or in the question that the gateway makes of them)."""

    def walk(rig: ClientRig) -> str:
        files = rig.policies / "roles.yaml", rig.policies / "services.yaml"
        roles, services = (file.read_text() for file in files)
        try:
            [denied] = _policy(rig).calls([_call(**asked)])
            assert isinstance(denied, Deny)
            assert [reason.code for reason in denied.reasons] == [code]
            for file, text in zip(files, edit(roles, services), strict=True):
                file.write_text(text)
            followed = {**asked, "method": "GET"} if code == "request.route_mismatch" else asked
            assert isinstance(_policy(rig).calls([_call(**followed)])[0], Allow)
        finally:
            files[0].write_text(roles)
            files[1].write_text(services)
        return "allow"

    return walk


def _call(role: str = "client", route: str = "read", method: str = "GET") -> RequestQuestion:
    return RequestQuestion(
        now=1,
        workflow="wf-1",
        role=role,
        scope=("read",),
        service="problem",
        route=route,
        action="read",
        data="",
        method=method,
        path="/things",
        params={},
        query="",
        body_bytes=0,
        content_type="",
    )


def grant_problem(roles: str, services: str) -> tuple[str, str]:
    """Add the service `problem` to a role."""
    document = yaml.safe_load(roles)
    document["roles"]["hurried-gh"]["services"].append("problem")
    return yaml.safe_dump(document), services


def declare_more(roles: str, services: str) -> tuple[str, str]:
    """Declare the route `more`."""
    document = yaml.safe_load(services)
    document["services"]["problem"]["routes"]["more"] = {"method": "GET", "path": "/more", "action": "read"}
    return roles, yaml.safe_dump(document)


def secret_sent(rig: ClientRig) -> str:
    agent = rig.agent("client")
    shaped = "AKIA" + "Q" * 16
    told = refusal(agent.get(f"/problem/things?key={shaped}"), "request.secret_outbound", "Leave it out")
    assert "send the request again" in told
    return allowed(agent.get("/problem/things"))


def secret_returned(rig: ClientRig) -> str:
    key = (rig.home / "static-key").read_bytes().strip()
    rig.upstream.answer = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(key), key)
    told = refusal(
        rig.agent("client").get("/problem/things"), "upstream.secret_returned", "Tell the operator"
    )
    rig.upstream.answer = answer
    assert "a new workflow may do other work" in told
    return allowed(rig.agent("client").get("/problem/things"))


def defect(_rig: ClientRig) -> str:
    text = (REPOSITORY / "gateway" / "proxy.py").read_text()
    assert "Tell the operator of this gateway the decision id." in text
    return "operator"


def tokens(code: str, asked: dict[str, Any], remedy: str, followed: dict[str, Any]) -> Walk:
    """A refused workflow, and the one that its remedy leads to; the role `bare` grows in between."""

    def walk(rig: ClientRig) -> str:
        question = {"now": 1, "workflow": "wf-1", "role": "client", "only": (), "ttl_s": 60, "renewal": False}
        roles = rig.policies / "roles.yaml"
        before = roles.read_text()
        try:
            roles.write_text(_with_a_bare_role(before, grown=False))
            denied = _policy(rig).token(TokenQuestion(**{**question, **asked}))
            assert isinstance(denied, Deny)
            assert denied.reasons[0].code == code
            assert remedy in denied.reasons[0].remedy
            roles.write_text(_with_a_bare_role(before, grown=True))
            assert isinstance(_policy(rig).token(TokenQuestion(**{**question, **followed})), Allow)
        finally:
            roles.write_text(before)
        return "allow"

    return walk


def _with_a_bare_role(text: str, *, grown: bool) -> str:
    document = yaml.safe_load(text)
    actions = ["complete", "read"] if grown else ["complete"]
    document["roles"]["bare"] = {"services": ["openai-unready"], "actions": actions}
    return yaml.safe_dump(document)


def _policy(rig: ClientRig) -> Policy:
    return Policy(find_opa(os.environ), load_policies(rig.policies).compiled)
