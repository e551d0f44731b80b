"""The ways in which a forge's API changes branches and files: which are doors of ours, and which stay shut; pure.

An open one becomes a push, and is asked about as one. A shut one names the open ones. Of services that are
GitHub-shaped and take pushes (docs.github.com/rest: git/refs, repos/contents; git/blobs, trees, commits, tags).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal
from urllib.parse import unquote_to_bytes

from decision.catalogue import Service
from gateway.git.asked import PUSH_ROUTE, GitCall, Part
from gateway.git.repository import repository_of
from gateway.wire import Flaw

_REPOSITORY = 3
"""How many segments name the repository: repos, owner, name."""

_OPEN: Mapping[tuple[str, str, Literal["exact", "below"]], Part] = {
    ("PUT", "contents", "below"): "put-file",
    ("DELETE", "contents", "below"): "delete-file",
    ("POST", "git/refs", "exact"): "create-ref",
    ("PATCH", "git/refs", "below"): "update-ref",
}

OPEN_CALLS = (
    "POST /repos/{owner}/{repo}/git/refs",
    "PATCH /repos/{owner}/{repo}/git/refs/{ref}",
    "PUT /repos/{owner}/{repo}/contents/{path}",
    "DELETE /repos/{owner}/{repo}/contents/{path}",
)
"""The open ones, as an agent is told of them."""

_INSTEAD = "Push with git, or use PUT and DELETE /repos/{owner}/{repo}/contents/{path} and POST /repos/{owner}/{repo}/git/refs."
_STATUSES = "Statuses are written by what checks a change, never by who proposes it; read them instead."

_AS_JUDGED = "It stays as it was judged: push to its branch to change it, or open another pull request."

_SHUT: Mapping[tuple[str, str], str] = {
    ("DELETE", "git/refs"): "Leave the branch as it is: agents delete none.",
    ("POST", "git/blobs"): _INSTEAD,
    ("POST", "git/trees"): _INSTEAD,
    ("POST", "git/commits"): _INSTEAD,
    ("POST", "git/tags"): _INSTEAD,
    ("POST", "merges"): _INSTEAD,
    ("POST", "merge-upstream"): _INSTEAD,
    ("POST", "branches"): _INSTEAD,
    ("PATCH", "pulls"): _AS_JUDGED,
    ("POST", "statuses"): _STATUSES,
    ("POST", "check-runs"): _STATUSES,
    ("PATCH", "check-runs"): _STATUSES,
    ("POST", "check-suites"): _STATUSES,
}
"""By method and how the path below the repository begins."""


@dataclass(frozen=True, slots=True)
class ShutDoor:
    """A way to change a repository that cannot be described beforehand; `instead` says which can."""

    instead: str


@dataclass(frozen=True, slots=True)
class OpenDoor:
    """A change by the API that is judged as a push; `params` are those of its path."""

    git: GitCall
    params: dict[str, str]


def has_doors(service: Service) -> bool:
    """Whether a service is GitHub-shaped and takes pushes."""
    return service.errors == "github" and any(route.id == PUSH_ROUTE for route in service.routes)


def read_door(service: Service, method: str, segments: Sequence[str]) -> OpenDoor | ShutDoor | Flaw | None:
    """Which door a request knocks at; nothing where it is none. `segments` are raw, still percent-encoded."""
    if not has_doors(service):
        return None
    shut = _shut_door(method, segments)
    if shut is not None:
        return ShutDoor(shut)
    rest = _below_repository(segments)
    return _open_door(service, method, segments, rest) if rest else None


def _below_repository(segments: Sequence[str]) -> str:
    """The path below `/repos/{owner}/{repo}/`; empty for any other."""
    return "/".join(segments[_REPOSITORY:]) if segments[0] == "repos" else ""


def _shut_door(method: str, segments: Sequence[str]) -> str | None:
    """What to do instead, at a door that is shut."""
    if (method, *segments) == ("POST", "graphql"):
        return f"GraphQL is not read here; the REST API is. {_INSTEAD}"
    if segments[0] == "repositories" and method not in {"GET", "HEAD"}:
        return f"Name the repository by owner and name. {_INSTEAD}"
    rest = _below_repository(segments)
    if method == "PUT" and rest.startswith("pulls/") and rest.endswith("/update-branch"):
        return _INSTEAD
    for (verb, begin), instead in _SHUT.items():
        if verb == method and (rest == begin or rest.startswith(f"{begin}/")):
            return instead
    return None


def _open_door(service: Service, method: str, segments: Sequence[str], rest: str) -> OpenDoor | Flaw | None:
    for (verb, begin, where), part in _OPEN.items():
        below = rest.removeprefix(f"{begin}/") if rest.startswith(f"{begin}/") else ""
        if verb != method or (not below if where == "below" else rest != begin):
            continue
        names = {"owner": segments[1], "repo": segments[2]}
        repository = repository_of(service.name, names)
        if repository is None:
            return Flaw("request.git_name", "No repository can have this name.")
        target = _decoded(below)
        if target is None:
            return Flaw("request.git_name", "No file and no branch can have this name.")
        params = {
            "owner": repository.owner,
            "repo": repository.name,
            **({"target": target} if target else {}),
        }
        return OpenDoor(GitCall(part, repository, target), params)
    return None


def _decoded(below: str) -> str | None:
    """A path or a ref, percent-decoded once; nothing for what git would not take or reads otherwise."""
    try:
        text = unquote_to_bytes(below).decode("utf-8")
    except UnicodeDecodeError:
        return None
    if below and {"", ".", ".."} & set(text.split("/")):
        return None
    return text if text.isprintable() or not text else None
