"""The reading half of the GitHub-shaped API: repositories, branches, refs, commits, contents, trees, blobs.

Each handler is one look at the real repository. Nothing is written here.
"""

import base64
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import Response

from tenants.services.code_repository import documents
from tenants.services.code_repository.documents import Shown
from tenants.services.code_repository.github_problem import GitHubProblem
from tenants.services.code_repository.pages import page_of
from tenants.services.code_repository.repository import Entry, GitFailed, find
from tenants.services.problems import json_answer

MOST_COMMITS = 1000


def shown_of(request: Request, repositories: Path) -> Shown:
    """The repository that a request's path names. Raises `GitHubProblem` 404."""
    path = request.path_params
    return Shown(find(repositories, path["owner"], path["repo"]), str(request.base_url).rstrip("/"))


def paged(request: Request, items: Sequence[Mapping[str, Any]]) -> Response:
    """One page of a list."""
    page = page_of(request.query_params)
    answer = json_answer(list(page.of(items)))
    own = f"{str(request.base_url).rstrip('/')}{quote(request.url.path, safe='/')}"
    link = page.link(own, request.query_params, len(items))
    if link:
        answer.headers["Link"] = link
    return answer


async def repository(_request: Request, shown: Shown) -> Response:
    """GET /repos/{owner}/{repo}."""
    return json_answer(documents.repository(shown, await shown.repository.default_branch()))


async def branches(request: Request, shown: Shown) -> Response:
    """GET /repos/{owner}/{repo}/branches."""
    refs = await shown.repository.refs("refs/heads/")
    named = [documents.branch(shown, name.removeprefix("refs/heads/"), sha) for name, sha in refs]
    return paged(request, named)


async def branch(request: Request, shown: Shown) -> Response:
    """GET /repos/{owner}/{repo}/branches/{branch}."""
    name = request.path_params["branch"]
    return json_answer(documents.branch(shown, name, await _exactly(shown, f"refs/heads/{name}")))


async def ref(request: Request, shown: Shown) -> Response:
    """GET /repos/{owner}/{repo}/git/ref/{ref}."""
    name = f"refs/{request.path_params['ref']}"
    return json_answer(documents.ref(shown, name, await _exactly(shown, name)))


async def matching_refs(request: Request, shown: Shown) -> Response:
    """GET /repos/{owner}/{repo}/git/matching-refs/{ref}: those that begin so."""
    begin = f"refs/{request.path_params['ref']}"
    refs = await shown.repository.refs("refs/heads/")
    return paged(request, [documents.ref(shown, name, sha) for name, sha in refs if name.startswith(begin)])


async def commits(request: Request, shown: Shown) -> Response:
    """GET /repos/{owner}/{repo}/commits: newest first, of the branch or commit `sha`."""
    at = await shown.repository.resolved(request.query_params.get("sha", ""))
    log = await shown.repository.text(
        "log", f"--max-count={MOST_COMMITS}", f"--format={documents.LOG_FORMAT}", at
    )
    return paged(request, [documents.commit(shown, facts) for facts in documents.commits_of(log)])


async def commit(request: Request, shown: Shown) -> Response:
    """GET /repos/{owner}/{repo}/commits/{ref}."""
    return json_answer(documents.commit(shown, await _facts(shown, request.path_params["ref"])))


async def git_commit(request: Request, shown: Shown) -> Response:
    """GET /repos/{owner}/{repo}/git/commits/{sha}."""
    return json_answer(documents.git_commit(shown, await _facts(shown, request.path_params["sha"])))


async def contents(request: Request, shown: Shown) -> Response:
    """GET /repos/{owner}/{repo}/contents/{path}: a file with its bytes, or what a folder holds."""
    path = request.path_params.get("path", "").strip("/")
    at = request.query_params.get("ref", "") or await shown.repository.default_branch()
    commit_id = await shown.repository.resolved(at)
    found = await shown.repository.entries(commit_id, path) if path else []
    if path and not found:
        raise GitHubProblem(404, "Not Found")
    if found and found[0].kind == "blob":
        return json_answer(documents.content(shown, found[0], at, await _blob(shown, found[0].sha)))
    held = await shown.repository.entries(commit_id, f"{path}/" if path else "")
    return json_answer([documents.content(shown, entry, at) for entry in held])


async def tree(request: Request, shown: Shown) -> Response:
    """GET /repos/{owner}/{repo}/git/trees/{sha}, the whole of it with `recursive`."""
    sha = request.path_params["sha"]
    at = await shown.repository.resolved(sha) if len(sha) < 40 else sha  # noqa: PLR2004 - SHA-1
    entries = await _tree(shown, at, deep="recursive" in request.query_params)
    return json_answer(documents.tree(shown, sha, entries))


async def blob(request: Request, shown: Shown) -> Response:
    """GET /repos/{owner}/{repo}/git/blobs/{sha}."""
    sha = request.path_params["sha"]
    data = await _blob(shown, sha)
    encoded = base64.encodebytes(data).decode("ascii")
    url = f"{shown.url}/git/blobs/{sha}"
    return json_answer({"sha": sha, "size": len(data), "url": url, "encoding": "base64", "content": encoded})


async def _exactly(shown: Shown, name: str) -> str:
    found = dict(await shown.repository.refs(name)).get(name)
    if found is None:
        raise GitHubProblem(404, "Not Found")
    return found


async def _facts(shown: Shown, name: str) -> documents.CommitFacts:
    at = await shown.repository.resolved(name)
    log = await shown.repository.text("log", "--max-count=1", f"--format={documents.LOG_FORMAT}", at)
    return documents.commits_of(log)[0]


async def _blob(shown: Shown, sha: str) -> bytes:
    if not sha.isalnum():
        raise GitHubProblem(404, "Not Found")
    try:
        return await shown.repository.git("cat-file", "blob", sha)
    except GitFailed:
        raise GitHubProblem(404, "Not Found") from None


async def _tree(shown: Shown, sha: str, *, deep: bool) -> list[Entry]:
    if not sha.isalnum():
        raise GitHubProblem(404, "Not Found")
    try:
        return await shown.repository.entries(sha, deep=deep)
    except GitFailed:
        raise GitHubProblem(404, "Not Found") from None
