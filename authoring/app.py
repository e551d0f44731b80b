"""`python -m authoring`: replay, difference and suggestion over HTTP, for the meta-workflow; wiring.

One question at a time: each starts an OPA. Nothing is changed, nothing recorded, and what comes in is only ever a
candidate that is asked about the past.
"""

import asyncio
import re
import sys
from collections.abc import Awaitable, Callable, Sequence
from typing import Annotated, Any, Final, TypeVar

import msgspec
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from audit.bearer import Refusal, is_shown, json_answer, read_secret
from audit.faults import LogFault
from audit.web import listening, serve
from authoring.asking import EngineLost
from authoring.candidate import CandidateWrong, Rule, candidate
from authoring.difference import report as difference_report
from authoring.difference.sources import difference_between
from authoring.replay import report as replay_report
from authoring.replay.replay import Source, Wanted, replay
from authoring.roles_text import CannotEdit
from authoring.settings import Settings, parse
from authoring.suggest import report as suggest_report
from authoring.suggest.suggest import CannotSuggest, suggest
from authoring.suggest.use import used_in_log
from decision.config import load_policies
from decision.yaml_source import ConfigErrors

MOST_BODY_BYTES: Final = 512 * 1024
MOST_WAITING: Final = 8
_Moment = Annotated[int, msgspec.Meta(ge=0, le=2**53 - 1)]
_PLACE = re.compile(r"/\S*?(?:dl-candidate|doorless-suggest)-[^/\s]+/(?:policies/)?")
"""Where a candidate lay while it was looked at: nobody's concern, and gone."""
_Asked = TypeVar("_Asked")
_Work = Callable[[bytes], Awaitable[dict[str, Any]]]


class AskReplay(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which decisions a candidate would make otherwise. Empty `roles` and no `rule`: the home's own policies."""

    roles: str = ""
    rule: Rule | None = None
    role: str = ""
    since_ms: _Moment = 0


class AskSuggest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The narrowest role for what a role did in a time, as an edit of `roles`; empty: the home's own."""

    role: str
    roles: str = ""
    since_ms: _Moment = 0
    until_ms: _Moment | None = None


class AskDifference(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a candidate lets through that policies with `old_roles` do not, and the other way round."""

    old_roles: str = ""
    roles: str = ""
    rule: Rule | None = None


class Tools:
    """What may be asked, over the past of one home."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._source = Source(settings.log, settings.bundles, settings.opa)

    async def replay(self, body: bytes) -> dict[str, Any]:
        """Replay a candidate."""
        asked = _read(body, AskReplay)
        with candidate(self._settings.policies, asked.roles, asked.rule) as folder:
            found = await replay(self._source, folder, Wanted(asked.since_ms, asked.role or None))
        return {**replay_report.document(found), "markdown": replay_report.markdown(found)}

    async def suggest(self, body: bytes) -> dict[str, Any]:
        """Suggest a narrower role."""
        asked = _read(body, AskSuggest)
        return await asyncio.to_thread(self._suggested, asked)

    async def difference(self, body: bytes) -> dict[str, Any]:
        """Compare two candidates."""
        asked = _read(body, AskDifference)
        policies, opa = self._settings.policies, self._settings.opa
        with (
            candidate(policies, asked.old_roles, None) as old,
            candidate(policies, asked.roles, asked.rule) as new,
        ):
            found = await difference_between(old, new, opa)
        return {**difference_report.document(found), "markdown": difference_report.markdown(found)}

    def _suggested(self, asked: AskSuggest) -> dict[str, Any]:
        used = used_in_log(self._settings.log, asked.role, since_ms=asked.since_ms, until_ms=asked.until_ms)
        with candidate(self._settings.policies, asked.roles, None) as folder:
            found = suggest(load_policies(folder), used)
        return suggest_report.document(found)


class _Desk:
    """Answers one question after the other; turns away who does not show the secret, and more than a few waiting."""

    def __init__(self, secret: str) -> None:
        self._secret = secret
        self._one = asyncio.Lock()
        self._waiting = 0

    def serving(self, work: _Work) -> Callable[[Request], Awaitable[Response]]:
        """A handler for one kind of question."""

        async def answer(request: Request) -> Response:
            try:
                self._let_in(request)
                return json_answer(await self._worked(work, await _body(request)))
            except Refusal as refusal:
                return refusal.answer()
            except (CandidateWrong, CannotSuggest, CannotEdit, ConfigErrors) as error:
                return Refusal(422, "policy_tools.no_answer", _PLACE.sub("", str(error))).answer()
            except (EngineLost, LogFault, OSError, msgspec.DecodeError):
                return Refusal(
                    503, "policy_tools.unavailable", "OPA or the log cannot be asked now."
                ).answer()

        return answer

    def _let_in(self, request: Request) -> None:
        if not is_shown(request, self._secret):
            raise Refusal(401, "policy_tools.secret_wrong", "The secret of this service was not shown.")
        if self._waiting >= MOST_WAITING:
            raise Refusal(503, "policy_tools.busy", "Too many questions wait; ask again later.")

    async def _worked(self, work: _Work, body: bytes) -> dict[str, Any]:
        self._waiting += 1
        try:
            async with self._one:
                return await work(body)
        finally:
            self._waiting -= 1


def application(settings: Settings, secret: str) -> Starlette:
    """The HTTP face; every route needs `Authorization: Bearer SECRET`."""
    tools, desk = Tools(settings), _Desk(secret)
    routes = {"/replay": tools.replay, "/suggest": tools.suggest, "/difference": tools.difference}
    return Starlette(
        routes=[Route(path, desk.serving(work), methods=["POST"]) for path, work in routes.items()]
    )


def _read(body: bytes, of: type[_Asked]) -> _Asked:
    try:
        return msgspec.json.decode(body, type=of)
    except msgspec.DecodeError as error:
        raise Refusal(400, "policy_tools.not_understood", f"{error}.") from None


async def _body(request: Request) -> bytes:
    body = bytearray()
    async for piece in request.stream():
        body += piece
        if len(body) > MOST_BODY_BYTES:
            raise Refusal(413, "policy_tools.too_large", f"A question takes {MOST_BODY_BYTES} bytes at most.")
    return bytes(body)


def main(argv: Sequence[str]) -> int:
    """Serve until SIGTERM; the exit code."""
    settings = parse(argv)
    try:
        secret = read_secret(settings.secret)
        with listening(settings.listen) as listener:
            serve(application(settings, secret), listener, "authoring")
    except LogFault as fault:
        print(f"authoring: {fault}", file=sys.stderr, flush=True)
        return fault.exit_code
    return 0
