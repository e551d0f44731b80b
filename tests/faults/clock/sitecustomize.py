"""An interposed clock: where PYTHONPATH leads here, this process's wall clock is off by what a file says.

Python imports this before any module of the program. `FAULTS_CLOCK` names a folder; the file with the name of the
module that runs (`python -m gateway`: `gateway`) holds the seconds as eight bytes, and may change at any time.
"""

import mmap
import os
import struct
import sys
import time
from pathlib import Path


def _interpose(offset: mmap.mmap) -> None:
    true_time, true_time_ns = time.time, time.time_ns

    def seconds() -> int:
        read: int = struct.unpack("<q", offset[:8])[0]
        return read

    time.time = lambda: true_time() + seconds()
    time.time_ns = lambda: true_time_ns() + seconds() * 1_000_000_000


_folder = os.environ.get("FAULTS_CLOCK", "")
_module = dict(zip(sys.orig_argv, sys.orig_argv[1:], strict=False)).get("-m", "")
if _folder and _module in {"gateway", "issuer", "audit"}:
    with (Path(_folder) / _module).open("r+b") as _file:
        _interpose(mmap.mmap(_file.fileno(), 8))
