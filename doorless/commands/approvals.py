"""`doorless approvals`: what waits for a person, and saying yes or no to it.

Shows what we computed of a call, never what an agent says of it. Whoever runs the command is the approver.
"""

import asyncio
import time
from typing import TYPE_CHECKING, Annotated

import typer

from doorless.chosen_home import choose_home
from doorless.commands import grants
from doorless.commands.asking import ask, print_json
from doorless.commands.options import HomeOption, JsonOption
from doorless.home import Home

if TYPE_CHECKING:
    from workflows.approvals_client import Hold, Waiting

SHOWN = 100
ALL = 10_000

approvals = typer.Typer(
    name="approvals",
    help="Calls that wait for a person: list, show, approve, refuse, watch.",
    no_args_is_help=True,
)
HoldArgument = Annotated[str, typer.Argument(metavar="ID", help="The hold's id, h-…")]


@approvals.command("list")
def list_(home: HomeOption = None, json_: JsonOption = False) -> None:
    """List what waits now, oldest first: the first 100 and how many there are; with --json all."""
    waiting = ask(choose_home(home), lambda client: client.waiting(ALL if json_ else SHOWN))
    if json_:
        print_json(waiting)
    elif not waiting.count:
        typer.echo("Nothing waits for a person.")
    else:
        _show_waiting(waiting)


@approvals.command()
def show(hold: HoldArgument, home: HomeOption = None, json_: JsonOption = False) -> None:
    """Show one hold: what would happen, who may approve it, and what was said so far."""
    found = ask(choose_home(home), lambda client: client.show(hold))
    if json_:
        print_json(found)
    else:
        _show_one(found)


@approvals.command()
def approve(hold: HoldArgument, home: HomeOption = None, json_: JsonOption = False) -> None:
    """Say yes, as the user who runs this. The call is made at once, or when the agent repeats it, and once."""
    found = ask(choose_home(home), lambda client: client.approve(hold))
    if json_:
        print_json(found)
    elif found.performed is not None:
        done = found.performed
        typer.echo(
            f"{hold} is approved and made: {found.target} on {found.service}: {done.result}, status {done.status}."
        )
        typer.echo(f"doorless log show {done.decision} tells the rest.")
    elif found.state == "approved":
        typer.echo(f"{hold} is approved: {found.target} on {found.service}, once, {_left(found)}.")
    else:
        missing = found.needed - len(found.approved_by)
        typer.echo(f"Your approval of {hold} is recorded; it needs {missing} more person.")


@approvals.command()
def refuse(
    hold: HoldArgument,
    reason: Annotated[str, typer.Option("--reason", help="What the agent is told.")],
    home: HomeOption = None,
    json_: JsonOption = False,
) -> None:
    """Say no, and why."""
    found = ask(choose_home(home), lambda client: client.refuse(hold, reason))
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


async def _watch(home: Home, *, json_: bool) -> None:
    from workflows.approvals_client import ApprovalsClient, Hold

    client = ApprovalsClient(home.gateway_socket)
    try:
        async with client.watch() as lines:
            while (hold := await lines.next(Hold)) is not None:
                if json_:
                    print_json(hold, indent=None)
                else:
                    typer.echo(
                        f"{hold.hold}  {hold.role} wants {hold.target} on {hold.service}, {_left(hold)}"
                    )
    finally:
        await client.close()


def _show_waiting(waiting: "Waiting") -> None:
    from doorless.screen import cell, clock, new_table, show as show_table

    table = new_table("id", "since", "left", "role", "service", "what would happen")
    for hold in waiting.holds:
        values = (hold.hold, clock(hold.opened_at * 1000), _left(hold), hold.role, hold.service, hold.target)
        table.add_row(*(cell(value) for value in values))
    show_table(table)
    if waiting.count > len(waiting.holds):
        typer.echo(f"{waiting.count} wait; these are the first {len(waiting.holds)}. All of them: --json")


def _show_one(hold: "Hold") -> None:
    from doorless.screen import cell, clock, new_table, show as show_table

    table = new_table("", "", head=False)
    said = [f"{one.approver} said yes at {clock(one.at * 1000)}" for one in hold.approved_by]
    if hold.refused_by is not None:
        said.append(f"{hold.refused_by} said no: {hold.reason}")
    rows = {
        "hold": hold.hold,
        "state": f"{hold.state}, {_left(hold)}" if hold.state in {"open", "approved"} else hold.state,
        "what would happen": hold.target,
        "on": f"{hold.service}, route {hold.route}",
        "with a body of": f"{hold.body_bytes} bytes",
        "by": f"{hold.role}, {hold.workflow}",
        "held because": f"{hold.why} ({hold.template})",
        "approvers": f"{', '.join(hold.approvers)}; {hold.needed} needed",
        "said so far": "; ".join(said) or "nothing",
        "digest of the call": hold.digest,
        "decision": f"{hold.decision} (doorless log show {hold.decision})",
        "what approving does": "makes the call" if hold.by_people else "lets the agent repeat the call, once",
        "used by": f"{hold.used_by}; where the log has none, nothing was done"
        if hold.used_by
        else "nothing yet",
        "policy": hold.revision[:16],
    }
    for name, value in rows.items():
        table.add_row(cell(name, "dim"), cell(value))
    show_table(table)


def _left(hold: "Hold") -> str:
    seconds = max(0, hold.expires_at - int(time.time()))
    return f"{seconds // 60} min left" if seconds >= 120 else f"{seconds} s left"  # noqa: PLR2004 - two minutes
