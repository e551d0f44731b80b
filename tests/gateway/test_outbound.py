"""What an agent sends is searched for secrets before policy decides, and what held one is never logged."""

import base64
import json
import secrets
from typing import Any

import pytest

from gateway.outbound import LEFT_OUT, findings
from gateway.scrub import LiveSecret, Scrubber
from gateway.secret import Secret
from tests.canaries import CANARIES
from tests.gateway.rig import STATIC_KEY, Rig

NOTHING = Scrubber(())


def _part(document: dict[str, str]) -> str:
    return base64.urlsafe_b64encode(json.dumps(document).encode()).decode().rstrip("=")


JWT = ".".join(
    (_part({"alg": "HS256", "typ": "JWT"}), _part({"sub": "someone"}), "c2lnbmF0dXJlLW9mLXRoZS10b2tlbg")
)

# In pieces: no program that searches sources for keys should stumble over this file.
LOOK_LIKE = {
    "anthropic-key": "sk-ant-" + "api03-" + "aB3_" * 23 + "AA",
    "aws-access-key": "AKIA" + "IOSFODNN7EXAMPLE",
    "aws-session-key": "ASIA" + "IOSFODNN7EXAMPLE",
    "github-pat": "github_pat_" + "11ABCDEFG0abcdefghijkl" + "_" + "A1b2" * 14 + "xyz",
    "github-token": "ghp_" + "a1B2" * 9,
    "gitlab-token": "glpat-" + "aB3-" * 5,
    "google-api-key": "AIza" + "SyA1b2C3d4E5f6G7h8I9j0K1l2M3n4O5p6Q",
    "jwt": JWT,
    "npm-token": "npm_" + "aB3d" * 9,
    "openai-key": "sk-proj-" + "aB3_" * 9 + "T3Blbk" + "FJ" + "aB3_" * 9,
    "private-key": "-----BEGIN " + "RSA PRIVATE KEY-----",
    "pypi-token": "pypi-AgE" + "IcHlwaS5vcmc" + "aB3_" * 12,
    "sendgrid-key": "SG." + "aB3_" * 5 + "aB" + "." + "aB3_" * 10 + "aB3",
    "slack-token": "xoxb-" + "123456789012-abcdefABCDEF",
    "slack-webhook": "https://hooks.slack.com/services/" + "T0123456789/B0123456789/" + "aB3d" * 6,
    "stripe-key": "sk_live_" + "aB3d" * 6,
}

# The nearest harmless neighbours: what looks almost like it, in real traffic.
HARMLESS = {
    "anthropic-key": "sk-ant-api03-<your key here>",
    "aws-access-key": "arn:aws:iam::123456789012:role/AKIAROLE",
    "aws-session-key": "ASIA" + "PACIFIC" * 3,
    "github-pat": "github_pat_11ABCDEFG0_is_a_placeholder",
    "github-token": "ghp_ is the prefix of tokens, as in ghp_xxxx; sighp_" + "a1B2" * 9,
    "gitlab-token": "glpat-short and the word glpat",
    "google-api-key": "AIza is how they begin, " + "xAIza" + "a" * 35,
    "jwt": "cursor=eyJpZCI6MTIzNDU2Nzg5MCwic29ydCI6ImRlc2MifQ&next=eyJhIjoxfQ.eyJiIjoyfQ",
    "npm-token": "npm_config_cache and npm_package_name",
    "openai-key": "task-T3BlbkFJ is a fragment and sk-learn a library",
    "private-key": "-----BEGIN PUBLIC KEY----- and a PRIVATE KEY in prose",
    "pypi-token": "pypi-AgE is how they begin",
    "sendgrid-key": "SG.1 and MSG.aaaaaaaaaaaaaaaaaaaaaa.short",
    "slack-token": "xoxo-hugs-and-kisses",
    "slack-webhook": "https://hooks.slack.com/services/ is documented",
    "stripe-key": "sk_live_ and sk_test_" + "aB3d" * 6,
}


@pytest.mark.parametrize("shape", LOOK_LIKE)
def test_a_well_known_shape_is_found_plain_and_percent_encoded(shape: str) -> None:
    """Each shape is a finding of its own name, alone, within text and percent-encoded; each was seen failing without it."""
    plain = LOOK_LIKE[shape].encode()
    encoded = "".join(f"%{byte:02X}" for byte in plain).encode()
    for sent in (plain, b'{"text": "' + plain + b'"}', b"key=" + plain + b"&x=1", b"/a?q=" + encoded):
        assert findings(sent, NOTHING) == (f"pattern.{shape}",)


@pytest.mark.parametrize("shape", HARMLESS)
def test_its_nearest_harmless_neighbour_is_not_found(shape: str) -> None:
    """What is almost the shape passes. With the marker alone as the pattern, each of these was a finding."""
    assert findings(HARMLESS[shape].encode(), NOTHING) == ()


def test_every_shape_has_an_example_and_a_neighbour() -> None:
    """No shape without both; found by adding one without them."""
    from gateway.token_shapes import SHAPES

    names = [shape.id for shape in SHAPES]
    assert sorted(names) == sorted(LOOK_LIKE) == sorted(HARMLESS)
    assert all(shape.origin for shape in SHAPES)


