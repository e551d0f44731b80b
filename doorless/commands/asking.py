"""One question to the gateway's holds and grants, and an answer as JSON: what the `approvals` commands share."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, TypeVar

import typer

from doorless.home import Home

if TYPE_CHECKING:
    from workflows.approvals_client import ApprovalsClient

Answer = TypeVar("Answer")


def ask(home: Home, question: "Callable[[ApprovalsClient], Awaitable[Answer]]") -> Answer:
    """The answer of a home's gateway. Raises `NotPossible`, `Unreachable`."""

    async def asked() -> Answer:
        from workflows.approvals_client import ApprovalsClient

        client = ApprovalsClient(home.gateway_socket)
        try:
            return await question(client)
        finally:
            await client.close()

    return asyncio.run(asked())


def print_json(thing: object, *, indent: int | None = 2) -> None:
    """Print a document; without `indent` on one line."""
    import msgspec

    typer.echo(json.dumps(msgspec.to_builtins(thing), indent=indent))
