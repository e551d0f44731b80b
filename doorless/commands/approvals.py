"""`doorless approvals`: what waits for a person, and saying yes or no to it.

Shows what we computed of a call, never what an agent says of it. Whoever runs the command is the approver.
"""

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from doorless.approvals.listing import left, line_of, listing_of
from doorless.chosen_home import choose_home
from doorless.commands import grants
from doorless.commands.asking import ask, print_json
from doorless.commands.options import HomeOption, JsonOption
from doorless.home import Home

if TYPE_CHECKING:
    from workflows.approvals_client import Waiting

SHOWN = 100
ALL = 10_000

approvals = typer.Typer(
    name="approvals",
    help="Calls that wait for a person: list, show, approve, refuse, watch.",
    no_args_is_help=True,
)
SocketOption = Annotated[
    Path | None,
    typer.Option(
        "--socket",
        help="The socket for approvers beside the operator, instead of a home.",
        show_default=False,
    ),
]
HoldArgument = Annotated[str, typer.Argument(metavar="ID", help="The hold's id, h-…")]


@approvals.command("list")
def list_(home: HomeOption = None, socket: SocketOption = None, json_: JsonOption = False) -> None:
    """List what waits now, oldest first: the first 100 and how many there are; with --json all."""
    waiting = ask(_place(home, socket), lambda client: client.waiting(ALL if json_ else SHOWN))
    if json_:
        print_json(waiting)
    elif not waiting.count:
        typer.echo("Nothing waits for a person.")
    else:
        _show_waiting(waiting)


@approvals.command()
def show(
    hold: HoldArgument, home: HomeOption = None, socket: SocketOption = None, json_: JsonOption = False
) -> None:
    """Show one hold: what we computed of it, what approving does, and last what the agent wrote."""
    from doorless.approvals.document import document_of
    from doorless.approvals.page import page_of
    from doorless.screen import console

    document = document_of(ask(_place(home, socket), lambda client: client.account(hold)))
    if json_:
        print_json(document)
    else:
        screen = console()
        screen.print(page_of(document, screen.width))


@approvals.command()
def approve(
    hold: HoldArgument, home: HomeOption = None, socket: SocketOption = None, json_: JsonOption = False
) -> None:
    """Say yes, as the user who runs this. The call is made at once, or when the agent repeats it, and once."""
    found = ask(_place(home, socket), lambda client: client.approve(hold))
    if json_:
        print_json(found)
    elif found.performed is not None:
        done = found.performed
        typer.echo(
            f"{hold} is approved and made: {found.target} on {found.service}: {done.result}, status {done.status}."
        )
        typer.echo(f"doorless log show {done.decision} tells the rest.")
    elif found.state == "approved":
        typer.echo(f"{hold} is approved: {found.target} on {found.service}, once, {left(found.expires_at)}.")
    else:
        missing = found.needed - len(found.approved_by)
        typer.echo(f"Your approval of {hold} is recorded; it needs {missing} more person.")


@approvals.command()
def refuse(
    hold: HoldArgument,
    reason: Annotated[str, typer.Option("--reason", help="What the agent is told.")],
    home: HomeOption = None,
    socket: SocketOption = None,
    json_: JsonOption = False,
) -> None:
    """Say no, and why."""
    found = ask(_place(home, socket), lambda client: client.refuse(hold, reason))
    if json_:
        print_json(found)
    else:
        typer.echo(f"{hold} is refused.")


@approvals.command()
def watch(home: HomeOption = None, json_: JsonOption = False) -> None:
    """Show each hold as it is opened, until Ctrl-C; those that wait already come first."""
    asyncio.run(_watch(choose_home(home), json_=json_))


approvals.command()(grants.grant)
approvals.command("grants")(grants.grants)
approvals.command()(grants.revoke)


def _place(home: Path | None, socket: Path | None) -> Home | Path:
    """Where the gateway is asked: a second person has no way into the home, and needs none."""
    return choose_home(home) if socket is None else socket


async def _watch(home: Home, *, json_: bool) -> None:
    from workflows.approvals_client import ApprovalsClient, Hold

    client = ApprovalsClient(home.gateway_socket)
    try:
        async with client.watch() as lines:
            while (hold := await lines.next(Hold)) is not None:
                if json_:
                    print_json(hold, indent=None)
                else:
                    typer.echo(line_of(hold))
    finally:
        await client.close()


def _show_waiting(waiting: "Waiting") -> None:
    from doorless.screen import show as show_table

    show_table(listing_of(waiting))
    if waiting.count > len(waiting.holds):
        typer.echo(f"{waiting.count} wait; these are the first {len(waiting.holds)}. All of them: --json")
