"""`doorless key`: the issuer's signing keys."""

import asyncio

import typer

from doorless.chosen_home import choose_home
from doorless.commands.options import HomeOption
from doorless.home import Home

app = typer.Typer(help="The issuer's signing keys.", no_args_is_help=True)


@app.callback()
def _group() -> None:
    """Keep `rotate` a command of its own although it is the only one."""


@app.command()
def rotate(home: HomeOption = None) -> None:
    """Make a new signing key; the old one stays valid for as long as its last token lives."""
    typer.echo(asyncio.run(_rotate(choose_home(home))))


async def _rotate(home: Home) -> str:
    from workflows.issuer_client import IssuerClient

    async with IssuerClient(home.issuer_socket) as issuer:
        return await issuer.rotate_key()
