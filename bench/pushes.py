"""A push of 10 MB that cannot be compressed: straight to a git server, and through the gateway to the same one.

Both ways take the same relay less: the direct one has none. Each push is new content on a new branch.
"""

import contextlib
import os
import secrets
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from bench import process
from bench.channel import open_channel, relay, wait_for
from bench.failure import CannotMeasure
from bench.figure import Section, ratios
from bench.home import FORGE, ROLE, ROOT, Ports, Stack
from bench.settings import Effort
from bench.targets import figure
from doorless.demo.forge import found
from doorless.home import Home

BYTES = 10_000_000
_REPOSITORY = "bench/large"
_SEED = b"commit refs/heads/main\ncommitter a <a@example.com> 1700000000 +0000\ndata 1\nx\nM 100644 inline a\ndata 1\na\n"


async def measure_pushes(stack: Stack, folder: Path, ports: Ports, core: int, effort: Effort) -> Section:
    """Push by turns, on the core that is not the product's; the gateway's memory is looked at around all of it."""
    with forge(stack.root, folder, ports.forge) as upstream_url:
        direct_url = f"{upstream_url}/{_REPOSITORY}"
        async with open_channel(stack.root) as channel:
            with relay(ports.relay, channel.socket, channel.uid, core, folder / "relay.log") as url:
                gateway = stack.part("gateway")
                clone = clone_of(folder / "large", direct_url, channel.workflow)
                direct, through = [], []
                _push(clone, f"{url}/{FORGE}/git/{_REPOSITORY}", channel.workflow)  # makes the mirror
                before = process.peak_megabytes(gateway)
                for _ in range(effort.rounds):
                    direct.append(_push(clone, direct_url, channel.workflow))
                    through.append(_push(clone, f"{url}/{FORGE}/git/{_REPOSITORY}", channel.workflow))
                grown = process.peak_megabytes(gateway) - before
    times = ratios(tuple(through), tuple(direct))
    return Section(
        "a push of 10 MB",
        (
            figure("push_direct_s", "straight to the git server", "s", direct),
            figure("push_s", "through the gateway: received, searched, judged, passed on", "s", through),
            figure("push_times", "how many times as long", "x", list(times)),
            figure("push_growth_mb", "what the gateway's memory grew by", "MB", [grown]),
        ),
    )


@contextlib.contextmanager
def forge(root: Path, folder: Path, port: int) -> Iterator[str]:
    """The reference git server with its two repositories; the URL that leads straight to it."""
    repositories, token = folder / "forge", Home(root).secrets / "forge-git"
    if not repositories.exists():
        found(repositories)
        bare = repositories / f"{_REPOSITORY}.git"
        bare.mkdir(parents=True)
        git(bare, "init", "--quiet", "--bare", "--initial-branch=main")
        git(bare, "fast-import", "--quiet", given=_SEED)
    argv = [
        *(sys.executable, "-m", "tenants.services.code_repository", "--listen", f"127.0.0.1:{port}"),
        *("--repositories", str(repositories), "--token-file", str(token)),
    ]
    with process.running(process.unpinned(argv), ROOT, folder / "forge.log"):
        wait_for(port)
        yield f"http://x:{token.read_text(encoding='ascii').strip()}@127.0.0.1:{port}"


def clone_of(folder: Path, url: str, workflow: str) -> Path:
    """A clone whose commits name the workflow."""
    folder.mkdir()
    git(folder, "clone", "--quiet", url, ".")
    git(folder, "config", "user.name", ROLE)
    git(folder, "config", "user.email", f"{workflow}@agents.doorless.local")
    return folder


def _push(clone: Path, url: str, workflow: str) -> float:
    """Seconds of one push of new content; making it is not counted."""
    git(clone, "checkout", "--quiet", "--detach", "origin/main")
    (clone / "large.bin").write_bytes(os.urandom(BYTES))
    git(clone, "add", "large.bin")
    git(clone, "commit", "--quiet", "--message", "large")
    branch = f"refs/heads/agent/{workflow}/{secrets.token_hex(4)}"
    began = time.monotonic()
    header = () if "@" in url else ("-c", "http.extraHeader=Host: proxy")
    git(clone, *header, "push", "--quiet", url, f"HEAD:{branch}")
    return time.monotonic() - began


def git(folder: Path, *words: str, given: bytes = b"") -> None:
    """Run git with nobody's settings. Raises `CannotMeasure`."""
    environment = {**os.environ, "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": os.devnull}
    ran = subprocess.run(
        ["git", *words], cwd=folder, env=environment, input=given, capture_output=True, check=False
    )
    if ran.returncode:
        said = ran.stderr.decode("utf-8", "replace").strip()[-500:]
        raise CannotMeasure(f"git {words[0]} failed: {said}", "Run the tests of gateway/git.")
