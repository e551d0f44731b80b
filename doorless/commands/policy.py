"""`doorless policy`: checking, testing and reloading the policies of a home, or of this checkout."""

import typer

app = typer.Typer(help="Policies: check, test, reload.", no_args_is_help=True)
