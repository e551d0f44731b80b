"""Settings of the pull-request creator: what to change where, and its surroundings.

There is no setting for a credential, because the agent holds none.
"""

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Settings:
    """What the agent was told."""

    repository: str
    """Its URL as the world knows it: git finds the way to the gateway by its own settings."""
    branch: str
    """Of the repository: where the change begins."""
    name: str
    """What the change is called, and the last part of the branch that is pushed."""
    message: str
    files: tuple[tuple[str, str], ...]
    """Paths and their new contents."""
    target: str
    """The ref that is pushed to, in full."""
    task: str
    """A crash report to mend and propose, as JSON; or nothing."""
    patience_s: float
    """How long a call may wait for a person."""
    url: str
    """The gateway's, for the forge's API."""


def parse(argv: Sequence[str], environment: Mapping[str, str]) -> Settings:
    """Parse the command line; leaves with exit code 2 and a usage line where it is wrong."""
    parser = argparse.ArgumentParser(
        prog="python -m tenants.agents.pr_creator",
        description="Clone a repository, write files, commit, and push a branch, with plain git. With a crash report "
        "in $DOORLESS_TASK (JSON: report, module, function, arguments, error): reproduce it, mend it, open a pull "
        "request, and ask for the merge.",
        epilog="exit codes: 0 pushed, or proposed; 2 usage; 3 refused; 4 git failed, or there is no fix",
    )
    parser.add_argument("repository", help="URL, as https://github.com/OWNER/NAME")
    parser.add_argument("--base", default="main", help="the branch to begin at")
    parser.add_argument("--name", default="change", help="the last part of the branch that is pushed")
    parser.add_argument("--message", default="Change what was asked for")
    parser.add_argument(
        "--write", nargs=2, action="append", default=[], metavar=("PATH", "TEXT"), help="a file's new content"
    )
    parser.add_argument(
        "--to", default="", metavar="REF", help="push there instead of the workflow's own branch"
    )
    parser.add_argument(
        "--wait", type=float, default=0.0, metavar="SECONDS", help="for a person, where a call needs one"
    )
    given = parser.parse_args(argv)
    own = f"refs/heads/agent/{environment.get('DOORLESS_WORKFLOW', 'nobody')}/{given.name}"
    files = tuple((path, text) for path, text in given.write)
    return Settings(
        repository=given.repository,
        branch=given.base,
        name=given.name,
        message=given.message,
        files=files,
        target=given.to or own,
        task=environment.get("DOORLESS_TASK", ""),
        patience_s=given.wait,
        url=environment.get("DOORLESS_URL", ""),
    )
