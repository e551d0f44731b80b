"""The GitHub-shaped API of the code repository: documents about real git, and a merge that only people open."""

import base64
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.tenants.processes import Service

TOKEN = "canary-repository-api-token"
PEOPLE = "canary-repository-people-token"
_HEADER = "committer a <a@example.com> 1700000000 +0000\ndata 5\nfirst\n"
SEED = (
    f"commit refs/heads/main\n{_HEADER}"
    "M 100644 inline README.md\ndata 7\n# shop\n\nM 100644 inline shop/cart.py\ndata 2\na\n\n"
    f"commit refs/heads/topic\n{_HEADER}from refs/heads/main\nM 100644 inline shop/cart.py\ndata 2\nb\n\n"
    f"commit refs/heads/clash\n{_HEADER}from refs/heads/main\nM 100644 inline shop/cart.py\ndata 2\nc\n\n"
    "reset refs/heads/agent/wf-a/work\nfrom refs/heads/topic\n\n"
)


class Api:
    """The API of one repository, with the ordinary token unless said otherwise."""

    def __init__(self, url: str, name: str) -> None:
        self.url = f"{url}/repos/acme/{name}"
        self._client = httpx.Client(trust_env=False)

    def ask(self, method: str, path: str, token: str = TOKEN, **members: Any) -> httpx.Response:
        headers = {"Authorization": f"Bearer {token}"}
        return self._client.request(method, self.url + path, headers=headers, json=members or None)

    def get(self, path: str) -> Any:
        answer = self.ask("GET", path)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def close(self) -> None:
        self._client.close()


@dataclass(frozen=True)
class Forge:
    """A running service, and where its repositories are."""

    url: str
    repositories: Path


@pytest.fixture(scope="module")
def forge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Forge]:
    """One service for the module."""
    folder = tmp_path_factory.mktemp("forge")
    for name, token in (("token", TOKEN), ("people", PEOPLE)):
        (folder / name).write_text(token)
    repositories = folder / "repositories"
    repositories.mkdir()
    service = Service(
        "tenants.services.code_repository",
        *("--listen", "127.0.0.1:0", "--repositories", str(repositories)),
        *("--token-file", str(folder / "token"), "--people-token-file", str(folder / "people")),
    )
    yield Forge(service.url, repositories)
    assert service.stop() == ""


@pytest.fixture
def api(forge: Forge) -> Iterator[Api]:
    """A repository of its own with four branches."""
    name = f"shop-{len(list(forge.repositories.glob('acme/*')))}"
    bare = forge.repositories / "acme" / f"{name}.git"
    bare.mkdir(parents=True)
    subprocess.run(["git", "init", "--quiet", "--bare", "--initial-branch=main", str(bare)], check=True)
    subprocess.run(["git", "--git-dir", str(bare), "fast-import", "--quiet"], input=SEED.encode(), check=True)
    api = Api(forge.url, name)
    yield api
    api.close()


def test_what_is_shown_is_what_git_has(api: Api) -> None:
    """Repository, branches, refs, commits, files, folders, trees and blobs, under the members that clients read."""
    assert api.get("")["default_branch"] == "main"
    assert [one["name"] for one in api.get("/branches")] == ["agent/wf-a/work", "clash", "main", "topic"]
    head = api.get("/branches/agent/wf-a/work")["commit"]["sha"]
    assert api.get("/git/ref/heads%2Ftopic")["object"]["sha"] == head
    assert api.get("/git/matching-refs/heads/to")[0]["ref"] == "refs/heads/topic"
    [commit, first] = api.get("/commits?sha=topic")
    assert (commit["sha"], commit["parents"][0]["sha"]) == (head, first["sha"])
    assert api.get(f"/git/commits/{head}")["message"] == "first"
    file = api.get("/contents/shop/cart.py?ref=topic")
    assert base64.b64decode(file["content"]) == b"b\n"
    assert [one["path"] for one in api.get("/contents/shop")] == ["shop/cart.py"]
    assert [one["name"] for one in api.get("/contents")] == ["README.md", "shop"]
    tree = api.get(f"/git/trees/{head}?recursive=1")["tree"]
    assert [one["path"] for one in tree] == ["README.md", "shop", "shop/cart.py"]
    assert base64.b64decode(api.get(f"/git/blobs/{file['sha']}")["content"]) == b"b\n"


