"""Settings of the alerts service, from its command line alone.

The API key is a file's content and never an argument.
"""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tenants.services.serving import address


@dataclass(frozen=True, slots=True)
class Settings:
    """What one service process was told."""

    listen: tuple[str, int]
    api_key_file: Path
    request_log: Path | None


def parse(argv: Sequence[str] | None = None) -> Settings:
    """Parse the command line; leaves with exit code 2 and a usage line where it is wrong."""
    parser = argparse.ArgumentParser(
        prog="python -m tenants.services.alerts",
        description="Wakes people who are on duty, or would; callers bring one static key in X-Api-Key.",
    )
    parser.add_argument("--listen", type=address, required=True, help="HOST:PORT; port 0 takes a free one")
    parser.add_argument(
        "--api-key-file", type=Path, required=True, help="file with the key that callers must bring"
    )
    parser.add_argument("--request-log", type=Path, help="write one JSON line per received request here")
    given = parser.parse_args(argv)
    return Settings(listen=given.listen, api_key_file=given.api_key_file, request_log=given.request_log)
