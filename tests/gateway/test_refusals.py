"""How refusals look, as pure values; what real clients make of them stands in `tests/clients`."""

import json
from typing import Any, get_args

import pytest

from decision.model import Deny, Hold, RateLimit, Reason, gateway_denial
from decision.services import ErrorShape
from gateway.holding.denials import CHANGED, REVOKED, SPENT, TOO_MANY, UNREAD, VOID, refused as said_no
from gateway.holding.holds import Hold as HeldCall, RefusedBy
from gateway.limits import Exceeded
from gateway.refusals import NO_APPROVER, STATUS, Refusal, headers_of, refusal_of, shape_for, write
from tests.gateway.holding.test_holds import OPENED

SHAPES = (*get_args(ErrorShape), "any")
QUESTION = b'{"jsonrpc": "2.0", "id": 7, "method": "tools/call"}'
EXCEEDED = Exceeded(RateLimit("role:x", 1, 60, 1), retry_after_s=9)


def refused(code: str, exceeded: Exceeded | None = None) -> Refusal:
    """The refusal of one code."""
    return refusal_of(gateway_denial(code, "No.", "Do this."), "d-1", exceeded=exceeded)


def document(refusal: Refusal, shape: str, body: bytes = b"") -> tuple[int, Any]:
    """Status and JSON of a refusal."""
    status, _, written = write(refusal, shape, body)
    return status, json.loads(written)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("code", [*STATUS, "request.action_not_granted", "hold_no_approver"])
def test_no_shape_of_any_refusal_looks_like_success_or_waiting(shape: str, code: str) -> None:
    """Every status is an error that invites nothing: never 2xx (but JSON-RPC's answer), never 202, 409 or 425.

    With 202 for a hold this failed for every shape.
    """
    status, _, written = write(refused(code), shape, b"")
    assert status in {401, 403, 404, 413, 429, 502, 503, 504}
    assert f"No. [{code}] Do this. (decision d-1)".encode() in written


@pytest.mark.parametrize("code", STATUS)
def test_only_a_rate_limit_invites_to_try_again(code: str) -> None:
    """`Retry-After` stands on a rate limit alone; everything else carries `x-should-retry: false`.

    With `Retry-After` on every refusal all codes but one failed.
    """
    exceeded = EXCEEDED if code == "rate_limited" else None
    headers = dict(headers_of(refused(code, exceeded), "text/plain", 2))
    assert (headers.get(b"retry-after") == b"9") == (code == "rate_limited")
    assert (headers.get(b"x-should-retry") == b"false") == (code != "rate_limited")


@pytest.mark.parametrize("code", STATUS)
def test_github_refusals_are_403(code: str) -> None:
    """In the `github` shape every status is 403, in the document too: its clients repeat after others.

    With the table's own statuses each code but those of 403 failed.
    """
    status, told = document(refused(code), "github")
    assert (status, told["status"]) == (403, "403")


def test_a_github_rate_limit_has_githubs_words() -> None:
    """Octokit waits only where the message says "secondary rate". Without the words it failed here too."""
    _, told = document(refused("rate_limited", EXCEEDED), "github")
    assert "secondary rate limit" in told["message"]
    assert "secondary rate limit" not in document(refused("pdp_error"), "github")[1]["message"]


@pytest.mark.parametrize(
    ("body", "status", "asked"),
    [
        (QUESTION, 200, 7),
        (b'{"id": "a"}', 200, "a"),
        (b'{"jsonrpc": "2.0", "method": "notifications/initialized"}', 403, None),
        (b"", 403, None),
        (b'{"id": 7', 403, None),
        (b'[{"id": 7}]', 403, None),
        (b'{"id": {"a": 1}}', 403, None),
    ],
)
def test_only_a_json_rpc_question_is_answered_with_200(
    body: bytes, status: int, asked: str | int | None
) -> None:
    """HTTP 200 with the question's own id; anything that has no id is refused by status.

    With 200 for all of them the five without an id failed: an MCP client takes a DELETE with 200 for done.
    """
    told = document(refused("request.action_not_granted"), "mcp", body)
    assert (told[0], told[1]["id"], told[1]["error"]["code"]) == (status, asked, -32003)


def test_a_refusal_without_a_service_can_be_read_by_every_json_client() -> None:
    """One document with the members of all shapes. Without `message` octokit showed nothing, see `tests/clients`."""
    _, told = document(refused("request.not_found"), "any")
    assert told["detail"] == told["message"] == told["error"]["message"]
    assert (told["error"]["code"], told["jsonrpc"], told["id"]) == (404, "2.0", None)


