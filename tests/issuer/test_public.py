"""`issuer.public` and `issuer.oauth` on the real process: keys, introspection, revocation, and bad callers."""

import base64
import json
from typing import Any

import httpx
import pytest
from joserfc import jwk

from audit.entry import EventEntry
from issuer.keyset import generate_key
from tests.issuer.forge import token
from tests.issuer.home import Home, token_for

FORM = "application/x-www-form-urlencoded"
HEADERS = {"content-type": FORM}


def basic(user: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


def ask(home: Home, path: str, body: bytes, **headers: str) -> httpx.Response:
    """A raw call with the right client's credentials and whatever headers a test gives."""
    right = {**HEADERS, "authorization": basic("crash-reporting", home.secrets["crash-reporting"])}
    return home.public("POST", path, content=body, headers={**right, **headers})


def test_the_jwks_is_public_and_holds_public_keys(home: Home) -> None:
    """Anybody may read the keys; an independent library takes them, and no private part is among them."""
    reply = home.public("GET", "/.well-known/jwks.json")
    assert reply.headers["cache-control"] == "max-age=30"
    keys = jwk.KeySet.import_key_set(reply.json())
    assert [key.is_private for key in keys.keys] == [False]
    (entry,) = reply.json()["keys"]
    assert (entry["use"], entry["alg"], entry["crv"], entry["kid"]) == (
        "sig",
        "ES256",
        "P-256",
        keys.keys[0].thumbprint(),
    )


def test_an_active_token_is_described_to_its_audience(home: Home) -> None:
    """Introspection of an active token answers every claim of it."""
    answer = home.start_workflow()
    said = home.introspect(token_for(answer))
    assert (said["active"], said["aud"], said["iss"]) == (True, "crash-reporting", home.url)
    assert said["sub"] == said["workflow"] == answer["workflow"]
    assert said["client_id"] == said["agent"] == "crash-tracker"
    assert said["scope"] == "read:crash-reports read:stack-traces"
    assert said["txn"] == answer["decision"]
    assert said["exp"] - said["iat"] == 300


def test_another_service_learns_nothing(home: Home) -> None:
    """A resource server that is not the audience is told only that the token is not active."""
    compact = token_for(home.start_workflow())
    assert home.introspect(compact, "telemetry") == {"active": False}
    assert home.introspect(compact, "crash-reporting")["active"] is True


def test_a_token_that_does_not_verify_is_inactive(home: Home) -> None:
    """Garbage, another key's token, and a good token with a letter changed are all just inactive."""
    good = token_for(home.start_workflow())
    changed = good[:-2] + ("A" if good[-2] != "A" else "B") + good[-1]
    for compact in ("x", "a.b.c", token(generate_key()), changed, good + "=", "é", "\x00", "x" * 9000):
        assert home.introspect(compact) == {"active": False}


def test_revoking_a_token_ends_its_workflow(home: Home) -> None:
    """Revocation is by workflow: every token of it is inactive at once, it is not renewed, and the log says so."""
    answer = home.start_workflow()
    auth = ("crash-reporting", home.secrets["crash-reporting"])
    reply = home.public("POST", "/revoke", auth=auth, data={"token": token_for(answer)})
    assert (reply.status_code, reply.json()) == (200, {})
    assert home.introspect(token_for(answer)) == {"active": False}
    assert home.introspect(token_for(answer, "telemetry"), "telemetry") == {"active": False}
    assert home.control("POST", f"/workflows/{answer['workflow']}/tokens").status_code == 409
    ours = [e for e in home.entries() if isinstance(e, EventEntry) and e.workflow == answer["workflow"]]
    assert [e.event for e in ours] == ["workflow.started", "workflow.ended", "token.revoked"]
    assert ours[1].detail["reason"] == "revoked"
    assert ours[2].detail["audience"] == "crash-reporting"


def test_only_the_audience_may_revoke(home: Home) -> None:
    """For another service, and for garbage, the answer is the same 200, and nothing has changed."""
    answer = home.start_workflow()
    auth = ("telemetry", home.secrets["telemetry"])
    for compact in (token_for(answer), "garbage"):
        reply = home.public("POST", "/revoke", auth=auth, data={"token": compact})
        assert (reply.status_code, reply.json()) == (200, {})
    assert home.introspect(token_for(answer))["active"] is True


@pytest.mark.parametrize("path", ["/introspect", "/revoke"])
@pytest.mark.parametrize(
    "authorization",
    [
        "",
        "Basic",
        "Basic !!!",
        "Basic " + base64.b64encode(b"\xff\xfe:\xff").decode(),
        "Basic " + base64.b64encode(b"crash-reporting").decode(),
        basic("crash-reporting", ""),
        basic("crash-reporting", "wrong"),
        basic("crash-reporting", "%ff" * 8),
        basic("nobody", "wrong"),
        basic("", "wrong"),
        "Bearer abc",
    ],
)
def test_a_caller_without_the_secret_is_401(home: Home, path: str, authorization: str) -> None:
    """Whoever does not authenticate with HTTP Basic and the right secret gets 401 and a challenge, and no more."""
    compact = token_for(home.start_workflow())
    reply = ask(home, path, f"token={compact}".encode(), authorization=authorization)
    assert (reply.status_code, reply.json()["error"]) == (401, "invalid_client")
    assert reply.headers["www-authenticate"].startswith("Basic ")
    assert home.introspect(compact)["active"] is True


def test_the_secret_of_one_service_is_not_anothers(home: Home) -> None:
    """A service's name with another service's secret is 401."""
    authorization = basic("crash-reporting", home.secrets["telemetry"])
    assert ask(home, "/introspect", b"token=x", authorization=authorization).status_code == 401


def test_the_secret_counts_in_the_header_only(home: Home) -> None:
    """`client_secret_post` is not a way in."""
    secret = home.secrets["crash-reporting"]
    body = f"token=x&client_id=crash-reporting&client_secret={secret}".encode()
    assert ask(home, "/introspect", body, authorization="").status_code == 401


@pytest.mark.parametrize("path", ["/introspect", "/revoke"])
@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"", FORM),
        (b"tok=x", FORM),
        (b"token", FORM),
        (b"token=x&token=y", FORM),
        (b"token=x&&", FORM),
        (b"token=%ff", FORM),
        (b"token=\xc3\xa9", FORM),
        (b"&".join(b"f%d=1" % number for number in range(40)), FORM),
        (b'{"token":"x"}', "application/json"),
        (b"token=x", ""),
        (b"token=x", "text/plain"),
    ],
)
def test_another_form_is_400(home: Home, path: str, body: bytes, content_type: str) -> None:
    """What is not one readable form with one token is refused, also for a service with the right secret."""
    reply = ask(home, path, body, **{"content-type": content_type})
    assert reply.status_code == 400, reply.text


