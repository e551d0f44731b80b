"""Wiring of the code repository: settings, tokens, git's routes, the GitHub-shaped API's, one listener.

By hand, in one place; nothing is decided here.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp

from tenants.services.code_repository import reading
from tenants.services.code_repository.backend import answer
from tenants.services.code_repository.documents import Shown
from tenants.services.code_repository.github_problem import GitHubProblem, on_github_problem
from tenants.services.code_repository.guard import check_token
from tenants.services.code_repository.proposing import Proposals
from tenants.services.code_repository.pulls import Kept
from tenants.services.code_repository.settings import parse
from tenants.services.intake import RequestLog, request_line
from tenants.services.problems import Problem, on_fault, on_http_exception, on_problem
from tenants.services.serving import open_request_log, run, secret_from, serve

GIT_PATHS = (
    "/{owner}/{name}/info/refs",
    "/{owner}/{name}/git-upload-pack",
    "/{owner}/{name}/git-receive-pack",
)

Handler = Callable[[Request, Shown], Awaitable[Response]]


@dataclass(frozen=True, slots=True)
class Place:
    """Where the repositories are, and who may come in."""

    repositories: Path
    token: str
    people_token: str = ""


def build(place: Place, log: RequestLog | None) -> ASGIApp:
    """Put the service together; `log` None keeps no request log."""

    def enter(request: Request) -> None:
        if log is not None:
            # A body is not read for the log: the line says nothing of it.
            line = request_line(request.scope, b"")
            log.write(msgspec.structs.replace(line, body_sha256=""))
        check_token(request, place.token, *filter(None, [place.people_token]))

    async def git(request: Request) -> Response:
        enter(request)
        return await answer(request, place.repositories)

    def route(method: str, path: str, handler: Handler) -> Route:
        async def handle(request: Request) -> Response:
            enter(request)
            return await handler(request, reading.shown_of(request, place.repositories))

        return Route(f"/repos/{{owner}}/{{repo}}{path}", handle, methods=[method])

    api = [route(*one) for one in _api(Proposals(Kept(), place.people_token))]
    return Starlette(
        routes=[*api, *(Route(path, git, methods=["GET", "POST"]) for path in GIT_PATHS)],
        exception_handlers={
            Problem: on_problem,
            GitHubProblem: on_github_problem,
            HTTPException: on_http_exception,
            Exception: on_fault,
        },
    )


def _api(proposals: Proposals) -> tuple[tuple[str, str, Handler], ...]:
    """Below a repository: method, path, handler (docs.github.com/rest)."""
    return (
        ("GET", "", reading.repository),
        ("GET", "/branches", reading.branches),
        ("GET", "/branches/{branch:path}", reading.branch),
        ("GET", "/git/ref/{ref:path}", reading.ref),
        ("GET", "/git/matching-refs/{ref:path}", reading.matching_refs),
        ("GET", "/git/commits/{sha}", reading.git_commit),
        ("GET", "/git/trees/{sha}", reading.tree),
        ("GET", "/git/blobs/{sha}", reading.blob),
        ("GET", "/commits", reading.commits),
        ("GET", "/commits/{ref:path}/status", proposals.combined),
        ("GET", "/commits/{ref:path}/statuses", proposals.statuses),
        ("GET", "/commits/{ref:path}", reading.commit),
        ("GET", "/contents", reading.contents),
        ("GET", "/contents/{path:path}", reading.contents),
        ("GET", "/pulls", proposals.pulls),
        ("GET", "/pulls/{number}", proposals.pull),
        ("POST", "/pulls", proposals.create),
        ("PUT", "/pulls/{number}/merge", proposals.merge),
        ("POST", "/statuses/{sha}", proposals.say),
    )


def main(argv: Sequence[str] | None = None) -> None:
    """Run the service until SIGTERM; exit code 2 where a flag or a file is wrong."""
    settings = parse(argv)
    people = settings.people_token_file
    place = Place(
        repositories=settings.repositories.resolve(),
        token=secret_from(settings.token_file, "--token-file"),
        people_token=secret_from(people, "--people-token-file") if people is not None else "",
    )
    log = open_request_log(settings.request_log)
    run(serve(build(place, log), settings.listen))
