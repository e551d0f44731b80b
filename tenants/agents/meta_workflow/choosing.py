"""Which remedy a finding asks for, by its detector; the remedies themselves do the work.

What only people may do (give more, look into a jury, change this very role) becomes words for them.
"""

from pathlib import Path

from tenants.agents.calls import Proxy
from tenants.agents.meta_workflow.model import Finding, History
from tenants.agents.meta_workflow.narrowing import stricter
from tenants.agents.meta_workflow.pages import smaller_pages
from tenants.agents.meta_workflow.refit import refit
from tenants.agents.meta_workflow.remedy import Remedy, Report
from tenants.agents.meta_workflow.settings import OWN_ROLE


def remedy_of(proxy: Proxy, clone: Path, finding: Finding, history: History) -> Remedy | Report:
    """What to propose, or what to tell people. Raises UnreachableError."""
    if finding.role == OWN_ROLE:
        return Report(f"{OWN_ROLE} itself: {finding.subject}", ("Of itself it proposes nothing.",))
    match finding.detector:
        case "latency":
            return smaller_pages(clone, finding, history.observations)
        case "accuracy":
            return refit(clone, finding)
        case "sequences" | "destinations" | "volume":
            return stricter(proxy, clone, finding)
        case "denials":
            return Report(
                f"{finding.role} is refused more than it was: {finding.subject}",
                (
                    "If it should be allowed, that is for a person to give: `doorless policy draft --from ID` shows",
                    "the smallest grant, with its tests and its replay. Nothing that loosens is proposed from here.",
                ),
            )
        case _:
            return Report(
                f"{finding.subject} failed more than it did{' for ' + finding.role if finding.role else ''}",
                ("What an agent produces is not mended by a limit or a role; look at what it was asked.",),
            )
