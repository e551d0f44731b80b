"""The agents against the real services, as poor as a sandbox leaves them."""

import json
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from checks.outputs import OutputSchemas, Said
from tests.tenants.conftest import Running
from tests.tenants.fake_issuer import FakeIssuer
from tests.tenants.pass_through import PassThrough
from tests.tenants.processes import run_agent

TRACKER = "tenants.agents.crash_tracker"
ANALYZER = "tenants.agents.telemetry_analyzer"
UNTRACED = {
    "id": "cr-1",
    "occurred_at": "2026-11-21T14:05:00Z",
    "app": "shop",
    "version": "1.0",
    "language": "go",
    "users": 1,
    "occurrences": 1,
}
REFUSAL = {
    "title": "Forbidden",
    "status": 403,
    "detail": "all in one",
    "code": "role.data_denied",
    "decision": "d-canarydecision",
    "reasons": [
        {
            "code": "role.data_denied",
            "message": "Your role does not name this data.",
            "remedy": "Ask for it.\x1b[31m",
        },
        {"code": "second.code", "message": "Another reason.", "remedy": ""},
    ],
}


@pytest.fixture
def proxy(crash_reporting: Running, telemetry: Running, issuer: FakeIssuer) -> Iterator[PassThrough]:
    passing = PassThrough(
        {
            "crash-reporting": (
                crash_reporting.url,
                lambda: (
                    "Authorization",
                    "Bearer " + issuer.token(scope="read:crash-reports read:stack-traces"),
                ),
            ),
            "telemetry": (telemetry.url, lambda: ("X-Api-Key", telemetry.credential)),
        }
    )
    yield passing
    passing.close()


def test_the_tracker_ranks_every_bug_in_few_requests(proxy: PassThrough, packages: Path) -> None:
    """Twenty-five bugs from four hundred reports, in at most twelve requests, without sending a credential."""
    ended = run_agent(TRACKER, packages, proxy.url, "--json")
    assert (ended.code, ended.errors) == (0, "")
    document = json.loads(ended.output)
    assert document["reports"] == 400
    assert len(document["bugs"]) == 25
    assert document["requests"] == len(proxy.seen) <= 12
    scores = [bug["score"] for bug in document["bugs"]]
    assert scores == sorted(scores, reverse=True)
    grouped = [report for bug in document["bugs"] for report in bug["reports"]]
    assert len(grouped) == len(set(grouped)) == 400
    for _, headers in proxy.seen:
        assert not headers.keys() & {"authorization", "x-api-key", "cookie"}


def test_the_tracker_reports_to_people(proxy: PassThrough, packages: Path) -> None:
    """The report has the table, the top ten, a frame of each, and fits a page."""
    ended = run_agent(TRACKER, packages, proxy.url)
    assert (ended.code, ended.errors) == (0, "")
    lines = ended.output.splitlines()
    assert lines[0].startswith("400 crash reports, 25 distinct bugs")
    assert "storefront-web: TypeError" in lines[3]
    assert " 10  " not in lines[3]
    assert lines[12].startswith("10  ")
    assert "CartSummary.lineTotals (cart.js)" in ended.output
    assert max(map(len, lines)) <= 120


def test_the_analyzer_finds_what_happened(proxy: PassThrough, packages: Path) -> None:
    """The four incidents of the last day are found, each by its class, and the two small ones are noise."""
    ended = run_agent(ANALYZER, packages, proxy.url, "--json")
    assert (ended.code, ended.errors) == (0, "")
    document = json.loads(ended.output)
    found = {(one["class"], one["service"], one["region"]) for one in document["findings"]}
    assert found == {
        ("latency-regression", "checkout", "eu-west"),
        ("error-burst", "payments", "us-east"),
        ("traffic-drop", "search", "eu-central"),
        ("saturation", "catalog", "us-east"),
        ("noise", "search", "us-east"),
        ("noise", "catalog", "eu-west"),
    }
    assert document["requests"] == len(proxy.seen) == 4


@pytest.mark.parametrize("agent", [TRACKER, ANALYZER])
def test_what_is_handed_in_as_a_report_is_one(proxy: PassThrough, packages: Path, agent: str) -> None:
    """The document fits its schema, and names what was found with a confidence each."""
    ended = run_agent(agent, packages, proxy.url, "--report")
    assert (ended.code, ended.errors) == (0, "")
    assert OutputSchemas().check(ended.output.encode(), Said("report")) == ()
    findings = json.loads(ended.output)["findings"]
    assert len(findings) == {TRACKER: 25, ANALYZER: 4}[agent]
    assert all(0 < finding["confidence"] <= 1 for finding in findings)


