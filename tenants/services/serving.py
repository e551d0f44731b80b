"""How a reference service comes up: one TCP listener, one ready line, uvicorn without an access log.

Arguments that both services share are parsed here. Promise: the ready line is printed once, when the service
accepts connections, and names the real port.
"""

import argparse
import asyncio
import contextlib
import socket
import sys
from collections.abc import Coroutine
from pathlib import Path
from typing import NoReturn

import uvicorn
from starlette.types import ASGIApp

from tenants.services.intake import RequestLog

CANNOT_START = 2  # exit code: a flag, a file or the address is wrong


class _Announcing(uvicorn.Server):
    """uvicorn, plus the ready line once it listens."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        host, port = (sockets or [])[0].getsockname()[:2]
        print(f"ready http://{host}:{port}", flush=True)


def run(service: Coroutine[None, None, None]) -> None:
    """Run one service to its end; an interrupt from the keyboard is an ordinary end."""
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(service)


async def serve(app: ASGIApp, listen: tuple[str, int]) -> None:
    """Serve `app` on `listen` (host, port; 0 takes a free port) until SIGTERM or SIGINT."""
    try:
        listener = socket.create_server(listen)
    except OSError as error:
        refuse_start(f"cannot listen on {listen[0]}:{listen[1]}: {error.strerror}; choose another --listen")
    config = uvicorn.Config(
        app,
        http="httptools",
        access_log=False,
        proxy_headers=False,
        server_header=False,
        log_level="warning",
        timeout_graceful_shutdown=2,
    )
    with listener:
        await _Announcing(config).serve(sockets=[listener])


def refuse_start(sentence: str) -> NoReturn:
    """Print one sentence on stderr and leave with the exit code of a start that failed."""
    print(f"error: {sentence}", file=sys.stderr)
    raise SystemExit(CANNOT_START)


def address(text: str) -> tuple[str, int]:
    """Parse `HOST:PORT` for argparse; raises ArgumentTypeError."""
    host, colon, port = text.rpartition(":")
    if not colon or not host or not port.isascii() or not port.isdigit() or int(port) > 65_535:  # noqa: PLR2004
        raise argparse.ArgumentTypeError(f"{text!r} is not HOST:PORT, as in 127.0.0.1:8101")
    return host, int(port)


def secret_from(path: Path, flag: str) -> str:
    """Read a secret from its file, without the line end; refuses to start where it is absent or empty."""
    try:
        secret = path.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not ASCII text"
        refuse_start(f"cannot read {flag} {path}: {reason}")
    if not secret:
        refuse_start(f"{flag} {path} is empty; write the secret into it")
    return secret


def open_request_log(path: Path | None) -> RequestLog | None:
    """Open the request log that `--request-log` names, if any; refuses to start where that fails."""
    if path is None:
        return None
    try:
        return RequestLog(path)
    except OSError as error:
        refuse_start(f"cannot open --request-log {path}: {error.strerror}")
