"""An empty log, and writers on it that never outlive their test."""

import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from audit.folder import create
from tests.audit.process import WriterProcess

StartWriter = Callable[..., WriterProcess]


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """An empty log."""
    folder = tmp_path / "log"
    create(folder)
    return folder


@pytest.fixture
def memory_folder(tmp_path: Path) -> Iterator[Path]:
    """A folder in memory where the system has one: for sweeps with thousands of syncs."""
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(prefix="audit-", dir=memory if memory.is_dir() else tmp_path) as folder:
        yield Path(folder)


@pytest.fixture
def socket_path() -> Iterator[Path]:
    """A short path for a socket: pytest's own folders may be longer than a socket's name can be."""
    with tempfile.TemporaryDirectory(prefix="audit-") as folder:
        yield Path(folder) / "audit.sock"


@pytest.fixture
def start_writer(log: Path, socket_path: Path) -> Iterator[StartWriter]:
    """Starts writers on the log; ends what is left of them after the test."""
    started: list[WriterProcess] = []

    def start(
        folder: Path = log, *, socket: Path = socket_path, wrapper: Sequence[str] = ()
    ) -> WriterProcess:
        started.append(WriterProcess(folder, socket, wrapper))
        return started[-1]

    yield start
    for writer in started:
        writer.end()
