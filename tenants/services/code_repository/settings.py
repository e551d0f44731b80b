"""Settings of the code repository, from its command line alone.

The token is a file's content and never an argument.
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
    repositories: Path
    token_file: Path
    people_token_file: Path | None
    request_log: Path | None


def parse(argv: Sequence[str] | None = None) -> Settings:
    """Parse the command line; leaves with exit code 2 and a usage line where it is wrong."""
    parser = argparse.ArgumentParser(
        prog="python -m tenants.services.code_repository",
        description="Git repositories over smart HTTP and a GitHub-shaped API; callers bring one token, as a password or "
        "a bearer token. Merging and writing statuses takes the token of people.",
    )
    parser.add_argument("--listen", type=address, required=True, help="HOST:PORT; port 0 takes a free one")
    parser.add_argument(
        "--repositories", type=Path, required=True, help="folder with bare repositories, OWNER/NAME.git each"
    )
    parser.add_argument(
        "--token-file", type=Path, required=True, help="file with the token that callers must bring"
    )
    parser.add_argument("--people-token-file", type=Path, help="file with the token that may merge")
    parser.add_argument("--request-log", type=Path, help="write one JSON line per received request here")
    given = parser.parse_args(argv)
    return Settings(
        given.listen, given.repositories, given.token_file, given.people_token_file, given.request_log
    )
