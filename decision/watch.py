"""Notices that a folder has changed, by looking at what the file system says of it; reads no content.

Looking every fifth of a second costs less than a promise from the kernel that differs between file systems.
"""

import asyncio
import os
from pathlib import Path

_EVERY_S = 0.2
_SETTLED_AFTER_S = 0.05

Entry = tuple[str, int, int, int, int]
Signature = tuple[Entry, ...]


class FolderWatch:
    """Compares a folder with what it was when it was last marked."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._known: Signature = ()

    def mark(self) -> None:
        """Take the folder as it is now for known. Call it before reading the content, never after."""
        self._known = signature(self._folder)

    async def changed(self) -> None:
        """Return when the folder is another than the marked one, and has been still for a moment."""
        while True:
            await asyncio.sleep(_EVERY_S)
            seen = signature(self._folder)
            while seen != self._known:
                await asyncio.sleep(_SETTLED_AFTER_S)
                again = signature(self._folder)
                if again == seen:
                    return
                seen = again


def signature(folder: Path) -> Signature:
    """Everything below the folder, with what changes when it is written: inode, size, and both times."""
    entries: list[Entry] = []
    waiting = [str(folder)]
    while waiting:
        try:
            with os.scandir(waiting.pop()) as found:
                for entry in found:
                    entries.append(_look(entry))
                    if entry.is_dir(follow_symlinks=False):
                        waiting.append(entry.path)
        except OSError:
            continue  # it went away while we looked: the next look differs
    return tuple(sorted(entries))


def _look(entry: os.DirEntry[str]) -> Entry:
    try:
        state = entry.stat()
    except OSError:
        return (entry.path, 0, 0, 0, 0)  # editors lock a file with a link that leads nowhere
    return (entry.path, state.st_ino, state.st_size, state.st_mtime_ns, state.st_ctime_ns)
