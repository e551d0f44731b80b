"""Durable small writes: whole or not at all, and a crash's left-overs are in nobody's way."""

import os
import stat
from collections.abc import Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from pathlib import Path

import pytest

from audit.files import (
    DRAFT,
    reader_of,
    remove_all,
    replace_durably,
    write_all,
    write_durably,
    write_together,
)


@pytest.fixture
def threads() -> Iterator[Executor]:
    """Threads that sync."""
    with ThreadPoolExecutor(4) as pool:
        yield pool


def test_partial_writes_and_reads_are_completed() -> None:
    """A kernel that takes and gives a little at a time makes no difference."""
    descriptor = os.memfd_create("sample")
    content = os.urandom(10_000)
    write_all(descriptor, content, 3)
    assert reader_of(descriptor)(3, 20_000) == content
    os.close(descriptor)


def test_a_file_is_created_once(tmp_path: Path) -> None:
    """`write_durably` never writes over anything; what it makes is its owner's alone."""
    write_durably(tmp_path / "file", b"one")
    with pytest.raises(FileExistsError):
        write_durably(tmp_path / "file", b"two")
    assert (tmp_path / "file").read_bytes() == b"one"
    assert stat.S_IMODE((tmp_path / "file").stat().st_mode) == 0o600


def test_a_file_is_replaced_whole(tmp_path: Path) -> None:
    """The new content stands there, nothing of the old one or of a crash's draft."""
    (tmp_path / f"file{DRAFT}").write_bytes(b"left by a crash, and longer than what comes now")
    for content in (b"first", b"second, longer", b"3"):
        replace_durably(tmp_path / "file", content)
        assert (tmp_path / "file").read_bytes() == content
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_many_files_are_written_together(tmp_path: Path, threads: Executor) -> None:
    """More files than are open at once, in folders that are made as needed; an old draft is written over."""
    files = [(f"tile/{number % 7}/x000/{number:03}", b"%d" % number) for number in range(300)]
    (tmp_path / "tile/0/x000").mkdir(parents=True)
    (tmp_path / f"tile/0/x000/000{DRAFT}").write_bytes(b"left by a crash")
    write_together(tmp_path, files, threads)
    written = {
        str(path.relative_to(tmp_path)): path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()
    }
    assert written == dict(files)


def test_where_one_cannot_be_written_none_gets_its_name(tmp_path: Path, threads: Executor) -> None:
    """A failure among many: what was there stays as it was, and the failure is told."""
    (tmp_path / "a").write_bytes(b"old")
    (tmp_path / f"b{DRAFT}").mkdir()  # in the way, for every user
    with pytest.raises(IsADirectoryError):
        write_together(tmp_path, [("a", b"new"), ("b", b"new")], threads)
    assert (tmp_path / "a").read_bytes() == b"old"


def test_removing_twice_is_fine(tmp_path: Path) -> None:
    """What is gone already is no error."""
    (tmp_path / "file").touch()
    remove_all([tmp_path / "file", tmp_path / "file"])
    assert list(tmp_path.iterdir()) == []
