"""One disposable bare repository for each push: what the agent sends lies there until it is judged, and no longer.

Made by hand, which takes a millisecond where `git init` takes a process. It borrows the mirror's objects.
"""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from gateway.git.mirror import BRANCHES, Mirror

_CONFIG = "[core]\n\trepositoryformatversion = 0\n\tbare = true\n"


@dataclass(frozen=True, slots=True)
class Quarantine:
    """The repository of one push."""

    folder: Path
    mirror: Mirror


@contextmanager
def quarantine(pushes: Path, mirror: Mirror, base: str) -> Iterator[Quarantine]:
    """A fresh quarantine below `pushes`, gone when the context ends. Raises `OSError`."""
    folder = Path(tempfile.mkdtemp(dir=pushes))
    try:
        (folder / "objects" / "info").mkdir(parents=True)
        (folder / "objects" / "pack").mkdir()
        (folder / "refs" / "heads").mkdir(parents=True)
        (folder / "HEAD").write_text(f"ref: {BRANCHES}{base}\n", encoding="ascii")
        (folder / "config").write_text(_CONFIG, encoding="ascii")
        (folder / "objects" / "info" / "alternates").write_text(
            f"{mirror.folder / 'objects'}\n", encoding="utf-8"
        )
        packed = "".join(f"{commit} {name}\n" for name, commit in mirror.refs)
        (folder / "packed-refs").write_text(packed, encoding="utf-8", errors="surrogateescape")
        yield Quarantine(folder, mirror)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