@pytest.mark.parametrize(
    ("service", "headers", "shape"),
    [
        ("openai", {}, "openai"),
        ("problem", {b"accept": b"application/json"}, "problem"),
        ("openai", {b"accept": b"text/html, application/problem+json"}, "problem"),
        ("mcp", {b"accept": b"application/problem+json"}, "mcp"),
        ("git", {b"accept": b"application/problem+json"}, "git"),
        ("openai", {b"user-agent": b"git/2.39.5"}, "openai"),
        ("", {}, "any"),
        ("", {b"accept": b"application/problem+json"}, "problem"),
        ("", {b"user-agent": b"git/2.39.5"}, "git"),
        ("", {b"user-agent": b"not-git/2"}, "any"),
    ],
)
def test_the_shape_is_the_services_or_what_the_client_asks_for(
    service: str, headers: dict[bytes, bytes], shape: str
) -> None:
    """A service's shape is kept; problem+json is given where asked; without a service only the client's words count.

    Without the line on git its row failed, and git printed nothing, see `tests/clients`.
    """
    assert shape_for(service, tuple(headers.items())) == shape


def test_a_hold_that_nobody_can_approve_never_says_wait() -> None:
    """Each reason of such a hold leads to a person, and none invites to try again.

    With the rule's own remedy it said "Wait until this very call is approved", which never happens.
    """
    rule = Reason("request.irreversible", "Cannot be undone.", "Wait for the approval.", "r", retry="retry")
    shown = refusal_of(Hold((rule,), "irreversible", (), 600), "d-1")
    assert [reason.code for reason in shown.reasons] == ["hold_no_approver", "request.irreversible"]
    assert {(reason.remedy, reason.retry) for reason in shown.reasons} == {(NO_APPROVER.remedy, "final")}


def test_what_is_for_the_operator_is_not_shown() -> None:
    """Operators' reasons are left out beside others, and alone they are "not found".

    With all reasons shown the operator's code stood in the answer.
    """
    secret = Reason("request.route_unknown", "Secret.", "Secret.", "r", audience="operator")
    open_to_all = Reason("request.body_too_large", "No.", "Less.", "r")
    assert [one.code for one in refusal_of(Deny((secret, open_to_all)), "d").reasons] == [open_to_all.code]
    alone = refusal_of(Deny((secret,)), "d")
    assert (alone.status, alone.reasons[0].code) == (404, "request.not_found")


_REFUSED = HeldCall(OPENED, refusal=RefusedBy(OPENED.hold, 2, "ada", "not today"))


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("denial", [UNREAD, TOO_MANY, SPENT, REVOKED, VOID, CHANGED, said_no(_REFUSED)])
def test_what_persons_decide_is_told_in_every_shape(shape: str, denial: Deny) -> None:
    """Code, message and remedy stand in the text that is shown, and no client is invited to try again by itself.

    Without `x-should-retry` the SDKs of OpenAI sent a 403 once, and each 409 three times.
    """
    refusal = refusal_of(denial, "d-1")
    status, content_type, written = write(refusal, shape, b"")
    reason = denial.reasons[0]
    text = json.loads(written) if "json" in content_type else written.decode()
    for said in (reason.code, reason.remedy, "decision d-1"):
        assert said in str(text), said
    assert status == 403
    headers = dict(headers_of(refusal, content_type, len(written)))
    assert (headers.get(b"x-should-retry"), b"retry-after" in headers) == (b"false", False)


@pytest.mark.parametrize("shape", SHAPES)
def test_what_waits_is_told_in_every_shape(shape: str) -> None:
    """The hold's id, where its state is told and until when: in the text for every family, and as a header."""
    rule = Reason("request.irreversible", "Cannot be undone.", "Wait for the approval.", "r", retry="retry")
    refusal = refusal_of(Hold((rule,), "irreversible", ("ada",), 600), "d-1", opened=OPENED)
    status, content_type, written = write(refusal, shape, b"")
    assert status == 403
    for said in (OPENED.hold, f"/.doorless/holds/{OPENED.hold}", "request.irreversible"):
        assert said.encode() in written
    assert dict(headers_of(refusal, content_type, 0))[b"x-doorless-hold"] == OPENED.hold.encode()
