"""The flags of `python -m proof.histories`, as frozen values. Reads no file and no environment."""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from proof.histories.demo import LEAST_DAYS


@dataclass(frozen=True, slots=True)
class Settings:
    """Which log, and which history. `until_ms` is None where the history ends now."""

    log_socket: Path
    days: int
    seed: int
    until_ms: int | None
    revision: str


def parse(argv: Sequence[str]) -> Settings:
    """Settings from the arguments after the program's name. Ends the process with 2 on wrong ones."""
    parser = argparse.ArgumentParser(
        prog="python -m proof.histories",
        description="Appends a few made-up days to a log, marked by an event `history.generated`: a crash tracker "
        "that slows down, odd telemetry sequences, a drop of accuracy. For demos and proofs, never for a log of use.",
        epilog="Exit codes: 0 appended, 2 usage, 3 the log could not be written.",
    )
    parser.add_argument(
        "--log-socket", type=Path, required=True, metavar="PATH", help="the audit writer's socket"
    )
    parser.add_argument(
        "--days", type=int, default=LEAST_DAYS, help=f"at least {LEAST_DAYS}, which is the default"
    )
    parser.add_argument("--seed", type=int, default=0, help="the same seed and end make the same history")
    parser.add_argument(
        "--until-ms", type=int, metavar="MS", help="its end, in ms since the epoch (default: now)"
    )
    parser.add_argument(
        "--revision",
        default="",
        metavar="SHA256",
        help="the policy that is said to have decided (default: none)",
    )
    given = parser.parse_args(argv)
    if given.days < LEAST_DAYS:
        parser.error(
            f"--days is at least {LEAST_DAYS}: with less there is nothing to hold the last two against"
        )
    return Settings(given.log_socket, given.days, given.seed, given.until_ms, given.revision)