def test_a_live_secret_is_found_in_any_rendering_by_reference() -> None:
    """A finding names the credential, not the secret; without the scrubber nothing was found."""
    secret = secrets.token_urlsafe(24)
    scrubber = Scrubber([LiveSecret("mail-key", Secret(secret))])
    for sent in (secret, secret[::-1], secret.encode().hex(), base64.b64encode(secret.encode()).decode()):
        assert findings(b"/?q=" + sent.encode(), scrubber) == ("secret.mail-key",)


SEARCHED: dict[str, tuple[str, bytes | None, dict[str, str]]] = {
    "query": ("/notes/notes?q={}", None, {}),
    "path": ("/notes/notes/{}", None, {}),
    "header": ("/notes/notes", None, {"Prefer": "{}"}),
    "content type": ("/notes/notes", None, {"Content-Type": "text/{}"}),
    "body": ("/searched/tell", b'{"text": "{}"}', {"Content-Type": "application/json"}),
    "body of any type": ("/searched/tell", b"\0\1{}", {"Content-Type": "application/octet-stream"}),
}


@pytest.mark.parametrize("what", ["pattern.github-token", "secret.static-key"])
@pytest.mark.parametrize("place", SEARCHED)
def test_a_secret_in_a_request_is_denied_by_policy_and_not_logged(rig: Rig, place: str, what: str) -> None:
    """Policy is told, denies, nothing is forwarded, and the log holds the finding without its text.

    Without the rule it was forwarded; without `loggable` the log held the key.
    """
    secret = STATIC_KEY if what.startswith("secret") else CANARIES_TOKEN
    target, body, headers = SEARCHED[place]
    answer = rig.agent().request(
        "POST" if body else "GET",
        target.format(secret),
        body.replace(b"{}", secret.encode()) if body else None,
        {name: value.format(secret) for name, value in headers.items()},
    )
    assert (answer.status, answer.json["code"]) == (403, "request.secret_outbound")
    assert rig.upstream.received == []
    recorded = rig.decision(answer.decision)
    assert recorded.source == "policy"
    assert recorded.input is not None
    assert recorded.input["scan"] == [what]
    assert (recorded.input["path"], recorded.input["query"]) == (LEFT_OUT, LEFT_OUT)


CANARIES_TOKEN = "ghp_" + secrets.token_hex(18)
CANARIES.watch("github-token", CANARIES_TOKEN[4:])


def test_a_refusal_before_policy_does_not_log_a_secret_either(rig: Rig) -> None:
    """A target that no route knows, or that is malformed, is recorded without its secret.

    Without it the journal held the key, in the target and in the operator's reason.
    """
    agent = rig.agent()
    for target in (f"/{STATIC_KEY}/x", f"/notes/nowhere/{STATIC_KEY}", f"/notes//{STATIC_KEY}"):
        answer = agent.get(target)
        assert answer.status in {400, 404}
        recorded = rig.decision(answer.decision)
        assert recorded.request is not None
        assert recorded.request.target == LEFT_OUT  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("body", "headers", "finding"),
    [
        (b"x" * 65_537, {}, "body.too_large"),
        (b"x", {"Content-Encoding": "gzip"}, "body.encoded"),
    ],
)
def test_a_body_that_cannot_be_searched_is_denied_where_bodies_are(
    rig: Rig, body: bytes, headers: dict[str, str], finding: str
) -> None:
    """Where a service wants bodies searched, one that cannot be is a finding. Without it such bodies went through."""
    answer = rig.agent().request("POST", "/searched/tell", body, headers)
    assert (answer.status, answer.json["code"]) == (403, "request.secret_outbound")
    assert finding in answer.json["detail"]
    assert rig.upstream.received == []


def test_a_chunked_body_that_grows_too_large_is_denied(rig: Rig) -> None:
    """A body of unknown length is read only as far as it can be searched, though it never ends.

    Without the limit the gateway read on, and there was no answer.
    """
    head = b"POST /searched/tell HTTP/1.1\r\nHost: proxy\r\nTransfer-Encoding: chunked\r\n\r\n"
    received = rig.agent().raw(head + (b"4000\r\n" + b"x" * 0x4000 + b"\r\n") * 25)
    assert received.startswith(b"HTTP/1.1 403 ")
    assert b"body.too_large" in received
    assert rig.upstream.received == []


@pytest.mark.parametrize("chunked", [False, True])
def test_a_searched_body_travels_unchanged(rig: Rig, chunked: bool) -> None:
    """What was read for the search reaches the upstream byte for byte. Without the replay it arrived empty."""
    body = bytes(range(256)) * 100
    sent: Any = iter([body[:1000], body[1000:]]) if chunked else body
    answer = rig.agent().request("POST", "/searched/tell", sent)
    assert answer.status == 200
    assert rig.upstream.received[-1].body == body
    recorded = rig.decision(answer.decision)
    assert recorded.input is not None
    assert (recorded.input["scan"], recorded.input["path"]) == ([], "/tell")


def test_bodies_are_not_searched_where_nobody_asked(rig: Rig) -> None:
    """Without `scan_bodies` a body streams as before, whatever it holds; the service's entry decides."""
    body = b"ghp_" + b"a1B2" * 9
    assert rig.agent().request("POST", "/notes/notes", body).status == 200
    assert rig.upstream.received[-1].body == body


def test_a_clients_own_placeholder_key_harms_nobody(rig: Rig) -> None:
    """Client libraries insist on a key: what is stripped anyway is not searched. Searching it denied the call."""
    assert rig.agent().get("/notes/notes", Authorization="Bearer ghp_" + "a1B2" * 9).status == 200
