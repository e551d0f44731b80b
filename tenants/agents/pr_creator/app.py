"""The pull-request creator: a clone, a change, a commit and a push, with plain git and no credential.

Given a crash report as its task it finds the change by itself, proves it, and opens a pull request; else it writes
the files that it is told. What git says is printed as it is: a refusal's reasons stand in it, and so do the remedies.
"""

import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tenants.agents import calls
from tenants.agents.calls import Proxy
from tenants.agents.pr_creator.crash import Crash, NotAReportError, read
from tenants.agents.pr_creator.fixing import CannotFixError, ask_to_merge, mend, propose
from tenants.agents.pr_creator.settings import Settings, parse
from tenants.agents.pr_creator.shell import GitFailedError, git

PUSHED = 0
USAGE = 2
REFUSED = 3
FAILED = 4


def main(argv: Sequence[str]) -> int:
    """Do the work; the exit code (see `settings`)."""
    settings = parse(argv, os.environ)
    try:
        crash = read(settings.task) if settings.task else None
    except NotAReportError as error:
        print(f"error: the task is no crash report: {error}", file=sys.stderr)
        return USAGE
    with tempfile.TemporaryDirectory() as place:
        clone = Path(place) / "clone"
        pushed = work(settings, clone, crash)
        if pushed != PUSHED or crash is None:
            return pushed
        return calls.run(settings.url, lambda proxy: _propose(proxy, settings, crash, clone))


def work(settings: Settings, clone: Path, crash: Crash | None) -> int:
    """Clone, change, commit, push."""
    begin = ("clone", "--quiet", "--branch", settings.branch, settings.repository, str(clone))
    try:
        git(clone.parent, *begin)
        if crash is not None:
            mend(clone, crash)
        write(clone, settings.files)
        git(clone, "add", "--all")
        git(clone, "commit", "--quiet", "--allow-empty", "--message", settings.message)
    except CannotFixError as error:
        print(f"error: {error}", file=sys.stderr)
        return FAILED
    except GitFailedError:
        return FAILED
    try:
        git(clone, "push", "origin", f"HEAD:{settings.target}")
    except GitFailedError:
        return REFUSED
    return PUSHED


def write(clone: Path, files: tuple[tuple[str, str], ...]) -> None:
    """Give files their new content, in folders that need not exist yet."""
    for path, text in files:
        file = clone / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")


def _propose(proxy: Proxy, settings: Settings, crash: Crash, clone: Path) -> None:
    if ask_to_merge(proxy, settings, propose(proxy, settings, crash, clone)):
        print("merged")
