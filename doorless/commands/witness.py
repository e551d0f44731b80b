"""`doorless witness`: a co-signing witness as a separate program, and making it known.

Run it as another user, best on another machine: what it has seen is what a rolled-back log is found by.
"""

from pathlib import Path
from typing import Annotated

import typer

from doorless.commands.options import HomeOption

app = typer.Typer(help="A witness of the log: it cosigns only what the log grows to.", no_args_is_help=True)


@app.command()
def run(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="The witness's own folder.")],
    listen: Annotated[str, typer.Option("--listen", metavar="ADDRESS", help="HOST:PORT, or unix:PATH.")],
    name: Annotated[
        str | None,
        typer.Option(
            "--name", help="Make the witness first, with a key of this name, if DIR does not exist."
        ),
    ] = None,
) -> None:
    """Cosign for the logs that this witness knows, until Ctrl-C. Needs no home."""
    from doorless.log.witness import run_witness

    run_witness(folder, listen, name)


@app.command()
def add(
    folder: Annotated[
        Path | None,
        typer.Argument(metavar="DIR", help="The witness's folder, where it lies on this machine."),
    ] = None,
    at: Annotated[
        str | None,
        typer.Option("--at", metavar="ADDRESS", help="Where the home reaches it: unix:/PATH or a URL."),
    ] = None,
    key: Annotated[
        str | None,
        typer.Option("--key", metavar="VKEY", help="The witness's public key, where DIR is not here."),
    ] = None,
    log_key: Annotated[
        str | None,
        typer.Option("--log-key", metavar="VKEY", help="Make this log known to the witness; touch no home."),
    ] = None,
    home: HomeOption = None,
) -> None:
    """Make a log known to a witness, and the witness to the log's home; both here, or one side of it."""
    from doorless.log.witness import Meeting, introduce

    introduce(Meeting(folder, at, key, log_key, home))
