"""The witness as a process: create one, make a log known to it, or serve until SIGTERM. Wiring, nothing else."""

import logging
import re
import sys
import time
from collections.abc import Sequence
from typing import Final, assert_never

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from audit.faults import DamagedLog, LogFault
from audit.web import listening, serve
from audit.witness.folder import add_log, create, held, read_signer, state_by_hash
from audit.witness.request import MAX_BODY_BYTES
from audit.witness.service import Witness
from audit.witness.settings import Add, Create, Run, parse

_SIZE_TYPE: Final = "text/x.tlog.size"
_CONFLICT: Final = 409
_HASH: Final = re.compile(r"[0-9a-f]{64}", re.ASCII)
_LOGGER = logging.getLogger("witness")


def application(witness: Witness) -> Starlette:
    """The witness's two faces: for logs that submit, and for whoever wants to see what it cosigned."""

    async def add_checkpoint(request: Request) -> Response:
        body = bytearray()
        async for piece in request.stream():
            body += piece
            if len(body) > MAX_BODY_BYTES:
                return PlainTextResponse("the body is too large\n", 413)
        try:
            answer = witness.add_checkpoint(bytes(body))  # no await inside: one request at a time
        except (OSError, DamagedLog) as error:
            _LOGGER.error("nothing was cosigned: %s", error)  # noqa: TRY400  # what happened, not where
            return PlainTextResponse("the witness cannot write down what it would cosign\n", 500)
        kind = _SIZE_TYPE if answer.status == _CONFLICT else "text/plain; charset=utf-8"
        return Response(answer.body, answer.status, headers={"content-type": kind})

    async def latest(request: Request) -> Response:
        name = request.path_params["hash"]
        found = state_by_hash(witness.folder, name).latest if _HASH.fullmatch(name) else None
        if found is None:
            return PlainTextResponse("nothing of this log was cosigned\n", 404)
        return Response(found.note, headers={"content-type": "text/plain; charset=utf-8"})

    return Starlette(
        routes=[
            Route("/add-checkpoint", add_checkpoint, methods=["POST"]),
            Route("/{hash}/checkpoint", latest, methods=["GET"]),
        ]
    )


def main(argv: Sequence[str]) -> int:
    """Do what the arguments say; the exit code."""
    settings = parse(argv)
    logging.basicConfig(level=logging.WARNING, format="witness: %(levelname)s: %(message)s")
    try:
        match settings:
            case Create():
                print(create(settings.folder, settings.name).vkey)
            case Add():
                add_log(settings.folder, settings.log)
            case Run():
                run(settings)
            case _ as never:
                assert_never(never)
    except LogFault as fault:
        print(f"witness: {fault}", file=sys.stderr, flush=True)
        return fault.exit_code
    return 0


def run(settings: Run) -> None:
    """Serve until SIGTERM. Raises LogFault."""
    witness = Witness(settings.folder, read_signer(settings.folder), _now)
    with held(settings.folder), listening(settings.listen) as listener:
        serve(application(witness), listener, "witness")


def _now() -> int:
    return int(time.time())
