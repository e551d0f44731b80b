"""The crash-reporting service over HTTP: its routes, its refusals, its word to the issuer."""

import base64
import hashlib
import json
import time
from pathlib import Path
from typing import Any

import httpx
import pytest
from joserfc.jwk import ECKey

from tenants.services.crash_reporting.app import main
from tenants.services.crash_reporting.events import PAUSE_S
from tenants.services.crash_reporting.settings import STORED
from tests.tenants.conftest import Running
from tests.tenants.fake_issuer import AUDIENCE, FakeIssuer
from tests.tenants.processes import Service, refused_start

MODULE = "tenants.services.crash_reporting"


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def get(service: Running, issuer: FakeIssuer, path: str, **parameters: str | int) -> httpx.Response:
    return service.client.get(path, params=parameters, headers=bearer(issuer.token()))


def all_ids(service: Running, issuer: FakeIssuer) -> list[str]:
    ids: list[str] = []
    parameters: dict[str, str | int] = {"limit": 150}
    while True:
        page = get(service, issuer, "/reports", **parameters).json()
        ids += [report["id"] for report in page["reports"]]
        if not page["next_cursor"]:
            return ids
        parameters["cursor"] = page["next_cursor"]


def test_pages_walk_through_all_reports(crash_reporting: Running, issuer: FakeIssuer) -> None:
    """Pages give every stored report once, and show neither traces nor people."""
    ids = all_ids(crash_reporting, issuer)
    assert len(ids) == len(set(ids)) == 400
    shown = get(crash_reporting, issuer, "/reports", limit=1).json()["reports"][0]
    assert "stack_trace" not in shown
    assert "reporter" not in shown


def test_since_is_inclusive_and_until_exclusive(crash_reporting: Running, issuer: FakeIssuer) -> None:
    """A window of time holds its first moment and not its last."""
    first, *_, last = get(crash_reporting, issuer, "/reports", limit=20).json()["reports"]
    window = {"since": first["occurred_at"], "until": last["occurred_at"]}
    times = [
        report["occurred_at"]
        for report in get(crash_reporting, issuer, "/reports", limit=200, **window).json()["reports"]
    ]
    assert times[0] == first["occurred_at"]
    assert times[-1] < last["occurred_at"]


@pytest.mark.parametrize(
    ("parameters", "code"),
    [
        ({"limit": "0"}, "limit_invalid"),
        ({"limit": "201"}, "limit_invalid"),
        ({"limit": "-1"}, "limit_invalid"),
        ({"limit": "٣"}, "limit_invalid"),
        ({"limit": "9" * 5000}, "limit_invalid"),
        ({"since": "yesterday"}, "since_invalid"),
        ({"until": "2026-11-21T14:05:00+01:00"}, "until_invalid"),
        ({"cursor": "cr-none"}, "cursor_unknown"),
    ],
)
def test_wrong_parameters_are_named(
    crash_reporting: Running, issuer: FakeIssuer, parameters: dict[str, str], code: str
) -> None:
    """A parameter that cannot be used is refused by name, never guessed at."""
    answer = get(crash_reporting, issuer, "/reports", **parameters)
    assert (answer.status_code, answer.json()["code"]) == (400, code)
    assert answer.headers["content-type"] == "application/problem+json"


def test_traces_come_in_bulk_in_the_order_asked(crash_reporting: Running, issuer: FakeIssuer) -> None:
    """A bulk of stack traces keeps the order and names the ids that do not exist."""
    second, first = all_ids(crash_reporting, issuer)[:2]
    answer = get(crash_reporting, issuer, "/stack-traces", reports=f"{first},cr-none,{second}").json()
    assert [trace["id"] for trace in answer["stack_traces"]] == [first, second]
    assert answer["missing"] == ["cr-none"]
    single = get(crash_reporting, issuer, f"/stack-traces/{first}").json()
    assert single == answer["stack_traces"][0]


