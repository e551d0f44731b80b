"""Where a log's files are read from: a folder, or an address that may be anybody's."""

import gzip
import os
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from audit.faults import LogUnavailable
from audit.note import MAX_NOTE_BYTES
from audit.published import NotPublished, PublishedFolder, PublishedUrl
from audit.tiles import TileInvalid

Handler = Callable[[httpx.Request], httpx.Response]


def served(handler: Handler) -> PublishedUrl:
    return PublishedUrl("http://log.example/prefix/", httpx.Client(transport=httpx.MockTransport(handler)))


def test_an_address_is_asked_for_names_only() -> None:
    """The name stands under the prefix, whatever ends it; nothing but names of the specification is asked for."""
    asked = list[str]()

    def handler(request: httpx.Request) -> httpx.Response:
        asked.append(str(request.url))
        return httpx.Response(200, content=b"content")

    published = served(handler)
    assert published.get("tile/0/x001/000.p/7") == b"content"
    for name in ("../secret", "tile/0/1", "", "checkpoints/00000000"):
        with pytest.raises(TileInvalid):
            published.get(name)
    assert asked == ["http://log.example/prefix/tile/0/x001/000.p/7"]


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (404, NotPublished),
        (410, NotPublished),
        (302, LogUnavailable),
        (500, LogUnavailable),
        (403, LogUnavailable),
    ],
)
def test_what_is_missing_and_what_does_not_answer(status: int, kind: type[Exception]) -> None:
    """Gone is told from broken; a redirection is not followed."""

    def handler(_: httpx.Request) -> httpx.Response:
        return httpx.Response(status, headers={"location": "http://elsewhere.example/"})

    with pytest.raises(kind):
        served(handler).get("checkpoint")


def test_an_answer_without_end_is_cut() -> None:
    """A checkpoint beyond its limit is not read to its end, packed or not."""
    for coding in ("identity", "gzip"):
        content = b"x" * (MAX_NOTE_BYTES + 1)

        def handler(_: httpx.Request, coding: str = coding, content: bytes = content) -> httpx.Response:
            packed = gzip.compress(content) if coding == "gzip" else content
            return httpx.Response(200, headers={"content-encoding": coding}, content=packed)

        with pytest.raises(LogUnavailable, match="larger"):
            served(handler).get("checkpoint")


def test_no_connection() -> None:
    """Nobody there, or no address at all."""

    def handler(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused", request=request)

    with pytest.raises(LogUnavailable, match="refused"):
        served(handler).get("checkpoint")
    with pytest.raises(LogUnavailable):
        PublishedUrl("nonsense").get("checkpoint")


def test_a_folder(tmp_path: Path) -> None:
    """What is not there is missing; a file beyond its limit, or one that cannot be read, is not read."""
    published = PublishedFolder(tmp_path)
    with pytest.raises(NotPublished):
        published.get("checkpoint")
    (tmp_path / "tile/0/001").mkdir(parents=True)
    with pytest.raises(NotPublished):
        published.get("tile/0/001")
    with pytest.raises(TileInvalid):
        published.get("../secret")
    (tmp_path / "checkpoint").write_bytes(b"")
    os.truncate(tmp_path / "checkpoint", MAX_NOTE_BYTES + 1)
    with pytest.raises(LogUnavailable, match="larger"):
        published.get("checkpoint")
    (tmp_path / "tile/1").symlink_to("1")
    with pytest.raises(LogUnavailable, match="cannot be read"):
        published.get("tile/1/000")
