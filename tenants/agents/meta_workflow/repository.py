"""The repository that is improved: cloned, changed and pushed with plain git, and its pull requests by the forge's API.

Holds no credential. What git says is printed as it is: a refusal's reasons stand in it.
"""

import datetime as dt
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from tenants.agents.calls import Proxy, UnreachableError
from tenants.agents.meta_workflow import reading
from tenants.agents.meta_workflow.memory import Earlier, State, branch_of, claimed, told_in
from tenants.agents.meta_workflow.model import Finding, History
from tenants.agents.meta_workflow.remedy import Remedy
from tenants.agents.meta_workflow.settings import OWN_ROLE, Settings
from tenants.agents.pr_creator.shell import git

SERVICE: Final = "code-repository"
_MOST_PAGES: Final = 20
_PAGE: Final = 100


def api_of(repository: str) -> str:
    """The API's address of a repository that git names by its URL."""
    return f"/{SERVICE}/repos/{re.sub(r'[.]git$', '', urlsplit(repository).path.strip('/'))}"


def earlier(proxy: Proxy, settings: Settings, history: History) -> list[Earlier]:
    """What this agent proposed before: pull requests from branches of workflows that the log says were its own."""
    roles = {one.workflow: one.role for one in history.happenings if one.event == "workflow.started"}
    found = []
    for pull in _pulls(proxy, settings):
        head = pull.get("head")
        claim = claimed(str(head.get("ref", ""))) if isinstance(head, dict) else None
        if claim is None:
            continue
        workflow, name = claim
        if workflow not in roles:
            roles[workflow] = reading.role_of(proxy, workflow)
        if roles[workflow] == OWN_ROLE:
            found.append(_earlier(pull, workflow, name))
    return found


def begin(place: Path, settings: Settings) -> Path:
    """A clone of the staging branch. Raises GitFailedError."""
    clone = place / "clone"
    git(place, "clone", "--quiet", "--branch", settings.base, settings.repository, str(clone))
    return clone


def push(clone: Path, settings: Settings, finding: Finding, remedy: Remedy) -> str:
    """Commit the remedy alone on a branch of its own and push it; the branch. Raises GitFailedError."""
    branch = branch_of(settings.workflow, finding)
    git(clone, "checkout", "--quiet", "-B", branch, f"origin/{settings.base}")
    for path, text in remedy.files.items():
        file = clone / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    git(clone, "add", "--all")
    git(clone, "commit", "--quiet", "--message", remedy.title)
    git(clone, "push", "--quiet", "origin", f"HEAD:refs/heads/{branch}")
    return branch


def propose(proxy: Proxy, settings: Settings, title: str, text: str, branch: str) -> int:
    """Open the pull request; its number. Raises RefusedError, UnreachableError."""
    document = {"title": title, "body": text, "head": branch, "base": settings.base}
    path = f"{api_of(settings.repository)}/pulls"
    made = proxy.send_when_approved("POST", path, document, settings.patience_s)
    return int(made["number"])


def _pulls(proxy: Proxy, settings: Settings) -> Iterator[Mapping[str, Any]]:
    """Every pull request, page by page."""
    for page in range(1, _MOST_PAGES + 1):
        listed = proxy.get_list(
            f"{api_of(settings.repository)}/pulls", {"state": "all", "per_page": _PAGE, "page": page}
        )
        yield from (one for one in listed if isinstance(one, dict))
        if len(listed) < _PAGE:
            return
    raise UnreachableError(f"the repository has more than {_MOST_PAGES * _PAGE} pull requests")


def _earlier(pull: Mapping[str, Any], workflow: str, name: str) -> Earlier:
    state: State = "open"
    if pull.get("state") != "open":
        state = "merged" if pull.get("merged_at") else "refused"
    until_ms, effect = told_in(str(pull.get("body") or ""), name)
    return Earlier(
        number=int(pull.get("number") or 0),
        workflow=workflow,
        fingerprint=name,
        state=state,
        created_ms=_milliseconds(str(pull.get("created_at"))),
        until_ms=until_ms,
        effect=effect,
    )


def _milliseconds(text: str) -> int:
    try:
        return int(dt.datetime.fromisoformat(text).timestamp() * 1000)
    except ValueError:
        return 0