def test_a_bulk_has_a_limit(crash_reporting: Running, issuer: FakeIssuer) -> None:
    """One hundred traces may be asked for at once, one hundred and one may not, and none may not."""
    ids = all_ids(crash_reporting, issuer)
    assert get(crash_reporting, issuer, "/stack-traces", reports=",".join(ids[:100])).status_code == 200
    assert get(crash_reporting, issuer, "/stack-traces", reports=",".join(ids[:101])).status_code == 400
    assert get(crash_reporting, issuer, "/stack-traces").status_code == 400


def test_a_status_changes_and_stays(crash_reporting: Running, issuer: FakeIssuer) -> None:
    """A status that was written is what the report says from then on."""
    report_id = all_ids(crash_reporting, issuer)[5]
    for status in ("closed", "open"):
        headers = bearer(issuer.token())
        answer = crash_reporting.client.post(
            f"/reports/{report_id}/status", json={"status": status}, headers=headers
        )
        assert answer.json()["status"] == status
        assert get(crash_reporting, issuer, f"/reports/{report_id}").json()["status"] == status


@pytest.mark.parametrize(
    "body", [b"", b"{}", b'{"status": "gone"}', b'{"status": "open", "id": "x"}', b"\xff"]
)
def test_a_wrong_status_is_refused(crash_reporting: Running, issuer: FakeIssuer, body: bytes) -> None:
    """A body that is not exactly a status changes nothing."""
    report_id = all_ids(crash_reporting, issuer)[0]
    answer = crash_reporting.client.post(
        f"/reports/{report_id}/status", content=body, headers=bearer(issuer.token())
    )
    assert (answer.status_code, answer.json()["code"]) == (400, "body_invalid")


def test_the_reporter_is_read_alone(crash_reporting: Running, issuer: FakeIssuer) -> None:
    """A reporter's contact data are obviously made up and come only by their own route."""
    report_id = all_ids(crash_reporting, issuer)[0]
    assert (
        get(crash_reporting, issuer, f"/reports/{report_id}/reporter")
        .json()["email"]
        .endswith("@reporter.example")
    )


def test_events_come_as_they_happen_and_end(crash_reporting: Running, issuer: FakeIssuer) -> None:
    """Eleven events are eleven crashes with a pause between two, then the stream ends by itself."""
    begun = time.monotonic()
    with crash_reporting.client.stream("GET", "/events?count=11", headers=bearer(issuer.token())) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        chunks = [chunk for chunk in answer.iter_text() if chunk]
    text = "".join(chunks)
    assert text.count("event: crash\n") == 11
    assert text.endswith("event: end\ndata: {}\n\n")
    assert len(chunks) > 1
    assert time.monotonic() - begun >= 10 * PAUSE_S * 0.9
    first = json.loads(text.split("data: ")[1].splitlines()[0])
    assert first["id"] == all_ids(crash_reporting, issuer)[0]


def test_unknown_things_are_not_found(crash_reporting: Running, issuer: FakeIssuer) -> None:
    """An unknown report, an unknown route and an unknown method are problems, not faults."""
    assert get(crash_reporting, issuer, "/reports/cr-none").json()["code"] == "report_unknown"
    assert get(crash_reporting, issuer, "/nowhere").json()["code"] == "route_unknown"
    assert crash_reporting.client.delete("/reports").json()["code"] == "method_not_allowed"


def test_health_and_metrics(crash_reporting: Running, issuer: FakeIssuer) -> None:
    """Health wants no token; the metrics exist and want one."""
    assert crash_reporting.client.get("/health").json() == {"status": "ok"}
    assert crash_reporting.client.get("/internal/metrics").status_code == 401
    assert "crash_reports_stored 400" in get(crash_reporting, issuer, "/internal/metrics").text


