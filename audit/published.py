"""The files that a log publishes (checkpoint, tiles, bundles, keys), wherever they are: a folder, or a web address.

Reads only. Promises that nothing but names of c2sp.org/tlog-tiles is asked for, that what comes is bounded in size,
and that a missing file (`NotPublished`) is told from a place that does not answer (`LogUnavailable`).
"""

from pathlib import Path
from typing import Final, Protocol

import httpx

from audit.faults import LogUnavailable
from audit.note import MAX_NOTE_BYTES
from audit.tiles import parse_path

CHECKPOINT: Final = "checkpoint"
MAX_FILE_BYTES: Final = 256 * (2 + 65_535)  # the largest bundle
TIMEOUT_S: Final = 10.0


class NotPublished(Exception):
    """There is no file of that name."""


class Published(Protocol):
    """Where the files are."""

    def get(self, name: str) -> bytes:
        """The content of `checkpoint`, or of the tile or bundle of that name. Raises NotPublished, LogUnavailable."""
        ...


class PublishedFolder:
    """The files in a folder: a log's own, or a copy of it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def get(self, name: str) -> bytes:
        """See `Published`."""
        _check_name(name)
        path = self.folder / name
        try:
            with path.open("rb") as file:
                content = file.read(_limit(name) + 1)
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError) as error:
            raise NotPublished(f"{path} is not there") from error
        except OSError as error:
            raise LogUnavailable(f"{path} cannot be read: {error}") from error
        _check_size(name, len(content))
        return content


class PublishedUrl:
    """The files under a web address, as `python -m audit.serve` or anybody else serves them."""

    def __init__(self, prefix: str, client: httpx.Client | None = None) -> None:
        self.prefix = prefix.rstrip("/")
        self._client = client or httpx.Client(timeout=TIMEOUT_S, follow_redirects=False)

    def get(self, name: str) -> bytes:
        """See `Published`."""
        _check_name(name)
        address = f"{self.prefix}/{name}"
        try:
            with self._client.stream("GET", address) as reply:
                if reply.status_code in {httpx.codes.NOT_FOUND, httpx.codes.GONE}:
                    raise NotPublished(f"{address} is not there ({reply.status_code})")
                if reply.status_code != httpx.codes.OK:
                    raise LogUnavailable(f"{address} answers {reply.status_code}")
                content = bytearray()
                for piece in reply.iter_bytes():
                    content += piece
                    _check_size(name, len(content))
                return bytes(content)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise LogUnavailable(f"{address} cannot be fetched: {error}") from error

    def close(self) -> None:
        """End the connections."""
        self._client.close()


def _check_name(name: str) -> None:
    if name != CHECKPOINT:
        parse_path(name)


def _limit(name: str) -> int:
    return MAX_NOTE_BYTES if name == CHECKPOINT else MAX_FILE_BYTES


def _check_size(name: str, size: int) -> None:
    if size > _limit(name):
        raise LogUnavailable(f"{name} is larger than any such file can be")