def test_what_is_not_there_is_404(api: Api) -> None:
    """And no text of a caller's is taken by git for an option."""
    absent = (
        "/branches/none",
        "/contents/none",
        "/git/blobs/--help",
        "/git/trees/-x",
        "/commits/--all",
        "/pulls/9",
    )
    for path in absent:
        answer = api.ask("GET", path)
        assert (answer.status_code, answer.json()["message"]) == (404, "Not Found"), path


def test_a_long_list_comes_in_pages(api: Api) -> None:
    """`Link` names the next page, until the last."""
    answer = api.ask("GET", "/branches?per_page=3")
    assert answer.headers["link"] == f'<{api.url}/branches?per_page=3&page=2>; rel="next"'
    last = api.ask("GET", "/branches?per_page=3&page=2")
    assert [one["name"] for one in last.json()] == ["topic"]
    assert "link" not in last.headers


def test_people_merge_what_the_token_proposes(api: Api) -> None:
    """The ordinary token opens a pull request and cannot merge it; people's token merges that commit, once."""
    made = api.ask("POST", "/pulls", title="A fix", head="topic", base="main", body="why")
    assert made.status_code == 201
    pull = made.json()
    again = api.ask("POST", "/pulls", title="A fix", head="topic", base="main")
    assert (again.status_code, "open already" in again.json()["message"]) == (422, True)
    assert api.ask("PUT", "/pulls/1/merge", sha=pull["head"]["sha"]).status_code == 403
    assert api.ask("PUT", "/pulls/1/merge", PEOPLE, sha="0" * 40).status_code == 409
    merged = api.ask("PUT", "/pulls/1/merge", PEOPLE, sha=pull["head"]["sha"])
    assert merged.json()["merged"]
    assert api.get("/branches/main")["commit"]["sha"] == merged.json()["sha"]
    assert api.get("/pulls/1")["merge_commit_sha"] == merged.json()["sha"]
    assert api.ask("PUT", "/pulls/1/merge", PEOPLE).status_code == 405
    assert api.get("/pulls") == []


def test_a_conflict_is_not_merged(api: Api) -> None:
    """Two branches that change one line: the second is refused and main stays."""
    for number, head in ((1, "topic"), (2, "clash")):
        api.ask("POST", "/pulls", title="t", head=head, base="main")
        status = api.ask("PUT", f"/pulls/{number}/merge", PEOPLE).status_code
        assert status == (200 if number == 1 else 405)
    assert api.get("/pulls/2")["state"] == "open"


def test_only_people_say_a_status(api: Api) -> None:
    """The ordinary token reads statuses; the latest of each context makes the one word."""
    head = api.get("/branches/topic")["commit"]["sha"]
    assert api.ask("POST", f"/statuses/{head}", state="success").status_code == 403
    for state in ("pending", "success"):
        assert api.ask("POST", f"/statuses/{head}", PEOPLE, state=state, context="tests").status_code == 201
    assert api.get(f"/commits/{head}/status")["state"] == "success"
    assert [one["state"] for one in api.get("/commits/topic/statuses")] == ["success", "pending"]


def test_a_body_that_is_none_changes_nothing(api: Api) -> None:
    """422 with a sentence, as GitHub answers."""
    bodies: tuple[dict[str, Any], ...] = ({"title": "t"}, {"title": 1, "head": "topic", "base": "main"}, {})
    for body in bodies:
        answer = api.ask("POST", "/pulls", **body)
        assert answer.status_code == 422
        assert answer.json()["message"].startswith("Validation Failed")
    assert api.get("/pulls?state=all") == []
