"""`serving`: who may connect to a socket of ours, and how one comes into being."""

import os
import socket
import stat
from pathlib import Path

import pytest

from serving.listening import SocketError, listen_tcp, listen_unix
from serving.peers import may_connect


def test_our_own_user_and_root_may_connect() -> None:
    """The kernel's word counts: a peer of our uid or of root passes, any other does not."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        uid = os.geteuid()
        assert may_connect(ours, uid)
        assert may_connect(ours, uid + 1) is (uid == 0)


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
    """What a crash left behind does not matter; a second server on the same socket is refused."""
    path = short_folder / "s"
    listen_unix(path).close()
    assert path.exists()
    with listen_unix(path), pytest.raises(SocketError, match="somebody serves it already"):
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
