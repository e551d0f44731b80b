"""Settings of the crash tracker: one flag, and the gateway's address from the environment.

There is no setting for a credential, because the agent holds none.
"""

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Settings:
    """What the agent was told; `url` is "" where DOORLESS_URL is not set."""

    url: str
    as_json: bool


def parse(argv: Sequence[str], environment: Mapping[str, str]) -> Settings:
    """Parse the command line; leaves with exit code 2 and a usage line where it is wrong."""
    parser = argparse.ArgumentParser(
        prog="python -m tenants.agents.crash_tracker",
        description="Read crash reports through the gateway at $DOORLESS_URL and rank the bugs behind them.",
        epilog="exit codes: 0 done, 2 usage, 3 refused by the gateway or the service, 4 no proper answer",
    )
    parser.add_argument(
        "--json", action="store_true", dest="as_json", help="print the ranking as one JSON object"
    )
    given = parser.parse_args(argv)
    return Settings(url=environment.get("DOORLESS_URL", ""), as_json=given.as_json)
