"""What PyGithub does to propose a change, with nothing but a base URL; prints what came of each step."""

# These libraries are in the environment of the clients alone.
# mypy: disable-error-code="import-not-found"

import json
import os
import urllib.request

import github
from showing import show

URL = os.environ["DOORLESS_URL"]
with urllib.request.urlopen(f"{URL}/.doorless/self") as told:
    [service] = json.load(told)["services"]
branch = service["git"]["push"]["namespace"].removeprefix("refs/heads/") + "pygithub"
repository = github.Github(base_url=f"{URL}/code-repository").get_repo("acme/shop")
main = repository.get_branch("main").commit.sha


def write() -> str:
    """Make a file, read it back, change it, and read it once more."""
    repository.create_file("docs/new.md", "Add", "x\n", branch=branch)
    file = repository.get_contents("docs/new.md", ref=branch)
    repository.update_file(file.path, "Change", "y\n", file.sha, branch=branch)
    return str(repository.get_contents("docs/new.md", ref=branch).decoded_content.decode())


show(
    {
        "branch": lambda: repository.create_git_ref(f"refs/heads/{branch}", main).ref,
        "write": write,
        "listed": lambda: [one.name for one in repository.get_branches()],
        "pull": lambda: repository.create_pull(base="main", head=branch, title="t", body="b").number,
        "read": lambda: [one.head.ref for one in repository.get_pulls()],
        "statuses": lambda: repository.get_commit(main).get_combined_status().state,
        "status": lambda: repository.get_commit(main).create_status("success"),
        "merge": lambda: repository.get_pull(1).merge(),
        "main": lambda: repository.create_file("a.txt", "Add", "x\n", branch="main"),
    }
)
