"""What git asks of a service over HTTP: which repository, and which of the four things; pure (gitprotocol-http(5)).

Ambiguous requests are flaws, as everywhere. Only the smart protocol is spoken: its two services, over their four URLs.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from decision.catalogue import Route, Upstream
from gateway.git.repository import Repository, base_url, repository_of
from gateway.wire import Flaw, Headers

Wire = Literal["refs", "fetch", "push-refs", "push"]
"""What git's own protocol asks."""
Door = Literal["put-file", "delete-file", "create-ref", "update-ref"]
"""What a forge's API asks instead of a push."""
Part = Wire | Door

PUSH_ROUTE = "git-push"
_PUSH_REFS_QUERY = b"service=git-receive-pack"
_PATHS: dict[Wire, str] = {
    "refs": "info/refs",
    "fetch": "git-upload-pack",
    "push-refs": "info/refs",
    "push": "git-receive-pack",
}
_PARTS: dict[tuple[str, bytes], Wire] = {
    ("git-refs", b"service=git-upload-pack"): "refs",
    ("git-refs", _PUSH_REFS_QUERY): "push-refs",
    ("git-fetch", b""): "fetch",
    ("git-push", b""): "push",
}


@dataclass(frozen=True, slots=True)
class GitCall:
    """One request of git's own protocol, or one of the API's that becomes a push."""

    part: Part
    repository: Repository
    target: str = ""
    """The file or the ref that a door names in its path."""

    @property
    def is_push(self) -> bool:
        """Whether it belongs to a push, which the gateway answers by itself."""
        return self.part not in {"refs", "fetch"}

    @property
    def is_door(self) -> bool:
        """Whether the API asks it, so that its answer is a document."""
        return self.part not in _PATHS

    def url(self, upstream: Upstream) -> str:
        """Where a read of it goes. Only git's own protocol is read."""
        path = next(path for part, path in _PATHS.items() if part == self.part)
        return f"{base_url(upstream)}/{self.repository.full_name}.git/{path}"


def read_git_call(
    route: Route, params: Mapping[str, str], query: bytes, headers: Headers
) -> GitCall | Flaw | None:
    """What a request on a route of git's means, or why it cannot be taken; nothing on any other route."""
    if not route.git:
        return None
    part = _PARTS.get((route.id, query))
    if part is None:
        return Flaw("request.git_service", "Only git's smart HTTP protocol is spoken here.")
    repository = repository_of(route.service, params)
    if repository is None:
        return Flaw("request.git_name", "No repository can have this name.")
    encoding = next((value.lower() for name, value in headers if name == b"content-encoding"), b"identity")
    allowed = {b"identity", b"gzip", b"x-gzip"} if part == "fetch" else {b"identity"}
    if encoding not in allowed:
        # A pack is compressed already; what would have to be unpacked to be judged is not taken.
        return Flaw("request.git_encoding", "This body must not be compressed once more.", 415)
    return GitCall(part, repository)
