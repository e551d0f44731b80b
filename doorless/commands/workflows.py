"""`doorless workflows`, `revoke` and `stop`: what runs, and ending it."""

import asyncio
import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from doorless.chosen_home import choose_home
from doorless.commands.options import HomeOption, JsonOption
from doorless.home import Home
from doorless.problem import Problem

if TYPE_CHECKING:
    from workflows.model import WorkflowRecord


def workflows(home: HomeOption = None, json_: JsonOption = False) -> None:
    """List the workflows that the issuer knows, the newest first."""
    records = asyncio.run(_list(choose_home(home)))
    if json_:
        typer.echo(json.dumps([asdict(record) for record in records], indent=2))
        return
    if not records:
        typer.echo("No workflows. Start one: doorless run --role ROLE -- COMMAND")
        return
    _show(records)


def revoke(
    workflow: Annotated[str, typer.Argument(metavar="WF", help="The workflow's id, wf-…")],
    home: HomeOption = None,
) -> None:
    """End one workflow at once: its tokens are revoked, its channel is closed, its agent is stopped."""
    asyncio.run(_revoke(choose_home(home), workflow))
    typer.echo(f"{workflow} is revoked.")


def stop(
    home: HomeOption = None,
    all_: Annotated[bool, typer.Option("--all", help="Every workflow.", show_default=False)] = False,
) -> None:
    """End every workflow at once (the kill switch)."""
    if not all_:
        raise Problem(
            "Nothing was stopped.",
            "`doorless stop` ends every workflow and wants to be told so.",
            "`doorless stop --all`, or `doorless revoke WF` for one.",
        )
    ended = asyncio.run(_stop_all(choose_home(home)))
    typer.echo(f"{len(ended)} workflow{'' if len(ended) == 1 else 's'} ended.")
    for workflow in ended:
        typer.echo(f"  {workflow}")


async def _list(home: Home) -> "list[WorkflowRecord]":
    from workflows.issuer_client import IssuerClient

    async with IssuerClient(home.issuer_socket) as issuer:
        return sorted(await issuer.workflows(), key=lambda record: record.started_at, reverse=True)


async def _revoke(home: Home, workflow: str) -> None:
    from workflows.issuer_client import IssuerClient
    from workflows.model import EndReason

    async with IssuerClient(home.issuer_socket) as issuer:
        await issuer.end(workflow, EndReason.REVOKED)


async def _stop_all(home: Home) -> tuple[str, ...]:
    """End all at the issuer, which tells the gateway; and close the channels even where the issuer is gone."""
    from workflows.gateway_client import GatewayClient
    from workflows.issuer_client import IssuerClient
    from workflows.model import EndReason

    async with IssuerClient(home.issuer_socket) as issuer, GatewayClient(home.gateway_socket) as gateway:
        ended, closed = await asyncio.gather(
            issuer.end_all(EndReason.REVOKED), gateway.close_all(), return_exceptions=True
        )
    if isinstance(ended, BaseException):
        raise ended
    if isinstance(closed, BaseException):
        raise closed
    return ended


def _show(records: "list[WorkflowRecord]") -> None:
    from doorless.screen import cell, clock, new_table, show

    table = new_table("workflow", "role", "state", "started", "expires", "task")
    for record in records:
        state = record.state if record.state == "active" else f"ended: {record.ended_reason}"
        style = "green" if record.state == "active" else "dim"
        started, expires = clock(record.started_at * 1000), clock(record.expires_at * 1000)
        row = (record.workflow, record.role, state, started, expires, record.task)
        table.add_row(*(cell(value) for value in row), style=style)
    show(table)
