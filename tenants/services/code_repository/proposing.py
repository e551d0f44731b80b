"""Pull requests and statuses over the GitHub-shaped API, and the merge, which only people's own token opens.

A merge joins the very commits that were looked at: a branch that moves meanwhile stops it.
"""

import datetime as dt
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from tenants.services.code_repository import documents
from tenants.services.code_repository.documents import Shown
from tenants.services.code_repository.github_problem import GitHubProblem
from tenants.services.code_repository.guard import brings
from tenants.services.code_repository.pulls import Kept, Pull, Status
from tenants.services.code_repository.reading import paged
from tenants.services.code_repository.repository import GitFailed
from tenants.services.problems import json_answer

BODY_LIMIT = 1_048_576  # bytes
_Asked = TypeVar("_Asked")


class NewPull(msgspec.Struct, frozen=True):
    """The body of POST /pulls."""

    title: str
    head: str
    base: str
    body: str | None = ""
    draft: bool = False


class Merge(msgspec.Struct, frozen=True):
    """The body of PUT /pulls/{number}/merge."""

    sha: str = ""
    commit_title: str = ""
    commit_message: str = ""
    merge_method: Literal["merge"] = "merge"


class NewStatus(msgspec.Struct, frozen=True):
    """The body of POST /statuses/{sha}."""

    state: Literal["error", "failure", "pending", "success"]
    context: str = "default"
    description: str = ""
    target_url: str = ""


@dataclass(frozen=True, slots=True)
class Proposals:
    """The handlers; `people_token` empty means that nobody may merge or say a status."""

    kept: Kept
    people_token: str

    async def pulls(self, request: Request, shown: Shown) -> Response:
        """GET /pulls: newest first, `state` open, closed or all."""
        state = request.query_params.get("state", "open")
        chosen = [pull for pull in self.kept.pulls(shown.repository) if state in {"all", pull.state}]
        return paged(request, [await _document(shown, pull) for pull in reversed(chosen)])

    async def pull(self, request: Request, shown: Shown) -> Response:
        """GET /pulls/{number}."""
        return json_answer(await _document(shown, self._one(request, shown)))

    async def create(self, request: Request, shown: Shown) -> Response:
        """POST /pulls."""
        asked = await _body(request, NewPull)
        head = asked.head.removeprefix(f"{shown.repository.owner}:")
        for branch in (head, asked.base):
            await _tip(shown, branch)
        async with self.kept.changing(shown.repository):
            known = self.kept.pulls(shown.repository)
            if any((one.head, one.base, one.state) == (head, asked.base, "open") for one in known):
                raise GitHubProblem(
                    422, "Validation Failed: a pull request for these branches is open already."
                )
            pull = Pull(
                number=max((one.number for one in known), default=0) + 1,
                title=asked.title,
                body=asked.body or "",
                base=asked.base,
                head=head,
                author="token",
                created_at=_now(),
                draft=asked.draft,
            )
            self.kept.write_pull(shown.repository, pull)
        return json_answer(await _document(shown, pull), 201)

    async def merge(self, request: Request, shown: Shown) -> Response:
        """PUT /pulls/{number}/merge, by people alone."""
        self._only_people(request)
        asked = await _body(request, Merge)
        async with self.kept.changing(shown.repository):
            pull = self._one(request, shown)
            if pull.state != "open":
                raise GitHubProblem(405, "Pull Request is not mergeable")
            head, base = await _tip(shown, pull.head), await _tip(shown, pull.base)
            if asked.sha not in {"", head}:
                raise GitHubProblem(409, "Head branch was modified. Review and try the merge again.")
            made = await _merged(shown, pull, asked, (base, head))
            done = msgspec.structs.replace(
                pull, state="closed", merged_at=_now(), merged_by="people", merge_commit=made,
                head_sha=head, base_sha=base,
            )  # fmt: skip
            self.kept.write_pull(shown.repository, done)
        return json_answer({"sha": made, "merged": True, "message": "Pull Request successfully merged"})

    async def statuses(self, request: Request, shown: Shown) -> Response:
        """GET /commits/{ref}/statuses."""
        return paged(request, (await self._said(request, shown))[1])

    async def combined(self, request: Request, shown: Shown) -> Response:
        """GET /commits/{ref}/status: all of them in one word."""
        sha, said = await self._said(request, shown)
        latest = list({one["context"]: one for one in reversed(said)}.values())
        states = {one["state"] for one in latest}
        state = (
            "failure" if states & {"failure", "error"} else "success" if states == {"success"} else "pending"
        )
        return json_answer(
            {"state": state, "statuses": latest, "sha": sha, "total_count": len(latest),
             "url": f"{shown.url}/commits/{sha}/status"}
        )  # fmt: skip

    async def say(self, request: Request, shown: Shown) -> Response:
        """POST /statuses/{sha}, by people alone."""
        self._only_people(request)
        asked = await _body(request, NewStatus)
        sha = await shown.repository.resolved(request.path_params["sha"])
        status = Status(sha=sha, created_at=_now(), **msgspec.structs.asdict(asked))
        async with self.kept.changing(shown.repository):
            self.kept.write_status(shown.repository, status)
        return json_answer(_status(shown, status), 201)

    def _only_people(self, request: Request) -> None:
        if not self.people_token or not brings(request, self.people_token):
            raise GitHubProblem(403, "Resource not accessible by this token")

    def _one(self, request: Request, shown: Shown) -> Pull:
        number = request.path_params["number"]
        found = next((one for one in self.kept.pulls(shown.repository) if str(one.number) == number), None)
        if found is None:
            raise GitHubProblem(404, "Not Found")
        return found

    async def _said(self, request: Request, shown: Shown) -> tuple[str, list[dict[str, Any]]]:
        sha = await shown.repository.resolved(request.path_params["ref"])
        return sha, [_status(shown, status) for status in self.kept.statuses(shown.repository, sha)]


