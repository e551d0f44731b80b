"""`doorless validate`: what an agent handed in, judged as it would be before it takes effect."""

from pathlib import Path
from typing import Annotated

import typer

from doorless.commands.options import HomeOption, JsonOption


def validate(
    file: Annotated[str, typer.Argument(metavar="FILE", help="The document; - reads standard input.")],
    type_: Annotated[
        str, typer.Option("--type", help="What it is meant to be: create-pr, alert-team, report.")
    ],
    as_json: JsonOption = False,
    home: HomeOption = None,
) -> None:
    """Validate a document: its schema, and with a running home the jury that policy asks for.

    Ends with 0 where nothing is found against it, 1 where something is, 2 where it could not be read.
    """
    from doorless.validate_output import Wanted, validate_output

    raise typer.Exit(validate_output(Wanted(Path(file), type_, as_json, home)))
