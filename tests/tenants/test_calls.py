"""How agents call: every answer becomes a JSON object, a refusal or trouble."""

import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from tenants.agents import calls
from tenants.agents.calls import Proxy, Reason, RefusedError, UnreachableError, printable


def proxy_that(answers: Callable[[httpx.Request], httpx.Response]) -> Proxy:
    return Proxy(httpx.Client(base_url="http://gateway", transport=httpx.MockTransport(answers)))


def answering(status: int, body: bytes) -> Proxy:
    return proxy_that(lambda _request: httpx.Response(status, content=body))


def refusal(document: Any, status: int = 403) -> RefusedError:
    with pytest.raises(RefusedError) as caught:
        answering(status, json.dumps(document).encode()).get("/service/path", {})
    return caught.value


def test_an_object_is_returned_and_requests_are_counted() -> None:
    """A JSON object comes back as it is, parameters go into the query, and the count is kept."""
    proxy = proxy_that(lambda request: httpx.Response(200, json={"asked": request.url.raw_path.decode()}))
    assert proxy.get("/service/path", {"limit": 5}) == {"asked": "/service/path?limit=5"}
    proxy.get("/service/path", {})
    assert proxy.requests == 2


def test_a_refusal_carries_every_reason_and_the_decision() -> None:
    """The reasons of a problem document arrive in order, with the decision's id."""
    reasons = [
        {"code": "a.b", "message": "First.", "remedy": "Do this."},
        {"code": "c.d", "message": "Second."},
    ]
    refused = refusal({"code": "a.b", "reasons": reasons, "decision": "d-1"}, status=429)
    assert (refused.status, refused.decision) == (429, "d-1")
    assert refused.reasons == (Reason("a.b", "First.", "Do this."), Reason("c.d", "Second.", "none given"))


@pytest.mark.parametrize("reasons", [None, [], "x", [1, None], {"code": "y"}])
def test_a_refusal_without_reasons_uses_its_detail(reasons: Any) -> None:
    """A problem document without usable reasons is told by its own code and detail."""
    refused = refusal({"code": "token_inactive", "detail": "Ended.", "reasons": reasons})
    assert refused.reasons == (Reason("token_inactive", "Ended.", "none given"),)
    assert refused.decision == ""


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (500, b"oops"),
        (403, b"[]"),
        (403, b'{"detail": "no code"}'),
        (403, b'{"code": 7}'),
        (200, b"not json"),
        (200, b"[]"),
        (200, b"[" * 200_000),
        (204, b""),
        (302, b"{}"),
        (201, b"{}"),
    ],
)
def test_anything_else_is_trouble(status: int, body: bytes) -> None:
    """An answer that is neither the promised object nor a refusal with a code is trouble."""
    with pytest.raises(UnreachableError):
        answering(status, body).get("/service/path", {})


def test_an_answer_without_end_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    """An answer over the limit is given up while it is read."""
    monkeypatch.setattr(calls, "ANSWER_LIMIT", 10)
    with pytest.raises(UnreachableError, match="larger than 10 bytes"):
        answering(200, b'{"long": "answer"}').get("/service/path", {})


def test_a_connection_that_breaks_is_trouble() -> None:
    """A transport error is trouble that names the request and nothing of the library."""

    def breaks(request: httpx.Request) -> httpx.Response:
        raise httpx.ReadError("", request=request)

    with pytest.raises(UnreachableError, match=r"GET /service/path: ReadError"):
        proxy_that(breaks).get("/service/path", {})


def test_control_characters_are_escaped() -> None:
    """Escape sequences, line breaks and direction marks never reach a terminal."""
    assert printable("a\x1b[31mb\nc\u202ed é") == "a\\x1b[31mb\\nc\\u202ed é"


def test_a_list_and_a_text_are_returned() -> None:
    """An array as a list, bytes as text; a refusal is one there too."""
    assert answering(200, b'[{"a": 1}, 2]').get_list("/s/p", {"page": 1}) == [{"a": 1}, 2]
    assert answering(200, "tlog ✓\n".encode()).get_text("/s/p") == "tlog ✓\n"
    with pytest.raises(RefusedError):
        answering(403, b'{"code": "a.b"}').get_list("/s/p", {})
    with pytest.raises(RefusedError):
        answering(403, b'{"code": "a.b"}').get_text("/s/p")


@pytest.mark.parametrize(("status", "body"), [(200, b"{}"), (200, b"x"), (204, b"[]"), (200, b"[" * 100_000)])
def test_what_is_no_list_is_trouble(status: int, body: bytes) -> None:
    """Another shape, another status, no JSON."""
    with pytest.raises(UnreachableError):
        answering(status, body).get_list("/s/p", {})


def test_what_is_no_text_is_trouble() -> None:
    """Bytes that are no UTF-8."""
    with pytest.raises(UnreachableError):
        answering(200, b"\xff").get_text("/s/p")
