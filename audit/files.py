"""Small durable writes: whole or not at all, and on the disk when the call returns.

The only module of the log that calls fsync on anything but the open journal. Order of every replacement: write a file
beside it (`<name>.new`), sync it, rename it, sync the folder. What a crash leaves is written over by the next attempt.
"""

import os
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Executor
from pathlib import Path
from typing import Any, Final

from audit.frames import ReadAt

DRAFT: Final = ".new"
"""Ends the name of a file that was not given its real name yet; nobody reads such a file."""

_OPEN_AT_ONCE: Final = 128
_Each = Callable[[Callable[[Any], None], Iterable[Any]], Iterable[None]]
"""Does the same with each of many: `map`, or that of an executor."""


def reader_of(descriptor: int) -> ReadAt:
    """A `ReadAt` over an open file: short only at the end of the file, whatever a single read returns."""

    def read_at(offset: int, size: int) -> bytes:
        piece = os.pread(descriptor, size, offset)
        pieces = [piece]
        while piece and len(piece) < size:
            offset, size = offset + len(piece), size - len(piece)
            piece = os.pread(descriptor, size, offset)
            pieces.append(piece)
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    return read_at


def write_all(descriptor: int, content: bytes, offset: int) -> None:
    """Write everything at `offset`, however many pieces the kernel takes it in. Raises OSError."""
    view = memoryview(content)
    while view:
        written = os.pwrite(descriptor, view, offset)
        if written == 0:
            raise OSError("the kernel took none of the bytes and named no error")
        view = view[written:]
        offset += written


def write_durably(path: Path, content: bytes) -> None:
    """Create `path`, which must not exist, with this content on the disk. The folder is the caller's to sync."""
    _write_synced(os.fspath(path), content, os.O_EXCL)


def replace_durably(path: Path, content: bytes) -> None:
    """Make `path` hold this content, whether it was there or not: at every moment it is the old or the new, whole."""
    name = os.fspath(path)
    _write_synced(name + DRAFT, content, os.O_TRUNC)
    # Crash here: the draft lies beside the old file and means nothing.
    os.rename(name + DRAFT, name)  # noqa: PTH104  # as in `write_together`
    # Crash here: after a power failure it is the old or the new one.
    sync_folder(path.parent)


def write_together(root: Path, files: Sequence[tuple[str, bytes]], threads: Executor | None = None) -> None:
    """Write many files below `root` (relative name, content), each as `replace_durably` does, folders made as needed.

    All are synced before the first is renamed, so none has its name before its content is on the disk. With `threads`
    they are synced at the same time: a file system commits what waits together at once, which one sync after the
    other never uses.
    """
    each = map if threads is None else threads.map
    names = [f"{root}/{relative}" for relative, _ in files]
    touched: dict[str, None] = {}  # a set that keeps its order
    for name in names:
        _make_folders(name.rpartition("/")[0], touched)
    for start in range(0, len(files), _OPEN_AT_ONCE):
        part = slice(start, start + _OPEN_AT_ONCE)
        _write_drafts(names[part], [content for _, content in files[part]], each)
    for name in names:
        os.rename(name + DRAFT, name)  # noqa: PTH104  # thousands a second: paths as text cost a tenth
    list(each(sync_folder, map(Path, touched)))


def remove_all(files: Sequence[Path]) -> None:
    """Remove files that nobody needs any more; those that are gone already are fine. Not synced: they may come back."""
    for file in files:
        file.unlink(missing_ok=True)


def sync_folder(folder: Path) -> None:
    """Make the names in `folder` durable (a new file's name is not, until its folder is synced)."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _make_folders(folder: str, touched: dict[str, None]) -> None:
    """Make `folder` and what is missing above it; all whose names change are to be synced."""
    if folder in touched:
        return
    if not os.path.isdir(folder):  # noqa: PTH112  # as in `write_together`
        _make_folders(folder.rpartition("/")[0], touched)
        os.mkdir(folder, 0o700)  # noqa: PTH102  # as in `write_together`
    touched[folder] = None


def _write_drafts(names: Sequence[str], contents: Sequence[bytes], each: _Each) -> None:
    descriptors: list[int] = []
    try:
        for name, content in zip(names, contents, strict=True):
            descriptors.append(_open_to_write(name + DRAFT, os.O_TRUNC))
            write_all(descriptors[-1], content, 0)
        list(each(os.fsync, descriptors))
    finally:
        for descriptor in descriptors:
            os.close(descriptor)


def _write_synced(name: str, content: bytes, flag: int) -> None:
    descriptor = _open_to_write(name, flag)
    try:
        write_all(descriptor, content, 0)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _open_to_write(name: str, flag: int) -> int:
    return os.open(name, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC | flag, 0o600)
