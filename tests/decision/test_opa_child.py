"""A child as a process: how it is started, that it is closed to others, and that it never outlives its parent."""

import asyncio
import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from decision.bundle import build_bundle
from decision.opa_child import ChildError, arguments, start_child
from tests.decision.questions import alive, left_in, until, until_now

pytestmark = pytest.mark.anyio

_PARENT = """
import asyncio, sys
from pathlib import Path
from decision.opa_child import start_child

async def main() -> None:
    opa, bundle, folder = map(Path, sys.argv[1:])
    child = await start_child(opa, bundle, folder, "token")
    print(child.pid, flush=True)
    await asyncio.sleep(600)

asyncio.run(main())
"""


@pytest.fixture
def bundle(policies: Path, tmp_path: Path, opa: Path) -> Path:
    """The tiny policies, built."""
    return build_bundle(policies, tmp_path / "bundles", opa).path


def test_the_command_line_is_closed() -> None:
    """One socket of the owner's, token and authorization on, and nothing that opens anything more."""
    argv = arguments(Path("/opa"), Path("/b.tar.gz"), Path("/run/opa-1"), "/usr/bin/setpriv")
    assert argv[:4] == ["/usr/bin/setpriv", "--pdeathsig", "KILL", "/opa"]
    assert argv[argv.index("--addr") + 1] == "unix:///run/opa-1/opa.sock"
    assert argv[argv.index("--unix-socket-perm") + 1] == "600"
    assert argv[argv.index("--authentication") + 1] == "token"
    assert argv[argv.index("--authorization") + 1] == "basic"
    assert "--skip-version-check" in argv
    assert not {"--pprof", "--diagnostic-addr", "--watch"} & set(argv)


async def test_a_child_is_its_owners_alone(opa: Path, bundle: Path, short_folder: Path) -> None:
    """Socket and files are closed to other users; without the token nothing but health is answered."""
    child = await start_child(opa, bundle, short_folder / "opa-1", "right")
    assert await child.healthy()
    assert stat.S_IMODE((short_folder / "opa-1").stat().st_mode) == 0o700
    assert stat.S_IMODE(child.socket_path.stat().st_mode) == 0o600
    seen: dict[str, int] = {}
    for token in ("right", "wrong"):
        transport = httpx.AsyncHTTPTransport(uds=str(child.socket_path))
        headers = {"Authorization": f"Bearer {token}"}
        async with httpx.AsyncClient(transport=transport, base_url="http://opa", headers=headers) as http:
            answer = await http.post("/v1/data/request/decision", json={"input": {}})
            seen[f"{token} decision"] = answer.status_code
            seen[f"{token} policies"] = (await http.get("/v1/policies")).status_code
            seen[f"{token} query"] = (await http.post("/v1/query", json={"query": "1"})).status_code
            seen[f"{token} data"] = (await http.get("/v1/data")).status_code
    await child.stop()
    assert [what for what, status in seen.items() if status == 200] == ["right decision"]
    assert set(seen.values()) == {200, 401}
    assert not alive(child.pid)
    assert not child.socket_path.parent.exists()


async def test_a_bundle_that_does_not_load(opa: Path, short_folder: Path, tmp_path: Path) -> None:
    """A child that ends before it is ready is an error at once, with what it said; nothing is left of it."""
    damaged = tmp_path / "damaged.tar.gz"
    damaged.write_bytes(b"no archive")
    with pytest.raises(ChildError, match="damaged"):
        await start_child(opa, damaged, short_folder / "opa-1", "t")
    assert not left_in(short_folder)


async def test_an_opa_that_is_not_there(bundle: Path, short_folder: Path, tmp_path: Path) -> None:
    """A missing program is a child that did not start."""
    with pytest.raises(ChildError):
        await start_child(tmp_path / "none", bundle, short_folder / "opa-1", "t")


async def test_without_setpriv(
    opa: Path, bundle: Path, short_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without the program that ties a child to its parent nothing is started; the error names the package."""
    monkeypatch.setenv("PATH", "")
    with pytest.raises(ChildError, match="util-linux"):
        await start_child(opa, bundle, short_folder / "opa-1", "t")


async def test_a_start_that_is_cancelled_leaves_nothing(opa: Path, bundle: Path, short_folder: Path) -> None:
    """Whoever gives up waiting for a child leaves no process and no files."""
    starting = asyncio.create_task(start_child(opa, bundle, short_folder / "opa-1", "t"))
    await until((short_folder / "opa-1" / "opa.log").exists)
    starting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await starting
    assert not left_in(short_folder)


async def test_a_stopped_process_can_be_ended(opa: Path, bundle: Path, short_folder: Path) -> None:
    """A child that hangs does not hang its owner: it is not healthy, and `kill` ends it."""
    child = await start_child(opa, bundle, short_folder / "opa-1", "t")
    os.kill(child.pid, signal.SIGSTOP)
    async with asyncio.timeout(20):
        while await child.healthy():  # noqa: ASYNC110 - the last answer may still have been on its way
            await asyncio.sleep(0.01)
    child.kill()
    assert await child.exited() == -signal.SIGKILL
    await child.stop()


def test_a_child_dies_with_its_parent(opa: Path, bundle: Path, short_folder: Path) -> None:
    """A parent that is killed outright takes OPA along."""
    argv = [sys.executable, "-c", _PARENT, str(opa), str(bundle), str(short_folder / "opa-1")]
    parent = subprocess.Popen(argv, stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    with parent.stdout:
        pid = int(parent.stdout.readline())
    assert alive(pid)
    parent.kill()
    parent.wait()
    until_now(lambda: not _runs(pid))


def _runs(pid: int) -> bool:
    """Whether it still does something: an orphan may stay as a zombie where nobody collects it."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False
