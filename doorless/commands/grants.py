"""`doorless approvals grant`, `grants` and `revoke`: saying yes beforehand, for a time, to what can be undone.

Part of `doorless approvals`. Whoever runs the command is the approver.
"""

from datetime import timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from doorless.chosen_home import choose_home
from doorless.commands.asking import ask, print_json
from doorless.commands.options import HomeOption, JsonOption
from doorless.duration import seconds

if TYPE_CHECKING:
    from workflows.approvals_client import Grant


def grant(  # noqa: PLR0917 - one parameter for each option
    role: Annotated[str, typer.Option("--role", help="The role whose calls it is for.")],
    service: Annotated[str, typer.Option("--service", help="The service that they go to.")],
    route: Annotated[str, typer.Option("--route", help="The route of that service.")],
    for_: Annotated[str, typer.Option("--for", help="How long it stands: 30m, 2h; 24h at most.")],
    template: Annotated[str, typer.Option("--template", help="What they are held for.")] = "output",
    home: HomeOption = None,
    json_: JsonOption = False,
) -> None:
    """Say yes beforehand to what a role's calls on one route are held for; never to what cannot be undone."""
    from workflows.approvals_client import Terms

    terms = Terms(template, role, service, route, seconds(for_))
    given = ask(choose_home(home), lambda client: client.grant(terms))
    if json_:
        print_json(given)
    else:
        typer.echo(
            f"{given.grant} stands for {timedelta(seconds=given.expires_at - given.at)}. Take it back:"
        )
        typer.echo(f"doorless approvals revoke {given.grant}")


def grants(home: HomeOption = None, json_: JsonOption = False) -> None:
    """List the standing grants."""
    standing = ask(choose_home(home), lambda client: client.grants())
    if json_:
        print_json(standing)
    elif not standing.grants:
        typer.echo("No grant stands.")
    else:
        _show(standing.grants)


def revoke(
    grant_: Annotated[str, typer.Argument(metavar="ID", help="The grant's id, g-…")], home: HomeOption = None
) -> None:
    """Take a standing grant back, at once."""
    ask(choose_home(home), lambda client: client.revoke(grant_))
    typer.echo(f"{grant_} is taken back.")


def _show(standing: "tuple[Grant, ...]") -> None:
    from doorless.screen import cell, clock, new_table, show

    table = new_table("id", "by", "until", "role", "service", "route", "held for")
    for one in standing:
        until = clock(one.expires_at * 1000)
        values = (one.grant, one.by, until, one.role, one.service, one.route, one.template)
        table.add_row(*(cell(value) for value in values))
    show(table)
