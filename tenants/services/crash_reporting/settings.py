"""Settings of the crash-reporting service, from its command line alone.

No default names a host or holds a secret; the secret is a file's content and never an argument.
"""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tenants.services.serving import address

STORED = Path(__file__).parent / "reports.jsonl"


@dataclass(frozen=True, slots=True)
class Settings:
    """What one service process was told.

    `issuer` is both the `iss` that tokens must carry and the base URL of its JWKS and introspection.
    """

    listen: tuple[str, int]
    audience: str
    issuer: str
    introspection_secret_file: Path
    request_log: Path | None
    data: Path


def parse(argv: Sequence[str] | None = None) -> Settings:
    """Parse the command line; leaves with exit code 2 and a usage line where it is wrong."""
    parser = argparse.ArgumentParser(
        prog="python -m tenants.services.crash_reporting",
        description="A crash-reporting service that takes workflow tokens of one issuer and nothing else.",
    )
    parser.add_argument("--listen", type=address, required=True, help="HOST:PORT; port 0 takes a free one")
    parser.add_argument("--audience", required=True, help="the audience that tokens for this service name")
    parser.add_argument("--issuer", required=True, help="base URL of the issuer, the `iss` of its tokens")
    parser.add_argument(
        "--introspection-secret-file",
        type=Path,
        required=True,
        help="file with this service's secret at the issuer",
    )
    parser.add_argument("--request-log", type=Path, help="write one JSON line per received request here")
    parser.add_argument("--data", type=Path, default=STORED, help="crash reports, JSON lines")
    given = parser.parse_args(argv)
    return Settings(
        listen=given.listen,
        audience=given.audience,
        issuer=given.issuer.rstrip("/"),
        introspection_secret_file=given.introspection_secret_file,
        request_log=given.request_log,
        data=given.data,
    )
