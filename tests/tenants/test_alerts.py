"""The alerts service over HTTP: its key, what it takes, what it keeps."""

import json
from pathlib import Path
from typing import Any

import pytest

from checks.outputs import OutputSchemas, Said
from tests.tenants.conftest import Running
from tests.tenants.processes import refused_start

ALERT = {
    "type": "alert-team",
    "team": "payments",
    "severity": "high",
    "title": "Errors in us-east",
    "summary": "Twelve times the usual.",
    "links": ["https://example.com/graph"],
}


def keyed(service: Running) -> dict[str, str]:
    return {"X-Api-Key": service.credential}


def test_an_alert_in_the_form_of_its_schema_is_taken_and_can_be_read(alerts: Running) -> None:
    """What `checks` lets through is what the service takes: their forms are one."""
    assert OutputSchemas().check(json.dumps(ALERT).encode(), Said("alert-team")) == ()
    sent = alerts.client.post("/alerts", json=ALERT, headers=keyed(alerts))
    assert sent.status_code == 201
    kept = alerts.client.get("/alerts", headers=keyed(alerts)).json()["alerts"]
    assert kept[sent.json()["number"] - 1] == {name: value for name, value in ALERT.items() if name != "type"}


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        [],
        {**ALERT, "severity": "apocalyptic"},
        {**ALERT, "team": ""},
        {**ALERT, "links": ["x"] * 21},
        {**ALERT, "summary": 3},
    ],
)
def test_what_is_no_alert_wakes_nobody(alerts: Running, wrong: Any) -> None:
    """400 with a code, and nothing is kept."""
    before = alerts.client.get("/alerts", headers=keyed(alerts)).json()
    answer = alerts.client.post("/alerts", json=wrong, headers=keyed(alerts))
    assert (answer.status_code, answer.json()["code"]) == (400, "body_invalid")
    assert alerts.client.get("/alerts", headers=keyed(alerts)).json() == before


def test_no_route_but_health_opens_without_the_key(alerts: Running) -> None:
    """Neither reading nor writing; another key is none."""
    assert alerts.client.get("/health").status_code == 200
    for answer in (
        alerts.client.get("/alerts"),
        alerts.client.post("/alerts", json=ALERT),
        alerts.client.get("/alerts", headers={"X-Api-Key": alerts.credential + "x"}),
    ):
        assert answer.status_code == 401


def test_a_start_without_a_key_is_refused(tmp_path: Path) -> None:
    """An empty key file would have opened it to everybody."""
    (tmp_path / "key").write_text("")
    ended = refused_start(
        "tenants.services.alerts", "--listen", "127.0.0.1:0", "--api-key-file", str(tmp_path / "key")
    )
    assert ended.code == 2
    assert "is empty" in ended.errors
