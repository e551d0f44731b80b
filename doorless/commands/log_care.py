"""`doorless log serve`, `ship`, `prune`, `forget` and `rotate-key`: what an operator does with a log."""

from pathlib import Path
from typing import Annotated

import typer

from doorless.chosen_home import choose_home
from doorless.commands.options import HomeOption


def serve(
    listen: Annotated[
        str, typer.Option("--listen", metavar="ADDRESS", help="HOST:PORT, or unix:PATH.")
    ] = "127.0.0.1:8500",
    home: HomeOption = None,
    dir_: Annotated[
        Path | None, typer.Option("--dir", metavar="DIR", help="A copy of a log, instead of a home.")
    ] = None,
) -> None:
    """Serve checkpoint, tiles, entries and keys read-only over HTTP, for other people's verifiers, until Ctrl-C.

    Whoever can connect can read every entry.
    """
    from doorless.log.serving import serve_log

    serve_log(dir_ if dir_ is not None else choose_home(home).log, listen)


def ship(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="The folder of the copy.")],
    home: HomeOption = None,
) -> None:
    """Bring a copy of what is sealed up to date, checked at both ends. It goes on where a run broke off."""
    from doorless.log.keep import ship_log

    ship_log(choose_home(home), folder)


def prune(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="The copy that holds what is dropped.")],
    before: Annotated[
        str, typer.Option("--before", metavar="TIME", help="Entries before this date or time (UTC).")
    ],
    home: HomeOption = None,
    without_witness: Annotated[
        bool,
        typer.Option(
            "--without-witness-i-accept-no-rollback-protection",
            help="Go behind the copy alone.",
            show_default=False,
        ),
    ] = False,
) -> None:
    """Drop old entries, in whole bundles, that a shipped copy holds and that witnesses cosigned."""
    from doorless.log.keep import needed_quorum, prune_log
    from doorless.moment import milliseconds

    chosen = choose_home(home)
    prune_log(chosen, folder, milliseconds(before), needed_quorum(chosen, without_witness=without_witness))


def forget(
    which: Annotated[str, typer.Argument(metavar="ID", help="A decision, d-…")], home: HomeOption = None
) -> None:
    """Remove the input of one decision on a service that is declared personal; the decision itself stays."""
    from doorless.log.keep import forget_input

    forget_input(choose_home(home), which)


def rotate_key(home: HomeOption = None) -> None:
    """Replace the key that signs the log's checkpoints, and print the new public key."""
    from doorless.log.keep import rotate_log_key

    rotate_log_key(choose_home(home))
