"""The socket of the checks: mode 0600 from its first moment, in the place of a dead one, never of a living one."""

import os
import socket
import stat
from pathlib import Path

MAX_PATH_BYTES = 107
"""Of `sun_path`, which has 108 with its closing zero (unix(7))."""


class SocketError(Exception):
    """A listening socket cannot be made; the text names it and what to do."""


def listen(path: Path) -> socket.socket:
    """A listening socket at `path`. Raises `SocketError`."""
    length = len(os.fsencode(path))
    if length > MAX_PATH_BYTES:
        raise SocketError(
            f"{path}: {length} bytes, a socket path has at most {MAX_PATH_BYTES}; use a shorter home"
        )
    _remove_dead(path)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    before = os.umask(0o177)
    try:
        listener.bind(str(path))
    except OSError as error:
        listener.close()
        raise SocketError(f"{path}: {error.strerror}") from None
    finally:
        os.umask(before)
    listener.listen(128)
    return listener


def _remove_dead(path: Path) -> None:
    try:
        if not stat.S_ISSOCK(path.lstat().st_mode):
            raise SocketError(f"{path}: exists and is not a socket; move it away")
    except FileNotFoundError:
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        if probe.connect_ex(str(path)) == 0:
            raise SocketError(f"{path}: the checks are running here already")
    path.unlink()
