"""`issuer.peers`: who may connect, and how the control socket comes into being."""

import os
import socket
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from issuer.peers import SocketError, listen_tcp, listen_unix, may_connect
from tests.issuer.home import Home

NOBODY = 65534


def test_our_own_user_and_root_may_connect() -> None:
    """The kernel's word counts: a peer of our uid or of root passes, any other does not."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        uid = os.geteuid()
        assert may_connect(ours, uid)
        assert may_connect(ours, uid + 1) is (uid == 0)


_CALLER = """
import os, socket, sys
uid = int(sys.argv[2])
if uid != os.geteuid():
    os.setgroups([]); os.setgid(uid); os.setuid(uid)
caller = socket.socket(socket.AF_UNIX)
caller.settimeout(10)
try:
    caller.connect(sys.argv[1])
    caller.sendall(b"GET /workflows HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n")
    print(caller.recv(12).decode())
except (BrokenPipeError, ConnectionResetError):
    print()
"""


def test_another_user_is_cut_off_even_if_the_file_lets_it_in(own_home: Home) -> None:
    """With the modes opened by mistake, another user's process gets not one byte, and our own is answered.

    Only root can become somebody else; an ordinary user sees the second half.
    """
    own_home.folder.chmod(0o755)
    own_home.control_socket.chmod(0o666)
    us = os.geteuid()
    for uid in {NOBODY if us == 0 else us, us}:
        argv = [sys.executable, "-c", _CALLER, str(own_home.control_socket), str(uid)]
        asked = subprocess.run(argv, capture_output=True, text=True, check=True)
        assert asked.stdout.strip() == ("HTTP/1.1 200" if uid == us else "")


def test_the_socket_is_private_from_its_first_moment(short_folder: Path) -> None:
    """The file has mode 0600, whatever the umask was, and the umask is as before."""
    before = os.umask(0)
    try:
        with listen_unix(short_folder / "s"):
            assert stat.S_IMODE((short_folder / "s").stat().st_mode) == 0o600
        assert os.umask(0) == 0
    finally:
        os.umask(before)


def test_a_dead_socket_is_replaced_and_a_living_one_is_not(short_folder: Path) -> None:
    """What a crash left behind does not matter; a second issuer on the same socket is refused."""
    path = short_folder / "s"
    listen_unix(path).close()
    assert path.exists()
    with listen_unix(path), pytest.raises(SocketError, match="running here already"):
        listen_unix(path)


def test_a_file_in_the_way_is_not_removed(short_folder: Path) -> None:
    """Something that is no socket is never deleted."""
    path = short_folder / "s"
    path.write_text("mine")
    with pytest.raises(SocketError, match="not a socket"):
        listen_unix(path)
    assert path.read_text() == "mine"


def test_a_path_that_no_socket_can_have_is_named(short_folder: Path) -> None:
    """A path over the system's limit and a folder that is not there each give one clear error."""
    with pytest.raises(SocketError, match="at most 107"):
        listen_unix(short_folder / ("x" * 120))
    with pytest.raises(SocketError, match="No such file"):
        listen_unix(short_folder / "absent" / "s")


def test_a_port_in_use_is_named() -> None:
    """A second listener on one port is refused with the address."""
    with listen_tcp("127.0.0.1", 0) as first:
        port = first.getsockname()[1]
        with pytest.raises(SocketError, match=f"127.0.0.1:{port}"):
            listen_tcp("127.0.0.1", port)


def test_answers_do_not_wait_for_acknowledgements() -> None:
    """Sockets accepted on the port name their protocol, by which asyncio knows to switch Nagle's algorithm off."""
    with listen_tcp("127.0.0.1", 0) as listener, socket.create_connection(listener.getsockname()):
        accepted, _ = listener.accept()
        with accepted:
            assert accepted.proto == socket.IPPROTO_TCP