ROUTES = [
    ("GET", "/reports", "read:crash-reports"),
    ("GET", "/reports/x", "read:crash-reports"),
    ("GET", "/events", "read:crash-reports"),
    ("GET", "/stack-traces", "read:stack-traces"),
    ("GET", "/stack-traces/x", "read:stack-traces"),
    ("POST", "/reports/x/status", "write:crash-reports"),
    ("GET", "/reports/x/reporter", "read:reporter-contacts"),
]


@pytest.mark.parametrize(("method", "path", "word"), ROUTES)
def test_every_route_wants_its_own_scope(
    crash_reporting: Running, issuer: FakeIssuer, method: str, path: str, word: str
) -> None:
    """Every other scope word together is not enough for a route, and none of them is asked of the issuer."""
    others = " ".join(other for *_, other in ROUTES if other != word)
    answer = crash_reporting.client.request(method, path, headers=bearer(issuer.token(scope=others)))
    assert (answer.status_code, answer.json()["code"]) == (403, "insufficient_scope")
    assert answer.json()["scope"] == word
    assert f'scope="{word}"' in answer.headers["www-authenticate"]


@pytest.mark.parametrize(
    "path",
    [
        "/reports",
        "/reports/x",
        "/reports/x/reporter",
        "/stack-traces",
        "/stack-traces/x",
        "/events",
        "/internal/metrics",
    ],
)
def test_no_route_but_health_opens_without_a_token(crash_reporting: Running, path: str) -> None:
    """Without a token every route is 401, before anything is looked up."""
    answer = crash_reporting.client.get(path)
    assert (answer.status_code, answer.json()["code"]) == (401, "token_missing")
    assert answer.headers["www-authenticate"].startswith("Bearer")


@pytest.mark.parametrize(
    ("claims", "code"),
    [
        ({"iss": "http://other.example"}, "token_issuer"),
        ({"iss": None}, "token_issuer"),
        ({"aud": "telemetry"}, "token_audience"),
        ({"aud": [AUDIENCE]}, "token_audience"),
        ({"aud": None}, "token_audience"),
        ({"exp": 1_700_000_000}, "token_expired"),
        ({"exp": None}, "token_malformed"),
        ({"exp": "9999999999"}, "token_malformed"),
        ({"exp": True}, "token_malformed"),
        ({"nbf": 4_000_000_000, "exp": 4_000_000_100}, "token_not_yet"),
        ({"nbf": None}, "token_malformed"),
        ({"sub": None}, "token_malformed"),
        ({"scope": ["read:crash-reports"]}, "token_malformed"),
    ],
)
def test_wrong_claims_are_refused(
    crash_reporting: Running, issuer: FakeIssuer, claims: dict[str, Any], code: str
) -> None:
    """A well-signed token with a wrong or missing claim is 401 with the claim's own code."""
    answer = crash_reporting.client.get("/reports", headers=bearer(issuer.token(**claims)))
    assert (answer.status_code, answer.json()["code"]) == (401, code)
    assert not issuer.introspected


@pytest.mark.parametrize(
    "changes",
    [
        {"typ": "JWT"},
        {"typ": None},
        {"kid": None},
        {"kid": 7},
        {"jku": "http://127.0.0.1:1/keys"},
        {"x5u": "http://127.0.0.1:1/cert"},
        {"x5c": ["AAAA"]},
        {"crit": ["exp"]},
        {"cty": "JWT"},
    ],
)
def test_wrong_headers_are_refused(
    crash_reporting: Running, issuer: FakeIssuer, changes: dict[str, Any]
) -> None:
    """A header that lacks a member, or brings one more, never reaches a signature check."""
    original = issuer.token()
    answer = crash_reporting.client.get(
        "/reports", headers=bearer(with_header(original, issuer.header(**changes)))
    )
    assert (answer.status_code, answer.json()["code"]) == (401, "token_header")


