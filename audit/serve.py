"""`python -m audit.serve`: what a log publishes, read-only over HTTP, for other people's verifiers (c2sp.org/tlog-tiles).

Serves the checkpoint, tiles, bundles and public keys under their one spelling, and nothing else: whatever else lies in
the folder has no name here. Never writes. Whoever may connect may read every entry, so it listens where it is told to.
"""

import argparse
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from audit.faults import LogFault, LogMissing, LogUnavailable
from audit.published import CHECKPOINT, NotPublished, PublishedFolder
from audit.tiles import TileInvalid
from audit.web import Address, listening, serve

_KEY: Final = re.compile(r"[0-9a-f]{8}\.vkey", re.ASCII)
_TEXT: Final = "text/plain; charset=utf-8"
_NEVER_CHANGES: Final = "public, max-age=31536000, immutable"
_CHANGES: Final = "public, max-age=1, must-revalidate"


def application(log: Path) -> Starlette:
    """The read-only face of the log in that folder."""
    published = PublishedFolder(log)

    async def answer(request: Request) -> Response:
        return await run_in_threadpool(_answer, published, _name_of(request))

    return Starlette(routes=[Route("/{name:path}", answer, methods=["GET", "HEAD"])])


def main(argv: Sequence[str]) -> int:
    """Serve until SIGTERM; the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m audit.serve",
        description="Checkpoint, tiles, bundles and keys of a log over HTTP, read-only.",
        epilog="Exit codes: 0 stopped on request, 2 wrong flags, 66 no log here, 71 the address cannot be served.",
    )
    parser.add_argument(
        "--log", type=Path, required=True, metavar="DIR", help="folder of the log, or of a copy"
    )
    parser.add_argument(
        "--listen", type=Address.parse, required=True, metavar="ADDRESS", help="HOST:PORT or unix:PATH"
    )
    arguments = parser.parse_args(argv)
    try:
        if not (arguments.log / CHECKPOINT).is_file():
            raise LogMissing(f"there is no log in {arguments.log}: it has no file {CHECKPOINT}")
        with listening(arguments.listen) as listener:
            serve(application(arguments.log), listener, "serve")
    except LogFault as fault:
        print(f"serve: {fault}", file=sys.stderr, flush=True)
        return fault.exit_code
    return 0


def _name_of(request: Request) -> str:
    """The name that was asked for, as it was sent: nothing is decoded, so each file has one address."""
    raw = request.scope.get("raw_path") or b""
    return "" if request.url.query else bytes(raw).decode("latin-1").removeprefix("/")


def _answer(published: PublishedFolder, name: str) -> Response:
    try:
        if _KEY.fullmatch(name):
            return _found((published.folder / name).read_bytes(), _TEXT, _CHANGES)
        content = published.get(name)
    except (TileInvalid, NotPublished, FileNotFoundError):
        return PlainTextResponse("not found\n", 404, headers={"cache-control": "no-store"})
    except (LogUnavailable, OSError):
        return PlainTextResponse("cannot be read now\n", 503, headers={"cache-control": "no-store"})
    if name == CHECKPOINT:
        return _found(content, _TEXT, _CHANGES)
    return _found(content, "application/octet-stream", _NEVER_CHANGES)


def _found(content: bytes, kind: str, caching: str) -> Response:
    headers = {"cache-control": caching, "content-type": kind, "x-content-type-options": "nosniff"}
    return Response(content, headers=headers)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