def test_two_authorization_headers_are_400(home: Home) -> None:
    """Which of two would count must not be guessed."""
    right = basic("crash-reporting", home.secrets["crash-reporting"])
    headers = [("content-type", FORM), ("authorization", right), ("authorization", basic("telemetry", "x"))]
    assert home.public("POST", "/introspect", content=b"token=x", headers=headers).status_code == 400


@pytest.mark.parametrize("hint", ["access_token", "refresh_token", "saml"])
def test_a_hint_changes_nothing(home: Home, hint: str) -> None:
    """Hints at the token's type and unknown parameters are ignored (RFC 7009 section 2.1)."""
    compact = token_for(home.start_workflow())
    reply = ask(home, "/introspect", f"token={compact}&token_type_hint={hint}&x=".encode())
    assert reply.json()["active"] is True


def test_a_form_with_a_charset_is_a_form(home: Home) -> None:
    """Parameters of the media type do not matter."""
    reply = ask(home, "/introspect", b"token=x", **{"content-type": f"{FORM}; charset=utf-8"})
    assert (reply.status_code, reply.json()) == (200, {"active": False})


def test_a_large_body_is_413_before_the_caller_is_known(home: Home) -> None:
    """A body over 16 KiB is refused, announced or not."""
    for content in (b"token=" + b"x" * 20_000, iter([b"token=", b"x" * 20_000])):
        reply = home.public("POST", "/introspect", content=content, headers=HEADERS)
        assert reply.status_code == 413


def test_health_answers(home: Home) -> None:
    """GET /health is 200 while the process serves."""
    assert home.public("GET", "/health").json() == {"status": "ok"}


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/workflows"),
        ("GET", "/workflows"),
        ("DELETE", "/workflows"),
        ("GET", "/endings"),
        ("POST", "/keys/rotate"),
        ("POST", "/token"),
        ("GET", "/introspect"),
        ("GET", "/authorize"),
    ],
)
def test_the_control_api_is_not_on_the_network(home: Home, method: str, path: str) -> None:
    """The TCP port serves its four routes and nothing of the control API."""
    reply = home.public(method, path)
    assert reply.status_code in {404, 405}
    document: dict[str, Any] = json.loads(reply.content)
    assert document["code"].startswith("request.")
