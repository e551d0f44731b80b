"""`doorless log ship`, `prune`, `forget` and `rotate-key`: what an operator does to the log itself.

Whatever takes something away is recorded by the running writer before it is done.
"""

import sys
import time
from pathlib import Path

from audit import operations
from audit.destination import FolderDestination
from audit.entry import DecisionEntry, EventEntry
from audit.faults import LogFault, LogUnavailable
from audit.prune import Plan, PruneRefused, Quorum, plan, prune
from audit.ship import ship
from audit.side_check import FORGOTTEN
from doorless.home import Home
from doorless.log.reading import indexed, progress, unknown
from doorless.log.sources import own_witnesses
from doorless.problem import ExitCode, Problem


def ship_log(home: Home, folder: Path) -> None:
    """Bring the copy in `folder` up to date, checked at both ends. Raises `Problem`."""
    try:
        with progress("shipping") as advance:
            shipped = ship(home.log, FolderDestination(folder), advance)
    except (LogFault, LogUnavailable, OSError) as error:
        raise _refused("The log was not shipped.", error) from None
    sys.stdout.write(
        f"{folder} holds {shipped.size:,} records and was read back: {shipped.size - shipped.before:,} of them new, "
        f"{shipped.files:,} files written, {shipped.bytes:,} bytes.\n"
    )


def prune_log(home: Home, folder: Path, before_ms: int, quorum: Quorum) -> None:
    """Drop whole bundles of entries before a time that the copy in `folder` holds. Raises `Problem`."""
    try:
        planned = plan(home.log, FolderDestination(folder), quorum, before_ms)
        if planned.entries == 0:
            sys.stdout.write(
                "Nothing was pruned: no whole bundle of 256 entries is that old, shipped and cosigned.\n"
            )
            return
        _record(home, "log.pruned", _told(planned))
        prune(home.log, planned)
    except PruneRefused as refused:
        raise Problem(
            "Nothing was pruned.",
            f"{refused}.",
            "Ship the log and wait for its witnesses; `docs/log.md` says what pruning asks for.",
            ExitCode.FAILED,
        ) from None
    except (LogFault, OSError) as error:
        raise _refused("The log was not pruned.", error) from None
    sys.stdout.write(
        f"{planned.entries:,} entries were pruned; the log begins with record {planned.pruned.first:,}. "
        f"The others are in {folder}.\n"
    )


def needed_quorum(home: Home, *, without_witness: bool) -> Quorum:
    """Who must have cosigned before anything is dropped. Raises `Problem` where no witness is configured."""
    witnesses = own_witnesses(home)
    if without_witness:
        return Quorum((), 0)
    if not witnesses.witnesses:
        raise Problem(
            "Nothing was pruned.",
            "This home has no witness: nobody could tell later that what was dropped is what was shipped.",
            "Add one with `doorless witness add`, or say --without-witness-i-accept-no-rollback-protection.",
        )
    return Quorum(witnesses.keys, witnesses.quorum)


def forget_input(home: Home, name: str) -> None:
    """Remove the input of one decision for good, recorded before it is done. Raises `Problem`."""
    with indexed(home) as lookup:
        story = lookup.decision(name)
    if story is None:
        raise unknown(name)
    entry = story.decision.entry
    if not isinstance(entry, DecisionEntry) or not isinstance(entry.side, str):
        raise Problem(
            f"The input of {name} cannot be forgotten.",
            "It stands in the log itself, under its signed tree.",
            "Declare `personal: true` for services whose requests may name people; it counts from then on.",
            ExitCode.FAILED,
        )
    _record(home, FORGOTTEN, {"decision": name, "side": entry.side}, entry.workflow)
    was_there = _asked(home, entry.side)
    sys.stdout.write(
        f"The input of {name} is forgotten; the decision stays, and cannot be replayed.\n"
        if was_there
        else f"The input of {name} was gone already; that it is forgotten is recorded once more.\n"
    )


def rotate_log_key(home: Home) -> None:
    """Replace the key that signs checkpoints, and print the new public key. Raises `Problem`."""
    try:
        vkey = operations.rotate_key(home.audit_socket)
    except LogUnavailable as error:
        raise _not_running(error) from None
    sys.stdout.write(
        f"{vkey}\nThis key signs from the next checkpoint on. The log itself says so, signed by the old key: whoever trusts "
        "that one can follow.\nTell it to your witnesses: `doorless witness add`.\n"
    )


def _told(planned: Plan) -> dict[str, str | int]:
    return {
        "first": planned.pruned.first,
        "shipped_to": planned.pruned.shipped_to,
        "witnessed": int(planned.pruned.witnessed),
    }


def _record(home: Home, event: str, detail: dict[str, str | int], workflow: str = "") -> None:
    entry = EventEntry(time=time.time_ns() // 1_000_000, event=event, workflow=workflow, detail=detail)
    try:
        operations.record(home.audit_socket, entry)
    except LogUnavailable as error:
        raise _not_running(error) from None


def _asked(home: Home, digest: str) -> bool:
    try:
        return operations.forget(home.audit_socket, digest)
    except LogUnavailable as error:
        raise _not_running(error) from None


def _refused(what: str, error: Exception) -> Problem:
    return Problem(what, f"{error}.", "Nothing of the log was changed.", ExitCode.FAILED)


def _not_running(error: LogUnavailable) -> Problem:
    return Problem(
        "The audit writer does not answer, so nothing was done.",
        f"{error.reason}.",
        "This is recorded in the log before it is done: start Doorless with `doorless up`, and try again.",
        ExitCode.NOT_RUNNING,
    )
