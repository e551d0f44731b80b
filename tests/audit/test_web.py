"""Addresses of the log's small web programs."""

import socket
from pathlib import Path

import pytest

from audit.faults import SocketRefused
from audit.web import Address, listening


def test_addresses() -> None:
    """A unix socket, a host and a port, an IPv6 host in brackets."""
    assert Address.parse("unix:/run/w.sock") == Address(Path("/run/w.sock"))
    assert Address.parse("127.0.0.1:8420") == Address(None, "127.0.0.1", 8420)
    assert Address.parse("[::1]:0") == Address(None, "::1", 0)


@pytest.mark.parametrize(
    "text", ["", "unix:", "8420", ":8420", "host:", "host:65536", "host:-1", "host:\u0663"]
)
def test_what_is_no_address(text: str) -> None:
    """Half an address is none."""
    with pytest.raises(ValueError, match="neither"):
        Address.parse(text)


def test_a_socket_that_is_served_is_not_taken(socket_path: Path, tmp_path: Path) -> None:
    """One that nobody listens on any more is replaced; one that is served, or a file, is left alone."""
    with listening(Address(socket_path)) as first:
        assert first.getsockname() == str(socket_path)
        with pytest.raises(SocketRefused), listening(Address(socket_path)):
            pass
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(str(socket_path))
    left = socket.socket(socket.AF_UNIX)
    left.bind(str(socket_path))
    left.close()
    with listening(Address(socket_path)):
        pass
    assert not socket_path.exists()
    (tmp_path / "file").touch()
    with pytest.raises(SocketRefused), listening(Address(tmp_path / "file")):
        pass
    assert (tmp_path / "file").exists()
