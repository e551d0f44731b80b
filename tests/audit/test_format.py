"""What the writer's parts put on the disk, byte for byte against the independent reference."""

import base64
from pathlib import Path

import pytest

from audit.keys import read_vkeys
from audit.note import open_note
from tests.audit.reference_tlog import ReferenceLog, vkey
from tests.audit.samples import small_entries
from tests.audit.sealed_logs import ORIGIN, make_sealed

SIZES = [0, 1, 255, 256, 257, 70_000]


def seed_of(keys: Path) -> bytes:
    """The private key that the log was made with."""
    return base64.b64decode((keys / "current").read_text().strip().split("+", 4)[4])[1:]


@pytest.mark.parametrize("size", SIZES)
def test_files_of_a_size(size: int, memory_folder: Path) -> None:
    """Tiles, bundles, checkpoint and key are those that the C2SP documents describe: no file more, none less."""
    entries = small_entries(size)
    places = make_sealed(memory_folder / "log", entries)
    reference = ReferenceLog(entries)
    written = {
        path.relative_to(places.log).as_posix(): path.read_bytes()
        for path in (places.log / "tile").rglob("*")
        if path.is_file()
    }
    assert written == reference.files()
    seed = seed_of(places.keys)
    assert (places.log / "checkpoint").read_bytes() == reference.checkpoint(ORIGIN, seed)
    (key,) = read_vkeys(places.log)
    assert key.vkey == vkey(ORIGIN, 1, seed)
    assert open_note((places.log / "checkpoint").read_bytes(), [key]).names == {ORIGIN}
