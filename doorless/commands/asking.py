"""One question to the gateway's holds and grants, and an answer as JSON: what the `approvals` commands share."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import typer

from doorless.home import Home

if TYPE_CHECKING:
    from workflows.approvals_client import ApprovalsClient

Answer = TypeVar("Answer")


def ask(place: Home | Path, question: "Callable[[ApprovalsClient], Awaitable[Answer]]") -> Answer:
    """The answer of a home's gateway, at its own socket or at the approvers'. Raises `NotPossible`, `Unreachable`."""

    async def asked() -> Answer:
        from workflows.approvals_client import ApprovalsClient

        beside = isinstance(place, Path)
        client = ApprovalsClient(place if isinstance(place, Path) else place.gateway_socket, beside=beside)
        try:
            return await question(client)
        finally:
            await client.close()

    return asyncio.run(asked())


def print_json(thing: object, *, indent: int | None = 2) -> None:
    """Print a document; without `indent` on one line."""
    import msgspec

    text = msgspec.json.format(msgspec.json.encode(thing), indent=-1 if indent is None else indent).decode()
    # Thousands of holds at once in a tenth of json's time; what is not plain is escaped as json does.
    typer.echo(text if text.isascii() else json.dumps(msgspec.to_builtins(thing), indent=indent))
