"""Refusals of the GitHub-shaped API, in the words and members that GitHub's clients read."""

import msgspec
from starlette.requests import Request
from starlette.responses import Response


class GitHubProblem(Exception):
    """A refusal that a handler raises: an HTTP status and one sentence."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(f"{status} {message}")
        self.status = status
        self.message = message


async def on_github_problem(_request: Request, error: Exception) -> Response:
    """Answer a raised `GitHubProblem`."""
    assert isinstance(error, GitHubProblem)
    document = {
        "message": error.message,
        "documentation_url": "https://docs.github.com/rest",
        "status": str(error.status),
    }
    return Response(msgspec.json.encode(document), error.status, media_type="application/json")
