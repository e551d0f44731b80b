"""How much of a log's beginning was dropped, and behind which checkpoint: the file `pruned` in the log's folder.

Promises that the file stands durably before the first bundle goes, so that no gap is without its reason; whoever reads
it must still check that the checkpoint is signed, cosigned and of this log. Deciding what may go is `prune`'s.
"""

from pathlib import Path
from typing import Annotated, Final

import msgspec

from audit.faults import DamagedLog
from audit.files import sync_folder, write_durably

PRUNED: Final = "pruned"


class Pruned(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What was dropped: the entries below `first`, a multiple of 256, with their bundles and level-0 tiles.

    shipped_to: where a copy of them was verified, for people. witnessed: whether a quorum of witnesses had cosigned.
    checkpoint: the signed note behind which they were dropped, with the cosignatures that were there; its size is
    `first` or more.
    """

    first: Annotated[int, msgspec.Meta(ge=0, multiple_of=256)]
    shipped_to: str
    witnessed: bool
    checkpoint: str


def read_pruned(folder: Path) -> Pruned | None:
    """What was dropped from the log in `folder`; None where nothing was. Raises DamagedLog for another form."""
    path = folder / PRUNED
    try:
        return msgspec.json.decode(path.read_bytes(), type=Pruned)
    except FileNotFoundError:
        return None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise DamagedLog(f"{path} does not say what was pruned: {error}") from error


def first_kept(folder: Path) -> int:
    """The number of the first entry that is still in the folder. Raises DamagedLog."""
    pruned = read_pruned(folder)
    return pruned.first if pruned is not None else 0


def write_pruned(folder: Path, pruned: Pruned) -> None:
    """Replace the file, durably. Raises OSError."""
    part = folder / f"{PRUNED}.part"
    part.unlink(missing_ok=True)
    write_durably(part, msgspec.json.format(msgspec.json.encode(pruned), indent=2) + b"\n")
    part.replace(folder / PRUNED)
    sync_folder(folder)
