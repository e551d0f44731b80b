"""What counts as a change of a folder."""

import asyncio
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from decision.watch import FolderWatch, signature


def _swap(folder: Path) -> None:
    (folder / "new").write_text("other")
    (folder / "new").replace(folder / "a" / "rule.rego")


def _rewrite_with_old_times(folder: Path) -> None:
    path = folder / "a" / "rule.rego"
    times = path.stat()
    path.write_text("one+1")
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))


CHANGES: dict[str, Callable[[Path], object]] = {
    "written": lambda folder: (folder / "a" / "rule.rego").write_text("other text"),
    "replaced": _swap,
    "written with its old length and times": _rewrite_with_old_times,
    "deleted": lambda folder: (folder / "a" / "rule.rego").unlink(),
    "added": lambda folder: (folder / "a" / "more.rego").write_text(""),
    "renamed": lambda folder: (folder / "a").rename(folder / "b"),
    "linked to nowhere": lambda folder: (folder / "a" / ".#rule.rego").symlink_to("nobody@nowhere"),
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with one file."""
    (tmp_path / "tree" / "a").mkdir(parents=True)
    (tmp_path / "tree" / "a" / "rule.rego").write_text("one+2")
    return tmp_path / "tree"


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
@pytest.mark.anyio
async def test_every_change_is_noticed(change: Callable[[Path], object], folder: Path) -> None:
    """Whatever happens to a file, the watch returns; looked at again, the folder is the same."""
    watch = FolderWatch(folder)
    watch.mark()
    known = signature(folder)
    assert signature(folder) == known
    change(folder)
    async with asyncio.timeout(20):
        await watch.changed()
    assert signature(folder) != known


@pytest.mark.anyio
async def test_a_marked_folder_is_no_change(folder: Path) -> None:
    """What was marked before it was read is not reported again."""
    watch = FolderWatch(folder)
    watch.mark()
    (folder / "a" / "rule.rego").write_text("other text")
    watch.mark()
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(watch.changed(), 0.5)


def test_a_folder_that_is_gone(tmp_path: Path) -> None:
    """A missing folder has an empty signature; it is no exception."""
    assert signature(tmp_path / "none") == ()
