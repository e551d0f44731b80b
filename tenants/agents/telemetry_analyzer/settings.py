"""Settings of the telemetry analyzer: its rules, how it tells, and the gateway's address from the environment.

There is no setting for a credential, because the agent holds none.
"""

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Form = Literal["text", "json", "report"]
SHIPPED_RULES = Path(__file__).parent / "rules.yaml"


@dataclass(frozen=True, slots=True)
class Settings:
    """What the agent was told; `url` is "" where DOORLESS_URL is not set."""

    url: str
    rules: Path
    form: Form


def parse(argv: Sequence[str], environment: Mapping[str, str]) -> Settings:
    """Parse the command line; leaves with exit code 2 and a usage line where it is wrong."""
    parser = argparse.ArgumentParser(
        prog="python -m tenants.agents.telemetry_analyzer",
        description="Find anomalies of the last day in telemetry read through the gateway at $DOORLESS_URL.",
        epilog="exit codes: 0 done, 2 usage or a wrong rules file, 3 refused by the gateway or the service, "
        "4 no proper answer",
    )
    parser.add_argument("--rules", type=Path, default=SHIPPED_RULES, help="classification rules (YAML)")
    form = parser.add_mutually_exclusive_group()
    form.add_argument(
        "--json",
        action="store_const",
        const="json",
        dest="form",
        help="print the findings as one JSON object",
    )
    form.add_argument(
        "--report",
        action="store_const",
        const="report",
        dest="form",
        help="print them as a report to be kept, with the rules' accuracy on the shipped labelled samples",
    )
    given = parser.parse_args(argv)
    return Settings(url=environment.get("DOORLESS_URL", ""), rules=given.rules, form=given.form or "text")
