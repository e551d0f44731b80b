"""Connects to a channel as the channel's own uid and passes the sockets on, from a forked process.

The test process cannot be two uids at once, and the channel checks the peer's uid at connect time.
"""

import array
import os
import socket
from pathlib import Path

from gateway.channel import SOCKET_NAME


class Connector:
    """Opens connections to `folder`/gw.sock as `uid`."""

    def __init__(self, folder: Path, uid: int) -> None:
        self._control, theirs = socket.socketpair()
        self._child = os.fork()
        if self._child == 0:
            try:
                # Nothing inherited stays open here, or other ends would never see their connections close.
                os.closerange(3, theirs.fileno())
                os.closerange(theirs.fileno() + 1, 4096)
                os.chdir(folder)
                _become(uid)
                _serve(theirs)
            finally:
                os._exit(0)
        theirs.close()

    def connect(self) -> socket.socket:
        """A fresh connection. Raises `ConnectionRefusedError` where the channel takes none."""
        self._control.sendall(b"c")
        ints = array.array("i")
        answer, ancillary, _, _ = self._control.recvmsg(1, socket.CMSG_SPACE(ints.itemsize))
        if answer != b"+":
            raise ConnectionRefusedError("the channel takes no connection")
        ints.frombytes(ancillary[0][2])
        made = socket.socket(fileno=ints[0])
        made.settimeout(10)
        return made

    def close(self) -> None:
        """End the forked process."""
        self._control.close()
        os.waitpid(self._child, 0)


def _become(uid: int) -> None:
    """Drop to `uid` for good; an ordinary user is that already."""
    if uid != os.getuid():
        os.setgroups([])
        os.setgid(uid)
        os.setuid(uid)


def _serve(control: socket.socket) -> None:
    while control.recv(1):
        made = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            made.connect(SOCKET_NAME)
        except OSError:
            control.sendmsg([b"-"])
        else:
            passed = array.array("i", [made.fileno()])
            control.sendmsg([b"+"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, passed)])
        made.close()
