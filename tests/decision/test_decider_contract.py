"""What every decider promises, held against both: a table of all that a policy engine can do wrong."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from decision.client_decider import ClientDecider
from decision.decider import Closed, Decider
from decision.model import Allow, Deny, Source, Terms
from decision.question import ChangeQuestion, RequestQuestion
from decision.socket_decider import SocketDecider
from tests.decision.fake_opa import Answer, FakeOpa, body, denial, document, raw, silence, then_close
from tests.decision.questions import change, request, token, verdict

pytestmark = pytest.mark.anyio

Open = Callable[[Path], AbstractAsyncContextManager[Decider]]


@pytest.fixture(params=[False, True], ids=["asyncio", "uvloop"])
def anyio_backend(request: pytest.FixtureRequest) -> tuple[str, dict[str, Any]]:
    """Both loops: the gateway runs on uvloop, tools do not."""
    return ("asyncio", {"use_uvloop": request.param})


@pytest.fixture(params=[SocketDecider, ClientDecider])
def open_decider(request: pytest.FixtureRequest) -> Open:
    """Opens the decider under test on a socket."""

    @asynccontextmanager
    async def opened(socket_path: Path) -> AsyncIterator[Decider]:
        decider: Decider = request.param(socket_path, "secret-of-this-test", deadline_s=0.25)
        try:
            yield decider
        finally:
            await decider.close()

    return opened


@dataclass(frozen=True)
class Case:
    """What the engine sends, and the code that comes of it."""

    name: str
    answer: Answer
    code: str


_ALLOW = b'{"result":{"version":"1","allow":true,"reasons":[],"obligations":[],"hold":null,"cacheable_s":0}}'


def _with(**changes: Any) -> Answer:
    return body({"result": document(**changes)})


def _obligation(kind: str, properties: Any) -> Answer:
    return _with(obligations=[{"id": "o", "type": kind, "properties": properties}])


def _headed(length: int, content: bytes) -> bytes:
    return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (length, content)


CASES = (
    Case("an allow", body(_ALLOW), "allow"),
    Case("an allow in chunks", raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
         b"%x\r\n" % len(_ALLOW), _ALLOW[:30], _ALLOW[30:] + b"\r\n0\r\n\r\n"), "allow"),
    Case("an allow, then closed", then_close(body(_ALLOW)), "allow"),
    Case("an allow called text", body(_ALLOW, kind="text/plain"), "allow"),
    Case("a denial", body({"result": denial("request.x")}), "request.x"),
    Case("a hold", _with(allow=False, hold={"template": "t", "approvers": [], "needed": 1, "expires_in_s": 60}), "hold"),
    Case("a hold that allows", _with(hold={"template": "t", "approvers": [], "needed": 1, "expires_in_s": 60}),
         "decision_invalid"),
    Case("500", body({"code": "internal_error"}, 500), "pdp_error"),
    Case("500 with an allow", body(_ALLOW, 500), "pdp_error"),
    Case("404", body({"code": "not_found"}, 404), "pdp_error"),
    Case("401", body({"code": "unauthorized"}, 401), "pdp_error"),
    Case("201 with an allow", body(_ALLOW, 201), "pdp_error"),
    Case("204", raw(b"HTTP/1.1 204 No Content\r\n\r\n"), "pdp_error"),
    Case("a redirect", raw(b"HTTP/1.1 307 X\r\nLocation: /v1/data\r\nContent-Length: 0\r\n\r\n"), "pdp_error"),
    Case("undefined", body({}), "pdp_undefined"),
    Case("an empty result", body({"result": {}}), "decision_invalid"),
    Case("null as the result", body({"result": None}), "decision_invalid"),
    Case("true as the result", body({"result": True}), "decision_invalid"),
    Case("text true as the result", body({"result": "true"}), "decision_invalid"),
    Case("a list as the result", body({"result": [document()]}), "decision_invalid"),
    Case("a bare document", body(document()), "pdp_undefined"),
    Case("allow is text", _with(allow="true"), "decision_invalid"),
    Case("allow is 1", _with(allow=1), "decision_invalid"),
    Case("allow is null", _with(allow=None), "decision_invalid"),
    Case("another version", _with(version="2"), "decision_invalid"),
    Case("a key too many", _with(surprise=1), "decision_invalid"),
    Case("a denial without a reason", _with(allow=False), "decision_invalid"),
    Case("a reason without a code", _with(allow=False, reasons=[{"message": "no"}]), "decision_invalid"),
    Case("a warning", body({"result": document(), "warning": {"code": "api_usage_warning"}}), "pdp_error"),
    Case("an unknown obligation", _obligation("redact_response", {}), "obligation_unsupported"),
    Case("an obligation without properties", _obligation("max_body_bytes", {}), "decision_invalid"),
    Case("an obligation with text for a number", _obligation("timeout_ms", {"limit": "1"}), "decision_invalid"),
    Case("an obligation that is none", _with(obligations=["x"]), "decision_invalid"),
    Case("two credentials", _with(obligations=[
        {"id": str(place), "type": "inject_credential", "properties": {"ref": ref}}
        for place, ref in enumerate(("one", "two"))]), "obligation_failed"),
    Case("half of the JSON", body(_ALLOW[:40]), "decision_invalid"),
    Case("no JSON", body(b"allow", kind="text/plain"), "decision_invalid"),
    Case("an empty body", body(b""), "decision_invalid"),
    Case("two JSON values", body(_ALLOW + b"{}"), "decision_invalid"),
    Case("not UTF-8", body(_ALLOW.replace(b'"1"', b'"\xff"')), "decision_invalid"),
    Case("no HTTP", raw(b"allow\r\n\r\n" * 10), "pdp_error"),
    Case("garbage for a status", raw(b"HTTP/1.1 yes OK\r\nContent-Length: 2\r\n\r\n{}"), "pdp_error"),
    Case("a length that is none", raw(b"HTTP/1.1 200 OK\r\nContent-Length: much\r\n\r\n" + _ALLOW), "pdp_error"),
    Case("a length that is too long", raw(_headed(len(_ALLOW) + 1, _ALLOW)), "pdp_unavailable"),
    Case("a length that is too long, then closed", then_close(raw(_headed(len(_ALLOW) + 1, _ALLOW))),
         "pdp_unavailable"),
    Case("closed within the head", then_close(raw(b"HTTP/1.1 200")), "pdp_unavailable"),
    Case("closed within the body", then_close(raw(_headed(len(_ALLOW), _ALLOW[:-5]))), "pdp_unavailable"),
    Case("closed without a byte", then_close(raw()), "pdp_unavailable"),
    Case("silence", silence, "pdp_unavailable"),
    Case("only the head", raw(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n"), "pdp_unavailable"),
    Case("100 MB announced and sent", raw(_headed(100_000_000, b""), *[b" " * 1_000_000] * 100), "pdp_error"),
    Case("chunks without an end", raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
         *[b"10000\r\n" + b" " * 65_536 + b"\r\n"] * 40), "pdp_error"),
)  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
async def test_every_answer_has_its_one_decision(case: Case, open_decider: Open, short_folder: Path) -> None:
    """Whatever the engine sends, both deciders make the same decision of it, and ask exactly once."""
    async with (
        FakeOpa(short_folder / "opa.sock", case.answer) as fake,
        open_decider(fake.socket_path) as decider,
    ):
        decision = await decider.ask(request())
        assert verdict(decision) == case.code
        assert len(fake.questions) == 1
    if isinstance(decision, Deny) and case.code != "request.x":
        assert decision.source is Source.GATEWAY
        assert decision.reasons[0].message
        assert decision.reasons[0].remedy


async def test_what_is_asked(open_decider: Open, short_folder: Path) -> None:
    """Each kind of question goes to its own constant path, whole, under `input`."""
    async with (
        FakeOpa(short_folder / "opa.sock", body(_ALLOW)) as fake,
        open_decider(fake.socket_path) as decider,
    ):
        await decider.ask(request(query="limit=10"))
        await decider.ask(token())
        await decider.ask(change(require=("tests",)))
    (request_path, request_body), (token_path, token_body), (change_path, change_body) = fake.questions
    assert change_path == "/v1/data/change/decision"
    assert change_body["input"]["require"] == ["tests"]
    assert set(change_body["input"]) == set(ChangeQuestion.__struct_fields__)
    assert request_path == "/v1/data/request/decision"
    assert request_body["input"]["query"] == "limit=10"
    assert request_body["input"]["version"] == "1"
    assert set(request_body["input"]) == set(RequestQuestion.__struct_fields__)
    assert token_path == "/v1/data/token/decision"
    assert token_body == {
        "input": {
            "version": "1",
            "now": 1763890000,
            "workflow": "wf-test",
            "role": "reader",
            "only": [],
            "ttl_s": 300,
            "renewal": False,
        }
    }


async def test_obligations_arrive_as_terms(open_decider: Open, short_folder: Path) -> None:
    """An allow carries its obligations, merged to the strictest."""
    obligations = [
        {"id": "a", "type": "max_body_bytes", "properties": {"limit": 10}},
        {"id": "b", "type": "max_body_bytes", "properties": {"limit": 5}},
        {"id": "c", "type": "inject_credential", "properties": {"ref": "workflow-jwt"}},
    ]
    async with (
        FakeOpa(short_folder / "opa.sock", _with(obligations=obligations)) as fake,
        open_decider(fake.socket_path) as decider,
    ):
        decision = await decider.ask(request())
    assert decision == Allow(terms=Terms(credential="workflow-jwt", max_body_bytes=5))


async def test_nobody_listens(open_decider: Open, short_folder: Path) -> None:
    """A socket that is not there is a denial, and one that appears later is used."""
    async with open_decider(short_folder / "opa.sock") as decider:
        assert verdict(await decider.ask(request())) == "pdp_unavailable"
        async with FakeOpa(short_folder / "opa.sock", body(_ALLOW)):
            assert verdict(await decider.ask(request())) == "allow"


async def test_after_a_failure_the_next_question_has_its_own_answer(
    open_decider: Open, short_folder: Path
) -> None:
    """A question that was given up leaves nothing behind that could answer the next one."""
    fake = FakeOpa(short_folder / "opa.sock", silence, body({"result": denial("request.second")}))
    async with fake, open_decider(fake.socket_path) as decider:
        assert verdict(await decider.ask(request())) == "pdp_unavailable"
        assert verdict(await decider.ask(request())) == "request.second"


async def test_an_idle_connection_that_was_closed(open_decider: Open, short_folder: Path) -> None:
    """An engine that closes idle connections costs no decision."""
    async with (
        FakeOpa(short_folder / "opa.sock", body(_ALLOW)) as fake,
        open_decider(fake.socket_path) as decider,
    ):
        for _ in range(3):
            assert verdict(await decider.ask(request())) == "allow"
            fake.drop_connections()


async def test_many_at_once(open_decider: Open, short_folder: Path) -> None:
    """Questions that are asked at the same time are each answered with their own decision."""

    async def answer(writer: asyncio.StreamWriter) -> None:
        path, asked = fake.questions[-1]
        if path.endswith("batch/request"):
            calls = asked["input"]["calls"]
            result: Any = {str(place): denial(call["query"]) for place, call in enumerate(calls)}
        else:
            result = denial(asked["input"]["query"])
        await body({"result": result})(writer)

    fake = FakeOpa(short_folder / "opa.sock", answer)
    async with fake, open_decider(fake.socket_path) as decider:
        decisions = await asyncio.gather(*(decider.ask(request(query=f"q.{n}")) for n in range(100)))
    assert [verdict(decision) for decision in decisions] == [f"q.{n}" for n in range(100)]


async def test_a_decider_that_was_closed_denies(open_decider: Open, short_folder: Path) -> None:
    """After `close` nothing is asked any more, and nothing is raised."""
    async with FakeOpa(short_folder / "opa.sock", body(_ALLOW)) as fake:
        async with open_decider(fake.socket_path) as decider:
            assert verdict(await decider.ask(request())) == "allow"
        assert verdict(await decider.ask(request())) == "pdp_unavailable"
        assert len(fake.questions) == 1


async def test_closed_denies() -> None:
    """The decider of an engine that does not run denies everything as unavailable."""
    closed = Closed()
    assert verdict(await closed.ask(request())) == "pdp_unavailable"
    await closed.close()