def test_unsigned_and_symmetric_tokens_are_refused(crash_reporting: Running, issuer: FakeIssuer) -> None:
    """`none` and HS256 are not ES256."""
    for algorithm in ("none", "HS256", "RS256", "ES384"):
        token = with_header(issuer.token(), issuer.header(alg=algorithm))
        assert crash_reporting.client.get("/reports", headers=bearer(token)).json()["code"] == "token_header"


def test_a_foreign_signature_is_refused(crash_reporting: Running, issuer: FakeIssuer) -> None:
    """A token signed with another key under a known key id does not verify; nor does a changed one."""
    foreign = issuer.token(key=ECKey.generate_key("P-256"))
    assert crash_reporting.client.get("/reports", headers=bearer(foreign)).json()["code"] == "token_signature"
    header, payload, signature = issuer.token().split(".")
    for changed in (
        f"{header}.{payload[:-4]}AAAA.{signature}",
        f"{header}.{payload}.",
        f"{header}.{payload}.%%%",
    ):
        assert (
            crash_reporting.client.get("/reports", headers=bearer(changed)).json()["code"]
            == "token_signature"
        )


@pytest.mark.parametrize("token", ["x", "a.b", "a.b.c.d.e", "%%.b.c", "W10.b.c", "x" * 9_000])
def test_what_is_no_token_is_refused(crash_reporting: Running, token: str) -> None:
    """Anything that is not a compact JWS of a bearable size is malformed."""
    answer = crash_reporting.client.get("/reports", headers=bearer(token))
    assert (answer.status_code, answer.json()["code"]) == (401, "token_malformed")


def test_a_token_has_a_limit(crash_reporting: Running, issuer: FakeIssuer) -> None:
    """A token over 8 KiB is refused before it is read, even if it is well signed."""
    answer = crash_reporting.client.get("/reports", headers=bearer(issuer.token(padding="x" * 8_192)))
    assert (answer.status_code, answer.json()["code"]) == (401, "token_malformed")


def test_only_one_bearer_header_counts(crash_reporting: Running, issuer: FakeIssuer) -> None:
    """Two Authorization headers, another scheme, or text after the token are refused."""
    token = issuer.token()
    twice = [("Authorization", f"Bearer {token}"), ("Authorization", f"Bearer {token}")]
    assert crash_reporting.client.get("/reports", headers=twice).status_code == 401
    for value in (f"Basic {token}", token, f"Bearer {token} x", "Bearer"):
        assert crash_reporting.client.get("/reports", headers={"Authorization": value}).status_code == 401
    assert (
        crash_reporting.client.get("/reports", headers={"Authorization": f"bearer {token}"}).status_code
        == 200
    )


def test_an_ended_workflow_is_refused_at_once(crash_reporting: Running, issuer: FakeIssuer) -> None:
    """The very next request after the issuer said inactive is 401, and it works again when the issuer says so."""
    headers = bearer(issuer.token())
    assert crash_reporting.client.get("/reports", headers=headers).status_code == 200
    issuer.active = False
    refused = crash_reporting.client.get("/reports", headers=headers)
    assert (refused.status_code, refused.json()["code"]) == (401, "token_inactive")
    issuer.active = True
    assert crash_reporting.client.get("/reports", headers=headers).status_code == 200
    assert len(issuer.introspected) == 3
    assert issuer.introspected[0]["token"] == [headers["Authorization"].removeprefix("Bearer ")]


@pytest.mark.parametrize(
    "answer",
    [
        (500, b"{}"),
        (401, b'{"error": "invalid_client"}'),
        (200, b"not json"),
        (200, b'"active"'),
        (200, b"{}"),
        (200, b'{"active": "true"}'),
        (200, b'{"active": 1}'),
        (302, b'{"active": true}'),
        (200, b'{"active": true}' + b" " * 70_000),
    ],
)
def test_an_issuer_that_makes_no_sense_means_no(
    crash_reporting: Running, issuer: FakeIssuer, answer: tuple[int, bytes]
) -> None:
    """Whatever is not a clear `active: true` or `false` is 503, never a pass."""
    assert get(crash_reporting, issuer, "/reports").status_code == 200  # the key is known from here on
    issuer.answer = answer
    refused = get(crash_reporting, issuer, "/reports")
    assert (refused.status_code, refused.json()["code"]) == (503, "issuer_unavailable")