async def _merged(shown: Shown, pull: Pull, asked: Merge, sides: tuple[str, str]) -> str:
    """The merge commit of base and head, made and named by the base branch; nothing happens where it fails."""
    repository, (base, head) = shown.repository, sides
    try:
        tree = (await repository.text("merge-tree", "--write-tree", base, head)).splitlines()[0]
    except GitFailed:
        raise GitHubProblem(405, "Pull Request is not mergeable") from None
    title = asked.commit_title or f"Merge pull request #{pull.number} from {pull.head}"
    message = f"{title}\n\n{asked.commit_message or pull.title}\n".encode()
    made = await repository.git("commit-tree", tree, "-p", base, "-p", head, given=message)
    commit = made.decode("ascii").strip()
    try:
        await repository.git("update-ref", f"refs/heads/{pull.base}", commit, base)
    except GitFailed:
        raise GitHubProblem(409, "Base branch was modified. Review and try the merge again.") from None
    return commit


async def _tip(shown: Shown, branch: str) -> str:
    found = dict(await shown.repository.refs(f"refs/heads/{branch}")).get(f"refs/heads/{branch}")
    if found is None:
        raise GitHubProblem(422, f"Validation Failed: there is no branch {branch[:200]!r}.")
    return found


async def _document(shown: Shown, pull: Pull) -> dict[str, Any]:
    """A pull request as GitHub shows it."""
    url = f"{shown.url}/pulls/{pull.number}"
    return {
        "id": pull.number,
        "number": pull.number,
        "state": pull.state,
        "title": pull.title,
        "body": pull.body,
        "draft": pull.draft,
        "user": documents.user(pull.author, shown.service),
        "created_at": pull.created_at,
        "updated_at": pull.merged_at or pull.created_at,
        "merged": bool(pull.merged_at),
        "merged_at": pull.merged_at or None,
        "merge_commit_sha": pull.merge_commit or None,
        "url": url,
        "html_url": f"{shown.service}/{shown.repository.full_name}/pull/{pull.number}",
        "commits_url": f"{url}/commits",
        "statuses_url": f"{shown.url}/statuses/{pull.head_sha or await _sha(shown, pull.head)}",
        "head": await _side(shown, pull.head, pull.head_sha),
        "base": await _side(shown, pull.base, pull.base_sha),
        "_links": {"self": {"href": url}},
    }


async def _side(shown: Shown, branch: str, sha: str) -> dict[str, Any]:
    known = shown.repository
    return {
        "label": f"{known.owner}:{branch}",
        "ref": branch,
        "sha": sha or await _sha(shown, branch),
        "user": documents.user(known.owner, shown.service),
        "repo": documents.repository(shown, await known.default_branch()),
    }


async def _sha(shown: Shown, branch: str) -> str:
    """The tip of a branch, or nothing where it is gone."""
    return dict(await shown.repository.refs(f"refs/heads/{branch}")).get(f"refs/heads/{branch}", "")


def _status(shown: Shown, status: Status) -> dict[str, Any]:
    return {**msgspec.structs.asdict(status), "url": f"{shown.url}/statuses/{status.sha}"}


async def _body(request: Request, of: type[_Asked]) -> _Asked:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > BODY_LIMIT:
            raise GitHubProblem(413, f"A body may hold {BODY_LIMIT} bytes here.")
    try:
        return msgspec.json.decode(bytes(body) or b"{}", type=of)
    except msgspec.DecodeError as error:
        raise GitHubProblem(422, f"Validation Failed: {error}") from None


def _now() -> str:
    return dt.datetime.now(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
