"""From a crash report to a pull request: reproduce, mend, prove, push, propose; and then it is up to people.

Nothing is proposed that was not tried: the call of the report failed before and returns now, and the tests pass.
"""

import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from tenants.agents.calls import Proxy, RefusedError
from tenants.agents.pr_creator.crash import Crash
from tenants.agents.pr_creator.repair import candidates
from tenants.agents.pr_creator.settings import Settings
from tenants.agents.pr_creator.shell import git
from tenants.agents.pr_creator.trial import error_of, tests_pass

SERVICE = "code-repository"


class CannotFixError(Exception):
    """Nothing to propose; the text says why."""


def mend(clone: Path, crash: Crash) -> None:
    """Reproduce a crash in a clone and mend it there. Raises `CannotFixError`."""
    seen = error_of(clone, crash)
    if seen != crash.error:
        raise CannotFixError(f"{crash.call} ends with {seen or 'no error'}, not with {crash.error}")
    print(f"reproduced: {crash.call}: {seen}")
    file = clone / crash.path
    source = file.read_text(encoding="utf-8")
    for candidate in candidates(source, crash.function, crash.arguments):
        file.write_text(candidate, encoding="utf-8")
        if not error_of(clone, crash) and tests_pass(clone):
            print(f"mended: {crash.path}: the call returns, and the tests pass")
            return
    file.write_text(source, encoding="utf-8")
    raise CannotFixError(f"no change that was tried mends {crash.call}")


@dataclass(frozen=True, slots=True)
class Proposed:
    """A pull request that is open, and the commit that it proposes."""

    number: int
    commit: str


def propose(proxy: Proxy, settings: Settings, crash: Crash, clone: Path) -> Proposed:
    """Open the pull request for what was pushed."""
    head = settings.target.removeprefix("refs/heads/")
    document = {
        "title": f"Fix {crash.error.partition(':')[0]} in {crash.module}.{crash.function}",
        "body": _body(crash, git(clone, "diff", "HEAD~1", "HEAD", "--", crash.path)),
        "head": head,
        "base": settings.branch,
    }
    path = f"{_api(settings.repository)}/pulls"
    made = proxy.send_when_approved("POST", path, document, settings.patience_s)
    proposed = Proposed(int(made["number"]), git(clone, "rev-parse", "HEAD").strip())
    print(f"proposed: pull request {proposed.number}: {document['title']}")
    return proposed


def ask_to_merge(proxy: Proxy, settings: Settings, proposed: Proposed) -> bool:
    """Ask for the merge of that very commit, which only people can give; whether it was done. Prints where it waits."""
    path = f"{_api(settings.repository)}/pulls/{proposed.number}/merge"
    try:
        proxy.send("PUT", path, {"sha": proposed.commit})
    except RefusedError as refused:
        print(f"waiting: {refused.request}: {refused.hold or 'for nobody'}")
        for reason in refused.reasons:
            print(f"stopped: {reason.message} [{reason.code}] {reason.remedy}")
        return False
    return True


def _api(repository: str) -> str:
    """The API's address of a repository that git names by its URL."""
    return f"/{SERVICE}/repos/{re.sub(r'[.]git$', '', urlsplit(repository).path.strip('/'))}"


def _body(crash: Crash, difference: str) -> str:
    return (
        f"Report {crash.report}: `{crash.call}` ended with `{crash.error}`.\n\n"
        "Reproduced on the base: the call ends so. With this change it returns, and the tests pass.\n\n"
        f"```diff\n{difference}```\n"
    )
