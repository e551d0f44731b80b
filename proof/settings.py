"""The flags of `python -m proof`, as frozen values. Reads no file and no environment."""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from proof.model import Group


@dataclass(frozen=True, slots=True)
class Layout:
    """Where the parts of the home under proof lie; whoever made the home knows."""

    home: Path
    policies: Path
    run: Path
    log: Path
    keys: Path
    jwt_secret: Path
    """The secret with which the service that gets the workflow's token asks the issuer about it."""
    static_key: Path
    """The credential of the service that gets a static one."""
    forge_token: Path
    """The credential of the service with a git side."""
    jury: Path
    """Who judges what agents produce there."""
    jwt_service: str
    static_service: str
    issuer_url: str


@dataclass(frozen=True, slots=True)
class Settings:
    """What one proof needs to know. `place` is an empty folder with a short path, `groups` what to try."""

    place: Path
    groups: tuple[Group, ...]
    layout: Layout


_PATHS = ("home", "policies", "run", "log", "keys", "jwt-secret", "static-key", "forge-token", "jury")
_TEXTS = ("jwt-service", "static-service", "issuer-url")


def parse(argv: Sequence[str]) -> Settings:
    """Settings from the arguments after the program's name. Ends the process with 2 on wrong ones."""
    parser = argparse.ArgumentParser(
        prog="python -m proof",
        description="Tries every wall of one home from inside a network of its own; one JSON line a probe.",
        epilog="Exit codes: 0 the lines are complete, 2 the proof could not be run. What they say is the reader's.",
    )
    parser.add_argument(
        "--place", type=Path, required=True, metavar="DIR", help="an empty folder, short path"
    )
    parser.add_argument(
        "--group", type=Group, choices=tuple(Group), action="append", help="only these groups"
    )
    for name in _PATHS:
        parser.add_argument(f"--{name}", type=Path, required=True, metavar="PATH")
    for name in _TEXTS:
        parser.add_argument(f"--{name}", required=True, metavar="TEXT")
    given = parser.parse_args(argv)
    layout = {name.replace("-", "_"): getattr(given, name.replace("-", "_")) for name in (*_PATHS, *_TEXTS)}
    wanted = given.group or tuple(Group)
    return Settings(given.place, tuple(group for group in Group if group in wanted), Layout(**layout))
