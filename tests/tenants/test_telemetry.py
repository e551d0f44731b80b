"""The telemetry service over HTTP: its key, its routes, its errors."""

import hashlib
from pathlib import Path

import httpx
import pytest

from tenants.services.telemetry.app import main
from tests.tenants.conftest import Running
from tests.tenants.processes import refused_start

MODULE = "tenants.services.telemetry"
QUERY = 'avg(latency_ms{service="checkout",region=~"eu-.*"}[1h]) by (service) step 15m'


def keyed(service: Running) -> dict[str, str]:
    return {"X-Api-Key": service.credential}


def test_a_query_is_answered_by_get_and_post_alike(telemetry: Running) -> None:
    """The same query in the target and in a body gives the same answer: four buckets for one service."""
    got = telemetry.client.get("/query", params={"q": QUERY}, headers=keyed(telemetry))
    posted = telemetry.client.post("/query", json={"q": QUERY}, headers=keyed(telemetry))
    assert got.status_code == posted.status_code == 200
    assert got.json() == posted.json()
    assert got.json()["end"] == 1_795_305_600
    line = got.json()["series"][0]
    assert line["labels"] == {"service": "checkout"}
    assert [time for time, _ in line["points"]] == [1_795_302_000 + 900 * number for number in range(4)]


@pytest.mark.parametrize("path", ["/query", "/series", "/annotations"])
def test_no_route_but_health_opens_without_the_key(telemetry: Running, path: str) -> None:
    """No key, another key, an empty one, a longer one and two keys are all 401."""
    right = telemetry.credential
    assert telemetry.client.get(path).json()["code"] == "key_missing"
    for wrong in ("", "x", right + "x", right[:-1], "é"):
        headers = [(b"X-Api-Key", wrong.encode("latin-1"))]
        answer = telemetry.client.get(path, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (401, "key_wrong")
        assert answer.headers["www-authenticate"].startswith("ApiKey")
    twice = [("X-Api-Key", right), ("X-Api-Key", right)]
    assert telemetry.client.get(path, headers=twice).json()["code"] == "key_missing"
    assert telemetry.client.get("/health").json() == {"status": "ok"}


def test_a_wrong_query_is_answered_with_position_and_expectation(telemetry: Running) -> None:
    """A syntax error is 400 with the offset and what was expected; an unknown metric lists the known ones."""
    answer = telemetry.client.get("/query", params={"q": "avg(latency_ms[1h)"}, headers=keyed(telemetry))
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["position"] == 17
    assert answer.json()["expected"] == "`]`"
    unknown = telemetry.client.get(
        "/query", params={"q": "avg(nothing[1h])"}, headers=keyed(telemetry)
    ).json()
    assert unknown["code"] == "query_unanswerable"
    assert "latency_ms" in unknown["detail"]
    assert telemetry.client.get("/query", headers=keyed(telemetry)).json()["position"] == 0


@pytest.mark.parametrize("body", [b"", b"[]", b'{"q": 1}', b'{"q": "x", "r": 1}', b"\xff"])
def test_a_body_that_is_no_query_is_refused(telemetry: Running, body: bytes) -> None:
    """A body that is not exactly a query is 400."""
    answer = telemetry.client.post("/query", content=body, headers=keyed(telemetry))
    assert (answer.status_code, answer.json()["code"]) == (400, "body_invalid")


def test_series_lists_metrics_and_labels(telemetry: Running) -> None:
    """The list names the time axis, every metric and every label value once."""
    listed = telemetry.client.get("/series", headers=keyed(telemetry)).json()
    assert sorted(listed["metrics"]) == ["cpu_percent", "errors", "latency_ms", "requests"]
    assert listed["metrics"]["errors"]["region"] == ["eu-central", "eu-west", "us-east"]
    assert listed["axis"] == {"begin": 1_794_096_000, "end": 1_795_305_600, "step_s": 300}


def test_an_annotation_is_written_and_read_back(telemetry: Running) -> None:
    """A remark that was accepted stands in the list; an empty or endless one is refused."""
    remark = {"time": 1_795_300_000, "text": "deployed 4.12.1"}
    added = telemetry.client.post("/annotations", json=remark, headers=keyed(telemetry))
    assert added.status_code == 201
    assert remark in telemetry.client.get("/annotations", headers=keyed(telemetry)).json()["annotations"]
    for text in ("", "x" * 501):
        wrong = telemetry.client.post(
            "/annotations", json={"time": 1, "text": text}, headers=keyed(telemetry)
        )
        assert wrong.json()["code"] == "text_invalid"
    assert telemetry.client.post("/annotations", content=b"{}", headers=keyed(telemetry)).status_code == 400


def test_the_request_log_holds_the_key_as_a_digest_only(telemetry: Running) -> None:
    """The line shows which key came by its digest, and no file holds the key itself."""
    telemetry.client.get("/series", headers=keyed(telemetry))
    line = telemetry.last_request()
    assert line["api_key_sha256"] == hashlib.sha256(telemetry.credential.encode()).hexdigest()
    assert line["authorization_sha256"] == ""
    assert telemetry.credential not in telemetry.request_log.read_text()


def test_unknown_routes_are_problems(telemetry: Running) -> None:
    """Unknown routes and methods are problems in the same shape."""
    answers = [telemetry.client.get("/nowhere"), telemetry.client.delete("/query", headers=keyed(telemetry))]
    assert [answer.json()["code"] for answer in answers] == ["route_unknown", "method_not_allowed"]


def test_a_start_without_a_key_says_why(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A missing and an empty key file end with code 2 and one sentence."""
    (tmp_path / "empty").write_text("\n")
    for name, sentence in (("none", "No such file"), ("empty", "is empty")):
        with pytest.raises(SystemExit) as ended:
            main(["--listen", "127.0.0.1:0", "--api-key-file", str(tmp_path / name)])
        assert ended.value.code == 2
        assert sentence in capsys.readouterr().err


def test_a_taken_port_is_named(telemetry: Running, tmp_path: Path) -> None:
    """A port that another process holds is a sentence, not a trace."""
    (tmp_path / "key").write_text("canary")
    taken = httpx.URL(telemetry.url)
    ended = refused_start(
        MODULE, "--listen", f"127.0.0.1:{taken.port}", "--api-key-file", str(tmp_path / "key")
    )
    assert ended.code == 2
    assert "cannot listen" in ended.errors
