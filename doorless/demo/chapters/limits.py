"""Chapter `limits`: telemetry-analyzer works, then asks more often than its role may."""

from doorless.demo.stage import Stage
from doorless.demo.teller import Step, Teller

TITLE = "Limits: telemetry-analyzer works, then asks too often"


def tell(stage: Stage, teller: Teller) -> None:
    """A report, then a burst."""
    ran = stage.run_agent("telemetry-analyzer", "python", "-m", "tenants.agents.telemetry_analyzer")
    decisions = stage.decisions(stage.newest_workflow("telemetry-analyzer"))
    as_told = ran.exit_code == 0 and {decision.decision for decision in decisions} == {"allow"}
    tried = f"telemetry-analyzer calls proxy/telemetry/query in {len(decisions)} calls"
    teller.step(Step(tried, "ALLOW" if as_told else "DENY", "", decisions[-1].id, as_told))
    teller.quote(list(ran.lines[:6]))
    with stage.streaming("telemetry-analyzer", "/telemetry/series") as stream:
        refused = stream.until(lambda answer: answer["status"] != 200)
    allowed = len(stream.seen) - 1
    decision = stage.decision(refused["decision"])
    code = decision.reasons[0].code if decision else "NOT RECORDED"
    wait = refused["retry_after"]
    as_told = code == "rate_limited" and wait is not None and allowed + len(decisions) == 60
    tried = f"call {allowed + len(decisions) + 1} within a minute, role limit 60 (Retry-After: {wait})"
    teller.step(Step(tried, "DENY", code, refused["decision"], as_told))