def test_a_redirecting_issuer_means_no(crash_reporting: Running, issuer: FakeIssuer) -> None:
    """The service's secret and the token go to the address it was given, and are never sent on to another."""
    issuer.moved = True
    assert get(crash_reporting, issuer, "/reports").json()["code"] == "issuer_unavailable"
    assert not issuer.introspected


def test_a_slow_issuer_means_no(crash_reporting: Running, issuer: FakeIssuer) -> None:
    """An issuer that does not answer in time is 503, and the request does not hang."""
    assert get(crash_reporting, issuer, "/reports").status_code == 200
    issuer.released.clear()
    assert get(crash_reporting, issuer, "/reports").status_code == 503
    issuer.released.set()
    assert get(crash_reporting, issuer, "/reports").status_code == 200


def test_an_issuer_that_is_down_means_no(tmp_path: Path) -> None:
    """A service whose issuer cannot be reached starts, answers 503 to every token, and takes them when it is back."""
    issuer = FakeIssuer()
    (tmp_path / "secret").write_text(issuer.secret)
    flags = (
        "--audience",
        AUDIENCE,
        "--issuer",
        issuer.url,
        "--introspection-secret-file",
        str(tmp_path / "secret"),
    )
    issuer.close()
    service = Service(MODULE, "--listen", "127.0.0.1:0", *flags)
    try:
        answer = httpx.get(service.url + "/reports", headers=bearer(issuer.token()), trust_env=False)
        assert (answer.status_code, answer.json()["code"]) == (503, "issuer_unavailable")
        assert httpx.get(service.url + "/health", trust_env=False).status_code == 200
    finally:
        errors = service.stop()
    assert "issuer unavailable" in errors


def test_a_wrong_introspection_secret_means_no(tmp_path: Path, issuer: FakeIssuer) -> None:
    """A service that the issuer does not know serves nobody."""
    (tmp_path / "secret").write_text("canary-wrong-secret")
    flags = (
        "--audience",
        AUDIENCE,
        "--issuer",
        issuer.url,
        "--introspection-secret-file",
        str(tmp_path / "secret"),
    )
    service = Service(MODULE, "--listen", "127.0.0.1:0", *flags)
    try:
        answer = httpx.get(service.url + "/reports", headers=bearer(issuer.token()), trust_env=False)
        assert answer.status_code == 503
    finally:
        errors = service.stop()
    assert "canary-wrong-secret" not in errors


def test_a_new_key_is_taken_and_an_unknown_one_is_not_chased(
    crash_reporting: Running, issuer: FakeIssuer
) -> None:
    """A token under a newly published key passes; a flood of unknown key ids causes few fetches."""
    issuer.keys["second"] = ECKey.generate_key("P-256")
    token = issuer.token(issuer.header(kid="second"), issuer.keys["second"])
    deadline = time.monotonic() + 15
    while (answer := crash_reporting.client.get("/reports", headers=bearer(token))).status_code != 200:
        assert answer.json()["code"] == "token_key"
        assert time.monotonic() < deadline
        time.sleep(0.1)
    before = issuer.jwks_requests
    for _ in range(20):
        unknown = issuer.token(issuer.header(kid="unknown"))
        assert crash_reporting.client.get("/reports", headers=bearer(unknown)).json()["code"] == "token_key"
    assert issuer.jwks_requests - before <= 10


