"""The few system calls that Python does not offer: mount, and capabilities that survive an exec.

Each raises `OSError` as Python's own would.
"""

import ctypes
import os
from typing import Final

_LIBC: Final = ctypes.CDLL(None, use_errno=True)
_MS_NOSUID, _MS_NODEV, _MS_BIND = 2, 4, 4096
_PR_CAP_AMBIENT, _RAISE, _CLEAR_ALL = 47, 2, 4
_LAST_CAPABILITY = 40


def mount_memory(place: str, size: int, mode: int = 0o1777) -> None:
    """Put an empty memory file system over a folder."""
    options = f"size={size},mode={mode:o}"
    _mount(b"tmpfs", place, b"tmpfs", _MS_NOSUID | _MS_NODEV, options.encode())


def mount_over(source: str, place: str) -> None:
    """Show one file or folder in the place of another."""
    _mount(os.fsencode(source), place, None, _MS_BIND, None)


def _mount(source: bytes, place: str, kind: bytes | None, flags: int, options: bytes | None) -> None:
    if _LIBC.mount(source, os.fsencode(place), kind, ctypes.c_ulong(flags), options) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), place)


def forget_inheritance() -> None:
    """What this process starts from here on gets none of its capabilities (an ordinary user's world has some)."""
    _LIBC.prctl(_PR_CAP_AMBIENT, _CLEAR_ALL, 0, 0, 0)


def inherit_everything() -> None:
    """Between fork and exec: what is started keeps our capabilities. Does nothing where we have none."""
    for capability in range(_LAST_CAPABILITY + 1):
        _LIBC.prctl(_PR_CAP_AMBIENT, _RAISE, capability, 0, 0)
