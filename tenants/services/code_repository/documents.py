"""The documents of the GitHub-shaped API: what of a repository is shown, under which members.

The members are those that GitHub's REST API documents (docs.github.com/rest) and its clients read; nothing invented.
"""

import base64
from dataclasses import dataclass
from typing import Any

from tenants.services.code_repository.repository import Entry, Repository

_TYPES = {"blob": "file", "tree": "dir", "commit": "submodule"}


@dataclass(frozen=True, slots=True)
class Shown:
    """A repository, and the address under which its service was asked."""

    repository: Repository
    service: str

    @property
    def url(self) -> str:
        """The repository's own address."""
        return f"{self.service}/repos/{self.repository.full_name}"


def user(login: str, service: str) -> dict[str, Any]:
    """Somebody."""
    return {"login": login, "id": 1, "type": "User", "url": f"{service}/users/{login}"}


def repository(shown: Shown, default_branch: str) -> dict[str, Any]:
    """A repository."""
    known = shown.repository
    return {
        "id": 1,
        "name": known.name,
        "full_name": known.full_name,
        "private": True,
        "owner": user(known.owner, shown.service),
        "url": shown.url,
        "html_url": f"{shown.service}/{known.full_name}",
        "clone_url": f"{shown.service}/{known.full_name}.git",
        "branches_url": f"{shown.url}/branches{{/branch}}",
        "contents_url": f"{shown.url}/contents/{{+path}}",
        "pulls_url": f"{shown.url}/pulls{{/number}}",
        "statuses_url": f"{shown.url}/statuses/{{sha}}",
        "default_branch": default_branch,
    }


def ref(shown: Shown, name: str, sha: str) -> dict[str, Any]:
    """A ref and the commit that it names."""
    commit = {"type": "commit", "sha": sha, "url": f"{shown.url}/git/commits/{sha}"}
    return {"ref": name, "url": f"{shown.url}/git/{name}", "object": commit}


def branch(shown: Shown, name: str, sha: str) -> dict[str, Any]:
    """A branch, by its short name."""
    return {
        "name": name,
        "commit": {"sha": sha, "url": f"{shown.url}/commits/{sha}"},
        "protected": False,
        "_links": {"self": f"{shown.url}/branches/{name}"},
    }


@dataclass(frozen=True, slots=True)
class CommitFacts:
    """What git tells of a commit."""

    sha: str
    tree: str
    parents: tuple[str, ...]
    author: dict[str, str]
    committer: dict[str, str]
    message: str


LOG_FORMAT = "%H%x00%T%x00%P%x00%an%x00%ae%x00%aI%x00%cn%x00%ce%x00%cI%x00%B%x00%x01"


def commits_of(log: str) -> list[CommitFacts]:
    """The commits in what `git log --format=LOG_FORMAT` prints."""
    found = []
    for record in log.split("\0\x01")[:-1]:
        sha, tree, parents, *people, message = record.lstrip("\n").split("\0")
        author, committer = (
            dict(zip(("name", "email", "date"), person, strict=True)) for person in (people[:3], people[3:])
        )
        found.append(CommitFacts(sha, tree, tuple(parents.split()), author, committer, message.rstrip("\n")))
    return found


def git_commit(shown: Shown, commit: CommitFacts) -> dict[str, Any]:
    """A commit, as the git-data API shows it."""
    return {
        "sha": commit.sha,
        "url": f"{shown.url}/git/commits/{commit.sha}",
        "author": commit.author,
        "committer": commit.committer,
        "message": commit.message,
        "tree": {"sha": commit.tree, "url": f"{shown.url}/git/trees/{commit.tree}"},
        "parents": [{"sha": sha, "url": f"{shown.url}/git/commits/{sha}"} for sha in commit.parents],
    }


def commit(shown: Shown, facts: CommitFacts) -> dict[str, Any]:
    """A commit, as the list of commits shows it."""
    return {
        "sha": facts.sha,
        "url": f"{shown.url}/commits/{facts.sha}",
        "commit": git_commit(shown, facts),
        "parents": [{"sha": sha, "url": f"{shown.url}/commits/{sha}"} for sha in facts.parents],
    }


def content(shown: Shown, entry: Entry, at: str, data: bytes | None = None) -> dict[str, Any]:
    """A file or folder at the ref `at`, with its bytes where they are given."""
    url = f"{shown.url}/contents/{entry.path}?ref={at}"
    bytes_of: dict[str, Any] = {}
    if data is not None:
        bytes_of = {"encoding": "base64", "content": base64.encodebytes(data).decode("ascii")}
    return {
        "type": _TYPES[entry.kind],
        "name": entry.path.rpartition("/")[2],
        "path": entry.path,
        "sha": entry.sha,
        "size": entry.size,
        "url": url,
        "git_url": f"{shown.url}/git/{entry.kind}s/{entry.sha}",
        "html_url": None,
        "download_url": None,
        "_links": {"self": url},
        **bytes_of,
    }


def tree(shown: Shown, sha: str, entries: list[Entry]) -> dict[str, Any]:
    """A tree of the git-data API."""
    listed = [
        {
            "path": entry.path,
            "mode": entry.mode,
            "type": entry.kind,
            "sha": entry.sha,
            "url": f"{shown.url}/git/{entry.kind}s/{entry.sha}",
        }
        for entry in entries
    ]
    return {"sha": sha, "url": f"{shown.url}/git/trees/{sha}", "tree": listed, "truncated": False}
