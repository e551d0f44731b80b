"""`doorless policy shadow`: asking a candidate policy what agents really ask, without ever listening to it."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from doorless.chosen_home import choose_home
from doorless.commands.asking import print_json
from doorless.commands.options import HomeOption, JsonOption
from doorless.home import Home
from doorless.problem import ExitCode, Problem

if TYPE_CHECKING:
    from workflows.shadow_client import Shadow, ShadowClient

Answer = TypeVar("Answer")

shadow_app = typer.Typer(
    help="A candidate policy in the shadow of the one in force: asked, recorded, never listened to.",
    no_args_is_help=True,
)


@shadow_app.command()
def start(
    policies: Annotated[Path, typer.Argument(metavar="DIR", help="The folder of the candidate's policies.")],
    home: HomeOption = None,
    json_: JsonOption = False,
) -> None:
    """Ask a candidate everything that the policy in force is asked from here on, until it is stopped.

    The folder is read once. A gateway that starts anew asks no candidate. Ends with 1 if the policies cannot be used.
    """
    from workflows.gateway_client import PolicyRefused

    said = _ask(choose_home(home), lambda client: client.start(policies.resolve()))
    if isinstance(said, PolicyRefused):
        raise Problem(
            "The candidate is not asked; nothing else has changed.",
            "\n".join(f"{each.file}:{each.line}:{each.column}: {each.message}" for each in said.errors),
            "Mend the named lines and start again.",
            ExitCode.FAILED,
        )
    _tell(said, as_json=json_)


@shadow_app.command()
def status(home: HomeOption = None, json_: JsonOption = False) -> None:
    """Show what the candidate was asked, what waits, and which of its answers are others, by role and rule."""
    _tell(_ask(choose_home(home), lambda client: client.status()), as_json=json_)


@shadow_app.command()
def stop(home: HomeOption = None, json_: JsonOption = False) -> None:
    """Ask the candidate no more, and show what came of it."""
    _tell(_ask(choose_home(home), lambda client: client.stop()), as_json=json_)


def _ask(home: Home, question: "Callable[[ShadowClient], Awaitable[Answer]]") -> Answer:
    async def asked() -> Answer:
        from workflows.shadow_client import ShadowClient

        client = ShadowClient(home.gateway_socket)
        try:
            return await question(client)
        finally:
            await client.close()

    return asyncio.run(asked())


def _tell(shadow: "Shadow", *, as_json: bool) -> None:
    if as_json:
        print_json(shadow)
        return
    if shadow.state == "off":
        typer.echo("No candidate is asked, and none was since the gateway started.")
        return
    from doorless.screen import cell, clock, new_table, show

    typer.echo(f"{shadow.revision} of {shadow.policies}: {shadow.state}, since {clock(shadow.since * 1000)}")
    if shadow.problem:
        typer.echo(shadow.problem)
    errors = ", ".join(f"{count} {code}" for code, count in sorted(shadow.errors.items())) or "0"
    typer.echo(
        f"asked {shadow.asked}, agreed {shadow.agreed}, flips {shadow.flips}, errors {errors}; "
        f"waiting {shadow.waiting}, skipped {shadow.skipped}, decided without policy {shadow.not_compared}"
    )
    if shadow.kinds:
        table = new_table("count", "role", "now", "candidate", "rule", "decision")
        for kind in shadow.kinds:
            values = (kind.count, kind.role, kind.live, kind.candidate, kind.rule)
            table.add_row(*(cell(value) for value in values), cell("\n".join(kind.examples)))
        show(table)
