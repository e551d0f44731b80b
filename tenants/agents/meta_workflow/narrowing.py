"""Policy that becomes stricter for the role of a finding: the narrowest role for what it did before, or one more veto.

The policy tools compute both what would go and what the past says of it; nothing is proposed whose replay shows a
decision of another role that flips, or a denial that would turn into an allow.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from tenants.agents.calls import Proxy, RefusedError
from tenants.agents.meta_workflow.model import Finding
from tenants.agents.meta_workflow.remedy import Remedy, Report
from tenants.agents.meta_workflow.veto import FOLDER, veto

TOOLS: Final = "/policy-tools"
ROLES_FILE: Final = "policies/roles.yaml"


def stricter(proxy: Proxy, clone: Path, finding: Finding) -> Remedy | Report:
    """A narrower role; where that takes nothing away and something new was asked, a rule that denies it."""
    title = f"{finding.role} did what it does not do: {finding.subject}"
    file = clone / ROLES_FILE
    if not file.is_file():
        return Report(title, ("The repository holds no policies, so none can be made stricter.",))
    try:
        found = _narrower(proxy, file.read_text(encoding="utf-8"), finding)
        if found is None and finding.detector == "destinations":
            found = _vetoed(proxy, finding)
    except RefusedError as refused:
        reason = refused.reasons[0].code if refused.reasons else str(refused.status)
        return Report(title, (f"The policy tools gave no answer ({reason}).",))
    if found is None:
        return Report(
            title, ("Its role holds no grant that it did without before, so no role can be narrower.",)
        )
    return found


def _narrower(proxy: Proxy, roles: str, finding: Finding) -> Remedy | None:
    asked = {
        "role": finding.role,
        "roles": roles,
        "since_ms": max(0, finding.baseline.from_ms),
        "until_ms": finding.window.from_ms,
    }
    suggested = proxy.send("POST", f"{TOOLS}/suggest", asked)
    text = suggested.get("new_text")
    if suggested.get("narrower") is not True or not isinstance(text, str) or text == roles:
        return None
    differs = proxy.send("POST", f"{TOOLS}/difference", {"old_roles": roles, "roles": text})
    if differs.get("verdict") != "tightened" or differs.get("proven") is not True:
        return None
    replayed = proxy.send("POST", f"{TOOLS}/replay", {"roles": text, "role": finding.role})
    if not _only_tightens(replayed, finding.role):
        return None
    gone = [f"{each['word']} on {each['service']}" for each in suggested.get("removed", [])]
    return Remedy(
        kind="role",
        title=f"Narrow the role {finding.role} to what it used",
        files={ROLES_FILE: text},
        fix=(
            *(f"taken_away: {one}, which it did not use before" for one in gone),
            *(
                f"lowered: {each['name']} {each['old']} -> {each['new']}"
                for each in suggested.get("lowered", [])
            ),
        ),
        results=_results(
            replayed, f"{suggested.get('decisions')} decisions before the finding were looked at"
        ),
        appendix=f"{_markdown(differs)}\n{_markdown(replayed)}",
    )


def _vetoed(proxy: Proxy, finding: Finding) -> Remedy | None:
    made = veto(finding)
    if made is None:
        return None
    asked = {"rule": {"name": made.name, "text": made.rule}, "role": finding.role}
    replayed = proxy.send("POST", f"{TOOLS}/replay", asked)
    if not _only_tightens(replayed, finding.role):
        return None
    return Remedy(
        kind="veto",
        title=f"Deny {finding.role} what it asked for the first time",
        files=made.files,
        fix=(f"new_rule: {FOLDER}/{made.name} denies {finding.subject} to {finding.role}",),
        results=_results(replayed, "the rule has tests of its own: caught, and three that must not be"),
        appendix=_markdown(replayed),
    )


def _only_tightens(replayed: Mapping[str, Any], role: str) -> bool:
    """Whether every decision that flips is one of this role, and none becomes an allow."""
    flips = replayed.get("flips")
    return isinstance(flips, list) and all(
        isinstance(one, dict) and one.get("role") == role and one.get("after") != "allow"
        for one in flips
        if not (isinstance(one, dict) and one.get("what") != "decision")
    )


def _results(replayed: Mapping[str, Any], looked_at: str) -> tuple[str, ...]:
    flips = [one for one in replayed.get("flips", []) if isinstance(one, dict)]
    refused = sum(int(one.get("count", 0)) for one in flips if one.get("what") == "decision")
    others = sum(int(one.get("count", 0)) for one in flips) - refused
    again = replayed.get("reproduced")
    said = f"of {again} recorded decisions that were made again, {refused} would be refused"
    return (f"tightened: {said}, and {others} allowed under a lower limit", looked_at)


def _markdown(replayed: Mapping[str, Any]) -> str:
    text = replayed.get("markdown")
    return text if isinstance(text, str) else ""
