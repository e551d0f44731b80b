"""The approvers' socket: persons beside the operator read holds there, and approve or refuse them; nothing else is there.

Who they are the kernel says. Whom approvals.yaml does not name is cut off before a byte is read, and nobody sees a hold
that is not theirs to decide.
"""

import asyncio
import contextlib
import grp
import os
import socket
import stat
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.server import ServerState

from decision.pdp_model import Policy
from gateway.channels import config_of
from gateway.holding.approvals_api import PEER_KEY, ApprovalsApi, name_of
from gateway.protocol import SCOPE_KEY, ChannelProtocol, Line
from gateway.wire import Flaw, read_headers, read_target
from serving.listening import SocketError, listen_unix
from serving.peers import peer_uid

MAX_CONNECTIONS = 64
_HOSTS = frozenset({b"gateway"})


class PlaceUnusable(Exception):
    """The socket cannot be made there; the text says why."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where the socket is made, and which group of this machine may reach it."""

    path: Path
    group: str


class Approvers:
    """Admits the persons whom the policy in force names, and answers them."""

    def __init__(self, api: ApprovalsApi, policy: Callable[[], Policy]) -> None:
        self._policy = policy
        self._application: ASGIApp = Starlette(routes=api.approvers_routes())
        self._connections: set[ChannelProtocol] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request of somebody who was admitted; they may have been struck off since."""
        answer = self._application
        flaw = _read(scope)
        if flaw is not None:
            told = {"code": flaw.code, "message": flaw.message}
            answer = JSONResponse(told, flaw.status, {"connection": "close"})
        elif not self._named(scope.get(PEER_KEY)):
            answer = JSONResponse(
                {"code": "hold.nobody", "message": "approvals.yaml names you no more."}, 403
            )
        await answer(scope, receive, send)

    def admits(self, peer_uid: int, connections: int) -> bool:
        """Only persons who may approve something."""
        return connections < MAX_CONNECTIONS and self._named(peer_uid)

    def joined(self, connection: ChannelProtocol) -> None:
        """Remember a connection, so that it can be cut."""
        self._connections.add(connection)

    def left(self, connection: ChannelProtocol) -> None:
        """It is gone."""
        self._connections.discard(connection)

    def cut(self) -> None:
        """End every connection."""
        for connection in list(self._connections):
            connection.cut()

    def _named(self, uid: int | None) -> bool:
        name = name_of(uid)
        templates: dict[str, Any] = self._policy().configuration.compiled["approvals"]
        return name is not None and any(name in template["approvers"] for template in templates.values())


def _read(scope: Scope) -> Flaw | None:
    """Put the target where Starlette looks for it, or say why the request cannot be read in one way."""
    line: Line = scope[SCOPE_KEY]
    target = line.flaw or read_target(line.target)
    if isinstance(target, Flaw):
        return target
    scope["path"], scope["raw_path"] = target.path.decode("ascii"), target.path
    scope["query_string"] = target.query
    return read_headers(tuple(scope["headers"]), _HOSTS)


class _ApproverProtocol(ChannelProtocol):
    """As strict as an agent's side, and each request says who is there."""

    def on_message_begin(self) -> None:
        """httptools: a request begins."""
        super().on_message_begin()
        scope: Any = self.scope
        scope[PEER_KEY] = peer_uid(self.transport.get_extra_info("socket"))


@contextlib.asynccontextmanager
async def serve_approvers(approvers: Approvers, place: Place) -> AsyncIterator[None]:
    """Serve them while the context lasts. Raises `PlaceUnusable`."""
    config, state = config_of(approvers), ServerState()
    with _listening(place) as listener:
        server = await asyncio.get_running_loop().create_unix_server(
            lambda: _ApproverProtocol(config, state, approvers), sock=listener
        )
        try:
            yield
        finally:
            server.close()
            approvers.cut()


@contextlib.contextmanager
def _listening(place: Place) -> Iterator[socket.socket]:
    group = _group(place.group)
    _check_folder(place.path.parent)
    try:
        listener = listen_unix(place.path)
        os.chown(place.path, -1, group)
        place.path.chmod(0o660)
    except (SocketError, OSError) as error:
        raise PlaceUnusable(str(error)) from error
    try:
        yield listener
    finally:
        listener.close()
        place.path.unlink(missing_ok=True)


def _group(name: str) -> int:
    try:
        return grp.getgrnam(name).gr_gid
    except KeyError:
        raise PlaceUnusable(f"this machine has no group {name!r}") from None


def _check_folder(folder: Path) -> None:
    """Whoever can write there could put a socket of their own in the place of ours."""
    try:
        about = folder.stat()
    except OSError as error:
        raise PlaceUnusable(f"the folder {folder} must be there: {error.strerror}") from None
    if about.st_uid not in {0, os.geteuid()} or about.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise PlaceUnusable(
            f"{folder} must belong to the user of the gateway, and nobody else may write there"
        )
