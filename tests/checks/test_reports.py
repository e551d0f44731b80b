"""Every form of one answer, with a change that tries to speak in it."""

import json
from typing import Any

import pytest

from checks import report_github, report_json, report_markdown, report_sarif, report_text
from checks.evidence import Evidence, could_not_run
from checks.result import CheckResult, Failure, failures_of, verdict_of
from decision.change import FindingFact
from decision.model import Allow, Decision, Deny, Hold, Reason, Source, Terms

HOSTILE = "a`|\n::error::[x](https://example.com)<b>\x1b[2J\N{RIGHT-TO-LEFT OVERRIDE}@all,%0A"
RENDERERS = (
    report_text.render,
    report_json.render,
    report_sarif.render,
    report_markdown.render,
    report_github.render,
)


def result(*failures: Failure, **changed: Any) -> CheckResult:
    """A failed check of one commit."""
    lost = FindingFact(
        rule="tests.regression", path="", line=0, severity="error", message=f"t::{HOSTILE} failed"
    )
    evidence = (
        Evidence(kind="semgrep", state="passed", message="0 new findings"),
        Evidence(
            kind="tests",
            state="failed",
            code="tests_regressed",
            message="1 of 2",
            remedy="Mend it.",
            findings=(lost,),
        ),
    )
    known: dict[str, Any] = {
        "verdict": "fail",
        "role": "pr-creator",
        "base": "b" * 40,
        "merge_base": "b" * 40,
        "head": "c" * 40,
        "files": 1,
        "lines": 2,
        "commits": 1,
        "failures": failures,
        "evidence": evidence,
        "recorded": False,
        "decision": "",
        "revision": "d" * 64,
    }
    return CheckResult(**(known | changed))


FAILURE = Failure(
    code="change.finding",
    rule="change.rules.finding",
    path="src/a b.py",
    line=7,
    message="Bad.",
    remedy="Mend it.",
)
SPEAKER = Failure(code="change.protected_path", rule="r", path=HOSTILE, message=HOSTILE, remedy=HOSTILE)


def test_text_names_rule_place_and_remedy_and_steers_no_terminal() -> None:
    """Each failure has its three parts; nothing that a terminal would obey comes through."""
    text = report_text.render(result(FAILURE, SPEAKER))
    assert "FAIL" in text
    assert "change.finding  src/a b.py:7" in text
    assert "do: Mend it." in text
    assert "unrecorded" in text
    assert "\x1b" not in text
    assert "\N{RIGHT-TO-LEFT OVERRIDE}" not in text


def test_json_is_the_whole_document() -> None:
    """Every failure and every evidence, as they are."""
    document = json.loads(report_json.render(result(FAILURE)))
    assert document["verdict"] == "fail"
    assert document["failures"][0]["line"] == 7
    assert [each["kind"] for each in document["evidence"]] == ["semgrep", "tests"]


def test_github_annotates_the_line_and_a_change_starts_no_command() -> None:
    """One command a line and no more lines than we made; properties and data are escaped."""
    lines = report_github.render(result(FAILURE, SPEAKER)).splitlines()
    assert lines[0] == "::error file=src/a b.py,line=7,title=change.finding::Bad.%0AMend it."
    assert all(line.startswith(("::error ", "::notice ")) for line in lines)
    assert len(lines) == 5
    assert "%3A%3Aerror" in lines[1].split("::")[1]


def test_markdown_keeps_the_change_in_code_spans() -> None:
    """No link, markup, mention or cell of the change's own."""
    text = report_markdown.render(result(FAILURE, SPEAKER))
    rows = [line for line in text.splitlines() if line.startswith("| `change.")]
    assert [row.count("|") for row in rows] == [5, 5]
    assert rows[1].count("`") == 8
    assert text.startswith(report_markdown.MARK)


def test_sarif_has_what_the_standard_requires() -> None:
    """Version, schema, one run with its tool's name, and results with message, rule and place (SARIF 2.1.0, 3.13 ff.)."""
    document = json.loads(report_sarif.render(result(FAILURE, SPEAKER)))
    assert document["version"] == "2.1.0"
    assert document["$schema"].endswith("sarif-schema-2.1.0.json")
    (run,) = document["runs"]
    driver = run["tool"]["driver"]
    assert driver["name"] == "doorless"
    for found in run["results"]:
        assert driver["rules"][found["ruleIndex"]]["id"] == found["ruleId"]
        assert found["message"]["text"]
        assert found["level"] in {"none", "note", "warning", "error"}
        assert len(found["locations"]) == 1
    place = run["results"][0]["locations"][0]["physicalLocation"]
    assert place["artifactLocation"] == {"uri": "src/a%20b.py", "uriBaseId": "ROOT"}
    assert place["region"] == {"startLine": 7}
    assert run["invocations"][0]["executionSuccessful"] is True
    assert (
        json.loads(report_sarif.render(result(verdict="could_not_run")))["runs"][0]["invocations"][0][
            "executionSuccessful"
        ]
        is False
    )


@pytest.mark.parametrize("render", RENDERERS)
def test_what_could_not_run_never_reads_like_a_pass(render: Any) -> None:
    """No form of such an answer says that it passed."""
    missing = could_not_run("semgrep", "semgrep_missing", "There is no semgrep.", "Run `make setup`.")
    said = render(result(verdict="could_not_run", evidence=(missing,))).casefold()
    assert "pass" not in said
    assert "could" in said


def reason(code: str) -> Reason:
    """A reason with a place."""
    return Reason(code=code, message="m", remedy="r", rule=code, path="p", line=3)


@pytest.mark.parametrize(
    ("decision", "verdict"),
    [
        (Allow(Terms()), "pass"),
        (Deny((reason("change.finding"),)), "fail"),
        (Deny((reason("change.evidence_could_not_run"),)), "could_not_run"),
        (Deny((reason("change.evidence_could_not_run"), reason("change.finding"))), "fail"),
        (Deny((reason("pdp_unavailable"),), Source.GATEWAY), "could_not_run"),
        (Hold((reason("change.irreversible"),), "t", ("a",), 60), "fail"),
    ],
)
def test_only_an_allow_is_a_pass(decision: Decision, verdict: str) -> None:
    """A silent engine and checks that could not run are no answer; whatever a person must decide has not passed."""
    assert verdict_of(decision) == verdict
    assert all((each.path, each.line) == ("p", 3) for each in failures_of(decision))
