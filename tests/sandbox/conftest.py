"""Fixtures for real rooms: an interpreter that everybody may run, a channel with a small gateway, both kinds of room."""

import contextlib
import importlib.util
import os
import shutil
import socketserver
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.sandbox.rooms import KINDS, Interpreter, Rooms


class EchoGateway(socketserver.ThreadingUnixStreamServer):
    """A gateway that sends back every byte at once."""

    daemon_threads = True
    block_on_close = False


class _Echo(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        with contextlib.suppress(OSError):
            while chunk := self.request.recv(65_536):
                self.request.sendall(chunk)


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder with a short path that every uid may enter."""
    with tempfile.TemporaryDirectory(prefix="dl-", dir="/tmp", ignore_cleanup_errors=True) as name:
        Path(name).chmod(0o755)
        yield Path(name)


@pytest.fixture
def channel(open_folder: Path) -> Iterator[Path]:
    """A channel folder whose gw.sock echoes."""
    folder = open_folder / "channel"
    folder.mkdir(mode=0o755)
    with EchoGateway(str(folder / "gw.sock"), _Echo) as server:
        (folder / "gw.sock").chmod(0o777)
        folder.chmod(0o777)  # so that only the read-only mount can refuse an unlink
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        yield folder
        server.shutdown()


@pytest.fixture(scope="session")
def interpreter() -> Iterator[Interpreter]:
    """Python and the code under test where an ordinary user may read them: copies, since a checkout may be private."""
    with tempfile.TemporaryDirectory(prefix="dl-python-", dir="/tmp") as name:
        root = Path(name)
        root.chmod(0o755)
        site = root / "site"
        shutil.copytree("sandbox", site / "sandbox", ignore=shutil.ignore_patterns("__pycache__"))
        pyseccomp = importlib.util.find_spec("pyseccomp")
        assert pyseccomp is not None
        assert pyseccomp.origin is not None
        shutil.copy(pyseccomp.origin, site)
        yield Interpreter(python_for_everybody(root / "python"), site)


def python_for_everybody(place: Path) -> str:
    """A Python that every user may run: the own one, or a copy of it at `place`."""
    real = Path(os.path.realpath(sys.executable))
    prefix = Path(sys.base_prefix).resolve()
    if all(folder.stat().st_mode & 0o001 for folder in real.parents):
        return str(real)
    version = f"python{sys.version_info[0]}.{sys.version_info[1]}"
    leave_out = shutil.ignore_patterns(
        "__pycache__", "site-packages", "test", "idlelib", "tkinter", "config-*"
    )
    shutil.copytree(prefix / "lib" / version, place / "lib" / version, ignore=leave_out)
    for library in (prefix / "lib").glob("libpython*.so*"):
        shutil.copy(library, place / "lib")
    (place / "bin").mkdir()
    shutil.copy(real, place / "bin")
    return str(place / "bin" / real.name)


@pytest.fixture(params=KINDS)
def rooms(request: pytest.FixtureRequest, interpreter: Interpreter, channel: Path) -> Rooms:
    """Rooms of each kind that this process can start."""
    return Rooms(request.param, interpreter, channel)
