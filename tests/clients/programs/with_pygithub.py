"""What PyGithub shows of each refusal."""

# These libraries are in the environment of the clients alone.
# mypy: disable-error-code="import-not-found"

import os

import github
from showing import show

URL = os.environ["DOORLESS_URL"]
client = github.Github(base_url=f"{URL}/github")
unready = github.Github(base_url=f"{URL}/github-unready")
down = github.Github(base_url=f"{URL}/github-down")
repository = github.Github(base_url=f"{URL}/github", lazy=True).get_repo("o/r")

show(
    {
        "allowed": lambda: client.get_repo("o/r"),
        "action": lambda: repository.create_pull(base="main", head="topic", title="t", body="b"),
        "data": lambda: repository.get_branch("main"),
        "hold": repository.delete,
        "large": lambda: repository.create_issue("t", body="x" * 400),
        "absent": lambda: client.get_user().login,
        "unready": lambda: unready.get_repo("o/r"),
        "down": lambda: down.get_repo("o/r"),
    }
)
