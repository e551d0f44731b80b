"""The flags of `python -m audit`, as frozen values. Reads no file and no environment."""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Serve:
    """Serve the log in `log` on the unix socket `socket`."""

    log: Path
    socket: Path


@dataclass(frozen=True, slots=True)
class Create:
    """Create an empty log in `log`: the only way a log comes into being."""

    log: Path


Settings = Serve | Create


def parse(argv: Sequence[str]) -> Settings:
    """Settings from the arguments after the program's name. Ends the process with 2 on wrong ones."""
    parser = argparse.ArgumentParser(
        prog="python -m audit",
        description="The audit writer: one append-only log, one unix socket.",
        epilog="Exit codes: 0 stopped on request, 2 wrong flags, 65 damaged log, 66 no log here (or one already), "
        "71 socket not usable, 74 the disk refused a write or sync (start again: the journal is replayed), "
        "75 another writer holds this log.",
    )
    parser.add_argument("verb", nargs="?", choices=("serve", "create"), default="serve")
    parser.add_argument("--log", type=Path, required=True, metavar="DIR", help="folder of the log")
    parser.add_argument("--socket", type=Path, metavar="PATH", help="unix socket to serve (verb serve)")
    arguments = parser.parse_args(argv)
    if arguments.verb == "create":
        return Create(arguments.log)
    if arguments.socket is None:
        parser.error("the verb serve needs --socket")
    return Serve(arguments.log, arguments.socket)
