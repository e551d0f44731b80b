"""`python -m audit.log_service`: the log's index over HTTP, for the one role that watches the others; read-only.

Answers whoever brings the secret, on loopback or a unix socket alone, about what a checkpoint covers: an entry that is
not sealed yet is not there, and one that was answered can be proven. Answers are bounded; nothing is ever written.
"""

import argparse
import ipaddress
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from audit.bearer import NO_STORE, Refusal, is_shown, json_answer, read_secret
from audit.entry import EntryInvalid
from audit.faults import LogFault, LogMissing, LogUnavailable
from audit.log_service_totals import totals
from audit.log_service_view import shown
from audit.lookup import Lookup
from audit.proof import ProofInvalid
from audit.prove import NotSealed, prover_of
from audit.published import CHECKPOINT, NotPublished
from audit.query import Page
from audit.web import Address, listening, serve

MOST_ENTRIES: Final = 1_000
"""Of one page."""
MOST_TOTALLED: Final = 100_000
"""Entries that one answer of `/aggregates` is made of."""


@dataclass(frozen=True, slots=True)
class Places:
    """The log's folder, and the file of its index."""

    log: Path
    index: Path


def application(places: Places, secret: str) -> Starlette:
    """The service; every route needs `Authorization: Bearer SECRET`."""

    def guarded(answer: Callable[[Places, Request], Response]) -> Callable[[Request], Any]:
        async def guard(request: Request) -> Response:
            if not is_shown(request, secret):
                return Refusal(401, "log.secret_wrong", "The secret of this service was not shown.").answer()
            return await run_in_threadpool(_answered, answer, places, request)

        return guard

    routes = {"/entries": _entries, "/entries/{seq:int}/proof": _proof, "/aggregates": _aggregates}
    return Starlette(routes=[Route(path, guarded(do), methods=["GET"]) for path, do in routes.items()])


def page_of(given: dict[str, str]) -> Page:
    """The page that the parameters ask for: from, to (milliseconds), workflow, role, first, limit. Raises ValueError."""
    unknown = given.keys() - {"from", "to", "workflow", "role", "first", "limit"}
    if unknown:
        raise ValueError(f"there is no parameter {min(unknown)[:40]!r}")
    plain = Page()
    return Page(
        first=_number(given, "first", plain.first),
        limit=min(_number(given, "limit", plain.limit), MOST_ENTRIES) or 1,
        from_ms=_number(given, "from", plain.from_ms),
        to_ms=_number(given, "to", plain.to_ms),
        workflow=given.get("workflow", ""),
        role=given.get("role", ""),
    )


def _number(given: dict[str, str], name: str, otherwise: int) -> int:
    text = given.get(name)
    if text is None:
        return otherwise
    if not (text.isascii() and text.isdecimal()) or len(text) > 16:  # noqa: PLR2004 - 2^53 has as many digits
        raise ValueError(f"{name} is no whole number")
    return int(text)


def _answered(answer: Callable[[Places, Request], Response], places: Places, request: Request) -> Response:
    try:
        return answer(places, request)
    except Refusal as refusal:
        return refusal.answer()
    except ValueError as error:
        return Refusal(400, "log.parameter_wrong", f"{error}.").answer()
    except (LogFault, LogUnavailable, OSError):
        return Refusal(503, "log.unreadable", "The log or its index cannot be read now.").answer()


def _entries(places: Places, request: Request) -> Response:
    """A page, and the number with which the next one begins: what is sealed meanwhile stands behind it."""
    asked = page_of(dict(request.query_params))
    with Lookup(places.log, places.index) as lookup:
        found, sealed = lookup.page(asked), lookup.indexed
    full = len(found) == asked.limit
    behind = found[-1].seq + 1 if full else max(asked.first, sealed)
    return json_answer(
        {"entries": [shown(one) for one in found], "next": behind, "more": full, "sealed": sealed}
    )


def _aggregates(places: Places, request: Request) -> Response:
    asked = replace(page_of(dict(request.query_params)), limit=MOST_TOTALLED)
    with Lookup(places.log, places.index) as lookup:
        if lookup.count(asked) > MOST_TOTALLED:
            raise Refusal(400, "log.too_much", f"More than {MOST_TOTALLED} entries: ask for a shorter time.")
        found, sealed = lookup.page(asked), lookup.indexed
    return json_answer({"aggregates": totals(found), "entries": len(found), "sealed": sealed})


def _proof(places: Places, request: Request) -> Response:
    """The path from the entry to a signed checkpoint; the entry does not travel, because agents' words stand in it."""
    try:
        seq = int(request.path_params["seq"])
        proof = prover_of(places.log, seq).prove(seq, carry=False)
    except (NotSealed, NotPublished):
        raise Refusal(404, "log.not_sealed", "No checkpoint covers this entry, or it was pruned.") from None
    except (ProofInvalid, EntryInvalid):
        raise Refusal(
            503, "log.unreadable", "Tree and entry disagree; `doorless log verify` says where."
        ) from None
    return PlainTextResponse(proof.encode(), headers=NO_STORE)


def _address(text: str) -> Address:
    """Where to listen: a unix socket or loopback. Raises ValueError."""
    address = Address.parse(text)
    if address.path is None and not ipaddress.ip_address(address.host).is_loopback:
        raise ValueError(f"{text!r} is not on loopback")
    return address


def main(argv: Sequence[str]) -> int:
    """Serve until SIGTERM; the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m audit.log_service",
        description="Entries, aggregates and proofs of a log over HTTP, read-only, for who brings the secret.",
        epilog="Exit codes: 0 stopped on request, 2 wrong flags, 66 no log or no secret here, 71 the address cannot be served.",
    )
    parser.add_argument("--log", type=Path, required=True, metavar="DIR", help="folder of the log")
    parser.add_argument(
        "--index", type=Path, required=True, metavar="FILE", help="its index; made where it lacks"
    )
    parser.add_argument("--secret", type=Path, required=True, metavar="FILE", help="what readers must show")
    parser.add_argument(
        "--listen",
        type=_address,
        required=True,
        metavar="ADDRESS",
        help="HOST:PORT on loopback, or unix:PATH",
    )
    arguments = parser.parse_args(argv)
    try:
        if not (arguments.log / CHECKPOINT).is_file():
            raise LogMissing(f"there is no log in {arguments.log}: it has no file {CHECKPOINT}")
        secret = read_secret(arguments.secret)
        with listening(arguments.listen) as listener:
            serve(application(Places(arguments.log, arguments.index), secret), listener, "log")
    except LogFault as fault:
        print(f"log: {fault}", file=sys.stderr, flush=True)
        return fault.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