def test_the_request_log_shows_what_arrived(crash_reporting: Running, issuer: FakeIssuer) -> None:
    """One line has target, header names and digests, and never a value."""
    token = issuer.token()
    headers = {**bearer(token), "X-Canary": "canary-header-value"}
    crash_reporting.client.post("/reports/a%20b/status?x=1", content=b"canary-body", headers=headers)
    line = crash_reporting.last_request()
    assert (line["method"], line["target"]) == ("POST", "/reports/a%20b/status?x=1")
    assert line["authorization_sha256"] == hashlib.sha256(f"Bearer {token}".encode()).hexdigest()
    assert line["body_sha256"] == hashlib.sha256(b"canary-body").hexdigest()
    assert line["headers"] == sorted(line["headers"])
    assert "x-canary" in line["headers"]
    text = crash_reporting.request_log.read_text()
    assert token not in text
    assert "canary-header-value" not in text
    assert "canary-body" not in text
    assert crash_reporting.request_log.stat().st_mode & 0o777 == 0o600


def test_a_body_over_the_limit_is_refused(crash_reporting: Running, issuer: FakeIssuer) -> None:
    """A body larger than the service reads is 413, announced or chunked."""
    for content in (b"x" * 70_000, (b"x" * 10_000 for _ in range(7))):
        answer = crash_reporting.client.post(
            "/reports/x/status", content=content, headers=bearer(issuer.token())
        )
        assert (answer.status_code, answer.json()["code"]) == (413, "body_too_large")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder with a secret and with files that are wrong, each in its own way."""
    report = STORED.read_bytes().splitlines(keepends=True)[0]
    contents = {"secret": b"canary", "empty": b"", "binary": b"\xff", "broken": b"{}", "twice": report * 2}
    for name, content in contents.items():
        (tmp_path / name).write_bytes(content)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(
    ("flag", "value", "sentence"),
    [
        ("--introspection-secret-file", "none", "No such file"),
        ("--introspection-secret-file", "empty", "is empty"),
        ("--introspection-secret-file", "binary", "not ASCII"),
        ("--data", "broken", "broken:1:"),
        ("--data", "empty", "holds no report"),
        ("--data", "none", "No such file"),
        ("--data", "twice", "a report id twice"),
        ("--request-log", "none/log", "cannot open --request-log"),
        ("--listen", "127.0.0.1", "is not HOST:PORT"),
        ("--listen", "127.0.0.1:70000", "is not HOST:PORT"),
        ("--listen", "192.0.2.1:80", "cannot listen"),
    ],
)
def test_a_start_that_cannot_work_says_why(
    capsys: pytest.CaptureFixture[str], flag: str, value: str, sentence: str
) -> None:
    """A wrong flag or file ends the start with code 2 and one sentence, before anything is served."""
    flags = {
        "--listen": "127.0.0.1:0",
        "--audience": AUDIENCE,
        "--issuer": "http://127.0.0.1:1",
        "--introspection-secret-file": "secret",
        flag: value,
    }
    with pytest.raises(SystemExit) as ended:
        main([word for pair in flags.items() for word in pair])
    assert ended.value.code == 2
    assert sentence in capsys.readouterr().err


def test_a_start_over_a_terminal_is_one_sentence(tmp_path: Path) -> None:
    """The process itself ends with code 2 and prints neither a trace nor a ready line."""
    flags = ("--listen", "192.0.2.1:80", "--audience", AUDIENCE, "--issuer", "http://127.0.0.1:1")
    (tmp_path / "secret").write_text("canary")
    ended = refused_start(MODULE, *flags, "--introspection-secret-file", str(tmp_path / "secret"))
    assert (ended.code, ended.output) == (2, "")
    assert ended.errors.startswith("error: cannot listen")
    assert "Traceback" not in ended.errors


def with_header(token: str, header: dict[str, Any]) -> str:
    """Put another header on a signed token."""
    _, payload, signature = token.split(".")
    encoded = base64.urlsafe_b64encode(json.dumps(header).encode()).rstrip(b"=").decode()
    return f"{encoded}.{payload}.{signature}"
