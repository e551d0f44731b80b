"""What the API's doors answer: the documents of docs.github.com/rest that clients read of a change.

They are our own, because the forge saw a push and not the call; addresses in them lead back to the gateway.
"""

from typing import Any

from gateway.git.edit import Edit
from gateway.git.repository import Repository


def ref_document(repository_url: str, edit: Edit) -> dict[str, Any]:
    """A ref that was made or moved."""
    update = edit.update
    commit_url = f"{repository_url}/git/commits/{update.new}"
    return {
        "ref": update.name,
        "url": f"{repository_url}/git/{update.name}",
        "object": {"type": "commit", "sha": update.new, "url": commit_url},
    }


def file_document(repository_url: str, edit: Edit) -> dict[str, Any]:
    """A file that was written or deleted, and the commit that did."""
    update = edit.update
    commit = {
        "sha": update.new,
        "url": f"{repository_url}/git/commits/{update.new}",
        "message": edit.message.rstrip("\n"),
        "parents": [{"sha": update.old, "url": f"{repository_url}/git/commits/{update.old}"}],
    }
    return {"content": _content(repository_url, edit) if edit.blob else None, "commit": commit}


def repository_url(service_url: str, repository: Repository) -> str:
    """A repository's address below that of its service."""
    return f"{service_url}/repos/{repository.full_name}"


def _content(url: str, edit: Edit) -> dict[str, Any]:
    branch = edit.update.name.removeprefix("refs/heads/")
    return {
        "type": "file",
        "name": edit.path.rpartition("/")[2],
        "path": edit.path,
        "sha": edit.blob,
        "size": edit.size,
        "url": f"{url}/contents/{edit.path}?ref={branch}",
        "git_url": f"{url}/git/blobs/{edit.blob}",
        "html_url": None,
        "download_url": None,
    }
