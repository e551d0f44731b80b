"""A pull request of one file through the gateway: with its evidence still to be found out, and with it known.

The repository is the demo's, so that there are tests to run. A fresh home has no jury: the call ends by waiting for a person.
"""

import http.client
import json
import secrets
import time
from pathlib import Path
from urllib.parse import urlsplit

from bench.channel import open_channel, relay
from bench.failure import CannotMeasure
from bench.figure import Section
from bench.home import FORGE, Ports, Stack
from bench.pushes import clone_of, forge, git
from bench.settings import Effort
from bench.targets import figure
from doorless.demo.forge import NAME

_PATIENCE_S = 120.0


async def measure_proposals(stack: Stack, folder: Path, ports: Ports, core: int, effort: Effort) -> Section:
    """Propose a fresh change each round, and propose it again."""
    first, again = [], []
    with forge(stack.root, folder, ports.forge) as direct_url:
        async with open_channel(stack.root) as channel:
            with relay(ports.relay, channel.socket, channel.uid, core, folder / "relay.log") as url:
                shop = clone_of(folder / "shop", f"{direct_url}/{NAME}", channel.workflow)
                for number in range(effort.rounds):
                    branch = _pushed(shop, channel.workflow, number)
                    first.append(_proposed(url, branch))
                    again.append(_proposed(url, branch))
    return Section(
        "a pull request of one file",
        (
            figure("pull_first_s", "facts, semgrep and the base's tests, until it waits", "s", first),
            figure("pull_again_s", "the same with its evidence known", "s", again),
        ),
    )


def _pushed(shop: Path, workflow: str, number: int) -> str:
    """A new commit on a new branch at the forge; its short name. Pushing it is not counted."""
    branch = f"agent/{workflow}/{secrets.token_hex(4)}"
    git(shop, "checkout", "--quiet", "--detach", "origin/main")
    (shop / "shop" / "prices.py").write_text(f"PRICE = {number}\n", encoding="ascii")
    git(shop, "add", "--all")
    git(shop, "commit", "--quiet", "--message", "A price")
    git(shop, "push", "--quiet", "origin", f"HEAD:refs/heads/{branch}")
    return branch


def _proposed(url: str, branch: str) -> float:
    """Seconds until the call is held. Raises `CannotMeasure` for any other answer."""
    document = {"title": "A price", "body": "It was missing.", "base": "main", "head": branch}
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=_PATIENCE_S)
    headers = {"Host": "proxy", "Content-Type": "application/json"}
    began = time.monotonic()
    connection.request("POST", f"/{FORGE}/repos/{NAME}/pulls", json.dumps(document), headers)
    answer = connection.getresponse()
    said = answer.read()
    took = time.monotonic() - began
    connection.close()
    if answer.getheader("x-doorless-hold") is None:
        raise CannotMeasure(
            f"the pull request was not held: {said.decode('utf-8', 'replace')[:500]}", "See above."
        )
    return took
