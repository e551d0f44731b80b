"""Long lists in pages, as GitHub gives them: `per_page`, `page`, and a `Link` header (RFC 8288) to the next; pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from tenants.services.code_repository.github_problem import GitHubProblem

_Item = TypeVar("_Item")
_MOST = 100
_USUAL = 30


@dataclass(frozen=True, slots=True)
class Page:
    """Which part of a list is asked for."""

    number: int
    size: int

    def of(self, items: Sequence[_Item]) -> Sequence[_Item]:
        """This part of a list."""
        return items[(self.number - 1) * self.size : self.number * self.size]

    def link(self, url: str, query: Mapping[str, str], count: int) -> str:
        """The value of `Link`, or nothing on the last page."""
        if self.number * self.size >= count:
            return ""
        rest = "".join(
            f"&{name}={value}" for name, value in query.items() if name not in {"page", "per_page"}
        )
        return f'<{url}?per_page={self.size}&page={self.number + 1}{rest}>; rel="next"'


def page_of(query: Mapping[str, str]) -> Page:
    """The page that a query names. Raises `GitHubProblem` 422 for one that is none."""
    try:
        number, size = int(query.get("page", "1")), int(query.get("per_page", str(_USUAL)))
    except ValueError:
        raise GitHubProblem(422, "page and per_page are numbers.") from None
    if number < 1 or size < 1:
        raise GitHubProblem(422, "page and per_page begin at 1.")
    return Page(number, min(size, _MOST))
