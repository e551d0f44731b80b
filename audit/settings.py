"""The flags of `python -m audit`, as frozen values. Reads no file and no environment."""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from audit.folder import Places


@dataclass(frozen=True, slots=True)
class Serve:
    """Serve the log in `places` on the unix socket `socket`."""

    places: Places
    socket: Path


@dataclass(frozen=True, slots=True)
class Create:
    """Create an empty log in `places`: the only way a log comes into being. `name` is None for one of its own."""

    places: Places
    name: str | None


Settings = Serve | Create


def parse(argv: Sequence[str]) -> Settings:
    """Settings from the arguments after the program's name. Ends the process with 2 on wrong ones."""
    parser = argparse.ArgumentParser(
        prog="python -m audit",
        description="The audit writer: one append-only log, one unix socket.",
        epilog="Exit codes: 0 stopped on request, 2 wrong flags, 65 damaged log or one behind what was signed, 66 no log here (or one already), or "
        "its key or its store of what was signed is missing, 71 socket not usable, 74 the disk refused a write or sync (start again: the journal is replayed), "
        "75 another writer holds this log.",
    )
    parser.add_argument("verb", nargs="?", choices=("serve", "create"), default="serve")
    parser.add_argument("--log", type=Path, required=True, metavar="DIR", help="folder of the log")
    parser.add_argument(
        "--keys", type=Path, metavar="DIR", help="folder of its private key (default: DIR-key)"
    )
    parser.add_argument(
        "--signed", type=Path, metavar="DIR", help="folder of what was signed last (default: DIR-signed)"
    )
    parser.add_argument("--socket", type=Path, metavar="PATH", help="unix socket to serve (verb serve)")
    parser.add_argument(
        "--name", metavar="NAME", help="what the log is called (verb create; default: a new name)"
    )
    arguments = parser.parse_args(argv)
    places = Places.beside(arguments.log, arguments.keys, arguments.signed)
    if arguments.verb == "create":
        return Create(places, arguments.name)
    if arguments.socket is None:
        parser.error("the verb serve needs --socket")
    return Serve(places, arguments.socket)
