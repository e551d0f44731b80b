"""The read-only face as a real process: what it serves, and that nothing else has a name there."""

import socket
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from audit.folder import Places
from audit.keys import read_vkeys
from audit.published import NotPublished, PublishedUrl
from audit.serve import main
from audit.verify import LogDisagrees, Trust, verify_published
from tests.audit.programs import exit_code, running
from tests.audit.samples import small_entries
from tests.audit.whole_logs import make_whole

_WEB = httpx.Client()  # one for all: each reads the system's certificates


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory) -> Places:
    """A log of 300 sealed entries and a tail."""
    return make_whole(tmp_path_factory.mktemp("served") / "log", small_entries(300), small_entries(2))


@pytest.fixture(scope="module")
def served(places: Places) -> Iterator[str]:
    """Its address."""
    with running("audit.serve", "--log", str(places.log), "--listen", "127.0.0.1:0") as program:
        yield f"http://{program.address}"


def test_what_is_published(places: Places, served: str) -> None:
    """Checkpoint, tiles, bundles and keys with the types and caching that c2sp.org/tlog-tiles asks for; HEAD too."""
    (key,) = read_vkeys(places.log)
    for name, kind, caching in (
        ("checkpoint", "text/plain; charset=utf-8", "max-age=1"),
        (f"{key.key_id.hex()}.vkey", "text/plain; charset=utf-8", "max-age=1"),
        ("tile/0/000", "application/octet-stream", "immutable"),
        ("tile/1/000.p/1", "application/octet-stream", "immutable"),
        ("tile/entries/001.p/44", "application/octet-stream", "immutable"),
    ):
        reply = _WEB.get(f"{served}/{name}")
        assert (reply.status_code, reply.headers["content-type"]) == (200, kind), name
        assert caching in reply.headers["cache-control"]
        assert reply.content == (places.log / name).read_bytes()
        head = _WEB.head(f"{served}/{name}")
        assert (head.status_code, head.content) == (200, b"")
        assert head.headers["content-length"] == str(len(reply.content))
        assert "server" not in reply.headers


@pytest.mark.parametrize(
    "target",
    [
        "/",
        "/journal/00000000000000000300",
        "/acknowledged",
        "/writer.pid",
        "/checkpoints/00000000",
        "/cosigned/notes",
        "/side/ab/cd",
        "/../log-keys/current",
        "/tile/../../log-keys/current",
        "/tile/0/../0/000",
        "/tile/0/%30%30%30",
        "/%63heckpoint",
        "//checkpoint",
        "/checkpoint/",
        "/checkpoint?x",
        "/tile/0/0",
        "/tile/0/001.p/43x",
        "/tile/0/001",
        "/tile/00/000",
        "/tile/0",
        "/tile/entries/x000/000",
        "/12345678.vkey",
        "/..%2flog-keys%2fcurrent.vkey",
        "/checkpoint\x00",
    ],
)
def test_nothing_else_has_a_name(served: str, target: str) -> None:
    """Other files of the folder, other spellings, what climbs out of it: all the same 404, sent as it stands."""
    host, port = served.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=10) as connection:
        connection.sendall(f"GET {target} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n".encode())
        status = connection.makefile("rb").readline().split(b" ")[1]
    assert status in {b"404", b"400"}


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"])
def test_nothing_is_written(served: str, method: str) -> None:
    """No method but GET and HEAD."""
    assert _WEB.request(method, f"{served}/checkpoint").status_code == 405


def test_a_stranger_verifies_it(places: Places, served: str) -> None:
    """With the address and the key alone everything sealed is recomputed; with another key nothing holds."""
    published = PublishedUrl(served)
    trust = Trust(keys=read_vkeys(places.log), against=((places.log / "checkpoint").read_bytes(),))
    report = verify_published(published, trust=trust)
    assert (report.records, report.sealed) == (300, 300)
    with pytest.raises(NotPublished):
        published.get("tile/0/077")
    other = make_whole(places.log.with_name("other"), small_entries(1))
    with pytest.raises(LogDisagrees):
        verify_published(published, trust=Trust(keys=read_vkeys(other.log)))
    published.close()


def test_no_log_and_no_address(tmp_path: Path, places: Places) -> None:
    """A folder without a log, an address that cannot be served and wrong flags end it with the documented codes."""
    assert exit_code(main, "--log", str(tmp_path), "--listen", "127.0.0.1:0") == 66
    assert exit_code(main, "--log", str(places.log), "--listen", "203.0.113.1:1") == 71
    assert exit_code(main, "--log", str(places.log), "--listen", "nowhere") == 2


def test_on_a_unix_socket_until_it_is_told_to_stop(places: Places, socket_path: Path) -> None:
    """It serves a unix socket too, removes it at the end, and ends with 0 on SIGTERM."""
    with running("audit.serve", "--log", str(places.log), "--listen", f"unix:{socket_path}") as program:
        with httpx.Client(transport=httpx.HTTPTransport(uds=str(socket_path))) as client:
            assert client.get("http://log/checkpoint").status_code == 200
        assert program.stop()[0] == 0
    assert not socket_path.exists()
