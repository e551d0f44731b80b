"""Settings of the meta-workflow: which repository it proposes to, how far it looks back, how much it may say.

There is no setting for a credential, because the agent holds none, and none for a detector: thresholds are code.
"""

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

OWN_ROLE = "meta-workflow"
"""The role under which it works; of itself it proposes nothing."""
DAY_MS = 86_400_000


@dataclass(frozen=True, slots=True)
class Settings:
    """What the agent was told."""

    repository: str
    """Its URL as the world knows it: git finds the way to the gateway by its own settings."""
    base: str
    """A staging branch: policy lets it aim at no other."""
    days: int
    """How far it looks back."""
    most_a_day: int
    """How many pull requests it opens in 24 hours."""
    patience_s: float
    """How long a call may wait for a person."""
    dry: bool
    """Say what would be proposed, and change nothing."""
    url: str
    workflow: str


def parse(argv: Sequence[str], environment: Mapping[str, str]) -> Settings:
    """Parse the command line; leaves with exit code 2 and a usage line where it is wrong."""
    parser = argparse.ArgumentParser(
        prog="python -m tenants.agents.meta_workflow",
        description="Read the log through the gateway at $DOORLESS_URL, find what went wrong with other agents, and "
        "propose one improvement in one pull request each. What only people may decide is printed for them.",
        epilog="exit codes: 0 done; 2 usage; 3 refused by the gateway; 4 no proper answer, or git failed",
    )
    parser.add_argument("repository", help="URL, as https://github.com/OWNER/NAME")
    parser.add_argument("--base", default="staging", help="the staging branch that changes aim at")
    parser.add_argument("--days", type=int, default=30, help="how far to look back")
    parser.add_argument("--most-a-day", type=int, default=5, metavar="N", help="pull requests in 24 hours")
    parser.add_argument(
        "--wait", type=float, default=0.0, metavar="SECONDS", help="for a person, where a call needs one"
    )
    parser.add_argument("--dry-run", action="store_true", help="open nothing")
    given = parser.parse_args(argv)
    return Settings(
        repository=given.repository,
        base=given.base,
        days=given.days,
        most_a_day=given.most_a_day,
        patience_s=given.wait,
        dry=given.dry_run,
        url=environment.get("DOORLESS_URL", ""),
        workflow=environment.get("DOORLESS_WORKFLOW", "nobody"),
    )
