"""Settings of the crash tracker: how it tells, and the gateway's address from the environment.

There is no setting for a credential, because the agent holds none.
"""

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

Form = Literal["text", "json", "report"]


@dataclass(frozen=True, slots=True)
class Settings:
    """What the agent was told; `url` is "" where DOORLESS_URL is not set."""

    url: str
    form: Form


def parse(argv: Sequence[str], environment: Mapping[str, str]) -> Settings:
    """Parse the command line; leaves with exit code 2 and a usage line where it is wrong."""
    parser = argparse.ArgumentParser(
        prog="python -m tenants.agents.crash_tracker",
        description="Read crash reports through the gateway at $DOORLESS_URL and rank the bugs behind them.",
        epilog="exit codes: 0 done, 2 usage or a wrong limits file, 3 refused by the gateway or the service, 4 no proper answer",
    )
    form = parser.add_mutually_exclusive_group()
    form.add_argument(
        "--json", action="store_const", const="json", dest="form", help="print the ranking as one JSON object"
    )
    form.add_argument(
        "--report", action="store_const", const="report", dest="form", help="print it as a report to be kept"
    )
    given = parser.parse_args(argv)
    return Settings(url=environment.get("DOORLESS_URL", ""), form=given.form or "text")
