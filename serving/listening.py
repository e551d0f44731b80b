"""Listening sockets: a unix socket that is private from its first moment, and a port on this machine.

Knows nothing of what is served. A dead socket is replaced, a living one and a file that is no socket never are.
"""

import os
import socket
import stat
from pathlib import Path

LONGEST_PATH = 107
"""Bytes of a unix socket's path that Linux takes (`sun_path` without its closing zero, unix(7))."""
_WAITING = 128


class SocketError(Exception):
    """A listening socket cannot be made; the text names it and what to do."""


def listen_unix(path: Path, mode: int = 0o600) -> socket.socket:
    """A listening socket at `path`, with `mode` from its first moment. Raises `SocketError`."""
    length = len(os.fsencode(path))
    if length > LONGEST_PATH:
        raise SocketError(
            f"{path}: {length} bytes, a socket path has at most {LONGEST_PATH}; use a shorter home"
        )
    _remove_dead(path)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    before = os.umask(0o777 & ~mode)  # no gap for a chmod
    try:
        listener.bind(os.fspath(path))
        listener.listen(_WAITING)
    except OSError as error:
        listener.close()
        raise SocketError(f"{path}: {error.strerror}") from None
    finally:
        os.umask(before)
    return listener


def listen_tcp(host: str, port: int) -> socket.socket:
    """A listening socket at an address of this machine; port 0 takes a free one. Raises `SocketError`."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # The protocol is named because asyncio turns Nagle's algorithm off only where it is: without that an answer
    # in two writes waits 40 ms for the client's delayed acknowledgement.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(_WAITING)
    except OSError as error:
        listener.close()
        raise SocketError(f"{host}:{port}: {error.strerror}; is it running already?") from None
    return listener


def _remove_dead(path: Path) -> None:
    try:
        if not stat.S_ISSOCK(path.lstat().st_mode):
            raise SocketError(f"{path}: exists and is not a socket; move it away")
    except FileNotFoundError:
        return
    except OSError as error:
        raise SocketError(f"{path}: {error.strerror}") from None
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        try:
            probe.connect(os.fspath(path))
        except ConnectionRefusedError:
            path.unlink(missing_ok=True)
        except OSError as error:
            # Anything else may be a living one that is busy, or another user's.
            raise SocketError(f"{path}: {error.strerror}") from None
        else:
            raise SocketError(f"{path}: somebody serves it already")
