"""Reading what is sealed: bundles and tiles of a log's folder, whether its writer is at work or not.

Never writes, verifies nothing (`verify` does), and trusts the file `checkpoint` for one thing: how far the files reach.
"""

from collections.abc import Callable, Iterator
from pathlib import Path

from audit.checkpoint import Checkpoint, CheckpointInvalid, parse_checkpoint
from audit.faults import DamagedLog, LogMissing
from audit.note import NoteMalformed, split_note
from audit.segments import no_log
from audit.signed import CHECKPOINT
from audit.tiles import HASHES, Bundle, Tile, TileInvalid, unpack_bundle, unpack_tile


def read_checkpoint(log: Path) -> Checkpoint:
    """What the published checkpoint says, its signatures unchecked. Raises LogMissing or DamagedLog."""
    file = log / CHECKPOINT
    try:
        return parse_checkpoint(split_note(file.read_bytes())[0])
    except (FileNotFoundError, NotADirectoryError) as error:
        if (log / "journal").is_dir():
            raise DamagedLog(f"{file} is missing") from error
        raise LogMissing(no_log(log)) from error
    except (NoteMalformed, CheckpointInvalid) as error:
        raise DamagedLog(f"{file} is no checkpoint: {error}") from error


def read_tile(log: Path, tile: Tile) -> list[bytes]:
    """The hashes of a tile; a partial one may be the beginning of the full one by now. Raises DamagedLog."""
    return _whole(log, tile, unpack_tile)


def read_bundle(log: Path, bundle: Bundle) -> list[bytes]:
    """The entries of a bundle; a partial one may be the beginning of the full one by now. Raises DamagedLog."""
    return _whole(log, bundle, unpack_bundle)


def sealed_records(log: Path, first: int, size: int) -> Iterator[tuple[int, bytes]]:
    """The records from `first` up to `size`, which a checkpoint covers. Raises DamagedLog."""
    while first < size:
        number, skip = divmod(first, HASHES)
        entries = read_bundle(log, Bundle(number, min(HASHES, size - number * HASHES)))
        for entry in entries[skip:]:
            yield first, entry
            first += 1


def _whole(log: Path, part: Tile | Bundle, unpack: Callable[[bytes], list[bytes]]) -> list[bytes]:
    try:
        content = _read(log, part)
        unpacked = unpack(content)
    except (FileNotFoundError, TileInvalid) as error:
        raise DamagedLog(f"{log / part.path} cannot be read: {error}") from error
    if len(unpacked) < part.width:
        raise DamagedLog(f"{log / part.path} holds {len(unpacked)}, not {part.width}")
    return unpacked[: part.width]


def _read(log: Path, part: Tile | Bundle) -> bytes:
    try:
        return (log / part.path).read_bytes()
    except FileNotFoundError:
        if part.width == HASHES:
            raise
        return (log / part._replace(width=HASHES).path).read_bytes()
