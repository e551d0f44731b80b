"""Chapter `room`: an agent that holds no credential does its work, and then tries what must fail."""

import hashlib
import json
import socket
import subprocess
import sys
from urllib.parse import urlsplit

from doorless.demo.stage import Stage
from doorless.demo.teller import Shown, Step, Teller

TITLE = "The padded room: crash-tracker works, and finds no door"

# What is tried, the probe's name, and how it has to end: the verdict and the true code in the log.
_TRIED = (
    ("read", "GET /crash-reporting/reports", "allow", ""),
    ("write", "POST /crash-reporting/reports/…/status (a write)", "deny", "request.action_not_granted"),
    ("other-service", "GET /telemetry/query (another role's service)", "deny", "request.service_not_granted"),
    (
        "other-data",
        "GET /crash-reporting/reports/…/reporter (data not in the role)",
        "deny",
        "request.data_not_granted",
    ),
    (
        "no-route",
        "GET /crash-reporting/internal/metrics (not in the catalogue)",
        "deny",
        "request.route_unknown",
    ),
    ("own-header", "GET /crash-reporting/reports with an Authorization header of its own", "allow", ""),
)
_FORGED = hashlib.sha256(b"Bearer forged-by-the-agent").hexdigest()


def tell(stage: Stage, teller: Teller) -> None:
    """The agent's work, then its attempts."""
    _work(stage, teller)
    _attempts(stage, teller)


def _work(stage: Stage, teller: Teller) -> None:
    ran = stage.run_agent("crash-tracker", "python", "-m", "tenants.agents.crash_tracker")
    decisions = stage.decisions(stage.newest_workflow("crash-tracker"))
    allowed = [decision for decision in decisions if decision.decision == "allow"]
    as_told = ran.exit_code == 0 and len(allowed) == len(decisions) > 0
    last = allowed[-1].id if allowed else ""
    tried = f"crash-tracker reads every report and stack trace in {len(decisions)} calls"
    teller.step(Step(tried, "ALLOW" if as_told else "DENY", "", last, as_told))
    teller.quote(list(ran.lines[:9]))


def _attempts(stage: Stage, teller: Teller) -> None:
    address = urlsplit(stage.at.crash).netloc
    seen_before = len(stage.logs.crash.read_text().splitlines())
    results = stage.run_agent("crash-tracker", "python", "probe.py", address, "r-0001").results
    for name, tried, verdict, code in _TRIED:
        teller.step(_judged(stage, results[name]["decision"], tried, verdict, code))
    _only_ours(stage, teller, seen_before)
    outside = _reachable(address)
    for name, tried in (
        ("direct", f"connect to the upstream at {address} directly"),
        ("metadata", "connect to 169.254.169.254"),
    ):
        reached = results[name]["reached"]
        step = Step(
            tried, "ALLOW" if reached else "DENY", "no network in the sandbox", "", not reached and outside
        )
        teller.step(step)
    teller.fact("the same address answers outside the sandbox", as_told=outside)
    _search(stage, teller, results["search"])


def _judged(stage: Stage, decision_id: str, tried: str, verdict: str, code: str) -> Step:
    """A step as the log tells it."""
    decision = stage.decision(decision_id)
    if decision is None:
        return Step(tried, "DENY", "NOT RECORDED", decision_id, as_told=False)
    true_code = decision.reasons[0].code if decision.reasons else ""
    shown: dict[str, Shown] = {"allow": "ALLOW", "deny": "DENY", "hold": "HOLD"}
    as_told = decision.decision == verdict and true_code == code
    return Step(tried, shown[decision.decision], true_code, decision_id, as_told)


def _only_ours(stage: Stage, teller: Teller, seen_before: int) -> None:
    """What the upstream received, by its own account."""
    lines = [json.loads(line) for line in stage.logs.crash.read_text().splitlines()[seen_before:]]
    forged = [line for line in lines if line["authorization_sha256"] == _FORGED]
    credentialed = [line for line in lines if line["headers"].count("authorization") == 1]
    teller.fact(
        f"the upstream saw {len(lines)} calls, each with one credential, none the agent's",
        as_told=not forged and len(credentialed) == len(lines) == 2,
    )


def _search(stage: Stage, teller: Teller, result: dict[str, object]) -> None:
    """The search found nothing inside; the same search outside, in the home, finds what is there."""
    command = [sys.executable, str(stage.agents / "probe.py"), "search", str(stage.home.root)]
    outside = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    tried = f"search environment, /proc and {result['files']} files for a token or key: {len(result['found'])} found"  # type: ignore[arg-type]
    teller.fact(tried, as_told=result["found"] == [] and int(str(result["files"])) > 0)
    teller.fact(
        f"the same search in the home, outside: {len(outside['found'])} found",
        as_told=len(outside["found"]) > 0,
    )


def _reachable(address: str) -> bool:
    host, port = address.rsplit(":", 1)
    try:
        socket.create_connection((host, int(port)), timeout=2).close()
    except OSError:
        return False
    return True
