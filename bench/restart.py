"""How long the audit writer takes to start on a log of a million entries whose last ones no checkpoint covers.

The sealed part is made as the writer makes it, only without a journal: a start would find nothing of that anyway.
"""

import sys
import time
from collections.abc import Iterator
from contextlib import closing
from itertools import count, islice
from pathlib import Path

from audit.edge import Edge
from audit.entry import EventEntry, encode
from audit.folder import ACKNOWLEDGED, Places, create, pack_mark
from audit.journal import Journal
from audit.keys import Keyring
from audit.publisher import Publisher
from audit.segments import create_segment, segment_path
from audit.signed import SignedStore
from audit.tree import Tree
from bench import process
from bench.failure import CannotMeasure
from bench.figure import Section
from bench.home import ROOT
from bench.settings import Effort
from bench.targets import figure

SEALED = 1_000_000
UNSEALED = 20_000  # more than the writer lets wait before it seals
_AT_ONCE = 16_384


def measure_restart(folder: Path, core: int, effort: Effort) -> Section:
    """Start the writer on `core`, each time after another crash with as much unsealed."""
    log = folder / "million"
    entries = _entries()
    _make_sealed(create(log), entries)
    sealed, seconds = SEALED, []
    for _ in range(effort.rounds):
        with closing(Journal.open_recovered(log, sealed)) as journal:
            journal.append(list(islice(entries, UNSEALED)))
            sealed = journal.size
        seconds.append(_start_s(folder, log, core))
    return Section(
        "a log of a million entries",
        (figure("log_start_s", f"the writer is ready, {UNSEALED:,} entries unsealed", "s", seconds),),
    )


def _make_sealed(places: Places, entries: Iterator[bytes]) -> None:
    tree = Tree(Edge(), [])
    with (
        SignedStore(places.signed) as store,
        closing(Publisher(places.log, Keyring(places.keys), store)) as publisher,
    ):
        while tree.size < SEALED:
            tree.grow(list(islice(entries, min(_AT_ONCE, SEALED - tree.size))))
            publisher.publish(tree.cut())
    create_segment(places.log, SEALED)
    segment_path(places.log, 0).unlink()
    (places.log / ACKNOWLEDGED).write_bytes(pack_mark(SEALED))


def _entries() -> Iterator[bytes]:
    return (
        encode(EventEntry(time=number, event="bench.entry", workflow="", detail={"number": number}))
        for number in count()
    )


def _start_s(folder: Path, log: Path, core: int) -> float:
    """From starting the process to its ready line."""
    argv = [sys.executable, "-m", "audit", "--log", str(log), "--socket", str(folder / "million.sock")]
    began = time.monotonic()
    with process.running(process.pinned(core, argv), ROOT, folder / "log.err") as started:
        assert started.stdout is not None
        line = started.stdout.readline()
        took = time.monotonic() - began
    if b"ready" not in line:
        raise CannotMeasure("the audit writer did not start", f"See {folder / 'log.err'}.")
    return took