def test_the_analyzer_says_how_often_its_rules_are_right(
    proxy: PassThrough, packages: Path, tmp_path: Path
) -> None:
    """On the shipped labelled samples; with rules that call everything one thing it says that too."""
    shipped = json.loads(run_agent(ANALYZER, packages, proxy.url, "--report").output)
    assert shipped["accuracy"] > 0.9
    assert shipped["samples"] == 240
    worse = tmp_path / "rules.yaml"
    worse.write_text("version: 1\ndefault: noise\nrules: []\n")
    said = json.loads(run_agent(ANALYZER, packages, proxy.url, "--report", "--rules", str(worse)).output)
    assert (said["accuracy"] < 0.5, said["samples"], said["findings"]) == (True, 240, [])


def test_the_analyzer_reports_to_people(proxy: PassThrough, packages: Path) -> None:
    """The report has one line for each finding that matters and counts the noise."""
    ended = run_agent(ANALYZER, packages, proxy.url)
    assert (ended.code, ended.errors) == (0, "")
    assert "4 findings, 2 noise (4 requests)" in ended.output
    assert "p95 latency up to" in ended.output
    assert max(map(len, ended.output.splitlines())) <= 140


def test_the_analyzer_classifies_by_the_rules_it_is_given(
    proxy: PassThrough, packages: Path, tmp_path: Path
) -> None:
    """Another rules file gives other classes; a wrong one is refused before anything is read."""
    other = tmp_path / "rules.yaml"
    other.write_text("version: 1\ndefault: saturation\nrules: []\n")
    ended = run_agent(ANALYZER, packages, proxy.url, "--json", "--rules", str(other))
    assert {one["class"] for one in json.loads(ended.output)["findings"]} == {"saturation"}
    other.write_text("version: 9\n")
    proxy.seen.clear()
    ended = run_agent(ANALYZER, packages, proxy.url, "--rules", str(other))
    assert ended.code == 2
    assert "version must be 1" in ended.errors
    assert not proxy.seen


@pytest.mark.parametrize("agent", [TRACKER, ANALYZER])
def test_a_refusal_is_shown_and_has_its_exit_code(proxy: PassThrough, packages: Path, agent: str) -> None:
    """Code, reason, remedy and decision of every reason are shown, control characters escaped; exit code 3."""
    proxy.refuse(403, REFUSAL)
    ended = run_agent(agent, packages, proxy.url)
    assert (ended.code, ended.output) == (3, "")
    for part in ("role.data_denied", "Your role does not name this data.", "Ask for it.", "second.code"):
        assert part in ended.errors
    assert "decision: d-canarydecision" in ended.errors
    assert "\x1b" not in ended.errors
    assert len(proxy.seen) == 1


def test_a_refusal_of_the_service_is_a_refusal_too(
    proxy: PassThrough, packages: Path, issuer: FakeIssuer
) -> None:
    """What the service itself refuses arrives with the service's code and without a decision."""
    issuer.active = False
    ended = run_agent(TRACKER, packages, proxy.url)
    assert ended.code == 3
    assert "token_inactive" in ended.errors
    assert "decision: none given" in ended.errors


@pytest.mark.parametrize("agent", [TRACKER, ANALYZER])
@pytest.mark.parametrize(
    "answer",
    [
        (500, b"oops"),
        (200, b"{}"),
        (200, json.dumps({"reports": [UNTRACED], "next_cursor": "", "stack_traces": []}).encode()),
        (200, b'{"reports": [{}], "next_cursor": "", "series": [{}]}'),
        (200, b'{"reports": [], "next_cursor": "x", "series": [{"labels": {}, "points": 1}]}'),
    ],
)
def test_an_answer_that_makes_no_sense_is_trouble(
    proxy: PassThrough, packages: Path, agent: str, answer: tuple[int, bytes]
) -> None:
    """Whatever is not what the service promises ends with code 4 and a sentence, not with a trace or a report."""
    proxy.refusal = answer
    ended = run_agent(agent, packages, proxy.url)
    assert (ended.code, ended.output) == (4, "")
    assert ended.errors.startswith("error: ")
    assert "Traceback" not in ended.errors


@pytest.mark.parametrize("agent", [TRACKER, ANALYZER])
def test_no_gateway_is_trouble_and_no_address_is_usage(packages: Path, agent: str) -> None:
    """A closed port and a nonsense address are code 4; without DOORLESS_URL it is code 2."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    for url in (f"http://127.0.0.1:{port}", "http://[::1"):
        ended = run_agent(agent, packages, url)
        assert (ended.code, ended.output) == (4, "")
        assert "Traceback" not in ended.errors
    ended = run_agent(agent, packages, None)
    assert ended.code == 2
    assert "DOORLESS_URL" in ended.errors
