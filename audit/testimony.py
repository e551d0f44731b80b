"""Gathers what was signed about a log from where it lies: the published checkpoint, the history, cosigned notes.

Reads files and verifies no signature. Promises that the checkpoint it begins from is the newest that there is, beside a
writer at work too, and that what a writer adds meanwhile is left out.
"""

import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from audit.checkpoints import NOTES_PER_FILE, latest_checkpoints, read_checkpoints
from audit.cosigned import read_cosigned
from audit.disagreement import LogDisagrees
from audit.note import NoteInvalid, open_note
from audit.published import CHECKPOINT, NotPublished, Published
from audit.retention import read_pruned
from audit.statements import Statement, StatementInvalid, in_order, merged, statement
from audit.trust import Trust

ENTERED_WITHIN_S: Final = 3.0  # what a writer has published it enters in the history right after


def newest_checkpoint(published: Published, folder: Path | None) -> Statement:
    """The published checkpoint, which stands in the history of the folder, if that has one, as the newest there.

    A writer publishes it and enters it a moment later. Raises LogDisagrees, StatementInvalid, DamagedLog, LogUnavailable.
    """
    until = time.monotonic() + ENTERED_WITHIN_S
    while True:
        history = _latest(folder, NOTES_PER_FILE)
        try:
            newest = statement(published.get(CHECKPOINT), CHECKPOINT)
        except NotPublished as error:
            raise LogDisagrees(seq=None, place=CHECKPOINT, what="the file is missing") from error
        if not history or newest.note in _latest(folder, NOTES_PER_FILE):
            break
        if time.monotonic() > until:
            raise _not_in_history(newest)
        time.sleep(0.05)
    if history and newest.size < statement(history[-1], "the history").size:
        what = "it is older than the last one in the history (checkpoints/): somebody put an old one back"
        raise LogDisagrees(seq=newest.size, place=CHECKPOINT, what=what)
    return newest


def _not_in_history(newest: Statement) -> LogDisagrees:
    what = (
        "it does not stand in the history (checkpoints/): the end of the history was taken away. Or a crash came "
        "between: then the next start of the writer enters it"
    )
    return LogDisagrees(seq=None, place=newest.place, what=what)


def _latest(folder: Path | None, count: int) -> list[bytes]:
    return latest_checkpoints(folder, count) if folder is not None else []


def statements_about(newest: Statement, folder: Path | None, trust: Trust) -> Iterator[Statement]:
    """All that was signed about the log, by size; the newest checkpoint last of its size.

    Raises StatementInvalid or DamagedLog, now or while it is read.
    """
    histories: list[Iterable[Statement]] = [
        sorted(
            (
                statement(note, f"the checkpoint that you kept, number {number}")
                for number, note in enumerate(trust.against, 1)
            ),
            key=lambda found: found.size,
        )
    ]
    if folder is not None:
        histories.append(_up_to(newest, in_order(read_checkpoints(folder), "checkpoints, number")))
        histories.append(_up_to(newest, in_order(read_cosigned(folder), "cosigned/notes, number")))
        histories.append(_behind_pruned(folder, trust))
    return merged([*histories, [newest]])


def _behind_pruned(folder: Path, trust: Trust) -> list[Statement]:
    """The checkpoint behind which the beginning was dropped: it covers what was, and is cosigned if it says so."""
    pruned = read_pruned(folder)
    if pruned is None:
        return []
    found = statement(pruned.checkpoint.encode(), "pruned")
    if found.size < pruned.first:
        raise StatementInvalid(
            f"pruned: {pruned.first} entries were dropped behind a checkpoint of {found.size}"
        )
    if pruned.witnessed and trust.witnesses:
        try:
            open_note(found.note, trust.witnesses)
        except NoteInvalid as error:
            raise StatementInvalid(f"pruned: no witness that you name has cosigned: {error}") from error
    return [found]


def _up_to(newest: Statement, history: Iterator[Statement]) -> Iterator[Statement]:
    """What a history had when `newest` was published: a writer at work adds to it."""
    for found in history:
        if found.size > newest.size:
            return
        yield found
