"""The verbs and flags of `python -m audit.witness`, as frozen values. Reads no file and no environment."""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from audit.note import KeyMalformed, Verifier, parse_vkey
from audit.web import Address


@dataclass(frozen=True, slots=True)
class Create:
    """Make a witness called `name` in `folder`."""

    folder: Path
    name: str


@dataclass(frozen=True, slots=True)
class Add:
    """Know the log with this key."""

    folder: Path
    log: Verifier


@dataclass(frozen=True, slots=True)
class Run:
    """Cosign for the logs that are known."""

    folder: Path
    listen: Address


Settings = Create | Add | Run


def parse(argv: Sequence[str]) -> Settings:
    """Settings from the arguments after the program's name. Ends the process with 2 on wrong ones."""
    parser = argparse.ArgumentParser(
        prog="python -m audit.witness",
        description="A witness: cosigns checkpoints of logs that only grow (c2sp.org/tlog-witness).",
        epilog="Exit codes: 0 done or stopped on request, 2 wrong flags, 65 a file of the witness is damaged, 66 no "
        "witness here (or one already), 71 the address cannot be served.",
    )
    verbs = parser.add_subparsers(dest="verb", required=True)
    folder = argparse.ArgumentParser(add_help=False)
    folder.add_argument("--folder", type=Path, required=True, metavar="DIR", help="folder of the witness")
    create = verbs.add_parser("create", parents=[folder], help="make a witness; prints its public key")
    create.add_argument("--name", required=True, help="name of its key, such as witness.example/one")
    add = verbs.add_parser("add", parents=[folder], help="know a log, or one more key of it")
    add.add_argument("--log-key", type=_vkey, required=True, metavar="VKEY", help="public key of the log")
    run = verbs.add_parser("run", parents=[folder], help="serve until SIGTERM")
    run.add_argument(
        "--listen", type=Address.parse, required=True, metavar="ADDRESS", help="HOST:PORT or unix:PATH"
    )
    given = parser.parse_args(argv)
    if given.verb == "create":
        return Create(given.folder, given.name)
    if given.verb == "add":
        return Add(given.folder, given.log_key)
    return Run(given.folder, given.listen)


def _vkey(text: str) -> Verifier:
    try:
        return parse_vkey(text)
    except KeyMalformed as error:
        raise argparse.ArgumentTypeError(str(error)) from None
