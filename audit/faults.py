"""What can be wrong with a log, and the exit code of the writer for each: the one table.

Pure. Every message names the place, the cause and what to do next; messages are for operators, not for agents.
"""

from typing import ClassVar, Final

EXIT_USAGE: Final = 2  # wrong flags; argparse uses it too
EXIT_DAMAGED: Final = 65  # sysexits(3) EX_DATAERR: acknowledged records are missing or changed
EXIT_MISSING: Final = 66  # EX_NOINPUT: no log here, or one already
EXIT_SOCKET: Final = 71  # EX_OSERR: the socket cannot be served
EXIT_POISONED: Final = (
    74  # EX_IOERR: the disk refused a write or a sync; start again, the journal is replayed
)
EXIT_LOCKED: Final = 75  # EX_TEMPFAIL: another writer holds this log


class LogFault(Exception):
    """The log cannot be served or read. `exit_code` is what the writer process ends with."""

    exit_code: ClassVar[int] = EXIT_POISONED


class LogUnavailable(Exception):
    """What a client gets instead of a receipt: the entry counts as not recorded, so do not act.

    It may be durable all the same. `reason` says why; it is for operators.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class LogMissing(LogFault):
    """There is no log in the folder. It is never created implicitly."""

    exit_code = EXIT_MISSING


class LogExists(LogFault):
    """`create` was pointed at something that is there already."""

    exit_code = EXIT_MISSING


class LogLocked(LogFault):
    """Another writer holds the folder."""

    exit_code = EXIT_LOCKED


class LogPoisoned(LogFault):
    """A write or sync failed: nothing more is accepted until a new writer has replayed the journal."""

    exit_code = EXIT_POISONED


class SocketRefused(LogFault):
    """The socket path cannot be listened on."""

    exit_code = EXIT_SOCKET


class DamagedJournal(LogFault):
    """Records that had been acknowledged are missing or changed; nothing was touched.

    seq: the first record that does not read. offset: where it should begin, in bytes. acknowledged: how many
    records are known to have been durable.
    """

    exit_code = EXIT_DAMAGED

    def __init__(self, what: str, *, seq: int = 0, offset: int = 0, acknowledged: int = 0) -> None:
        super().__init__(
            f"{what}. This is damage, not a torn write; nothing was changed. Keep the folder as evidence, "
            "restore it from a copy, or set it aside and create a new log with `doorless init`."
        )
        self.seq = seq
        self.offset = offset
        self.acknowledged = acknowledged
