"""What can be wrong with a log, and the exit code of the writer for each: the one table.

Pure. Every message names the place, the cause and what to do next; messages are for operators, not for agents.
"""

from typing import ClassVar, Final

EXIT_USAGE: Final = 2  # wrong flags; argparse uses it too
EXIT_DAMAGED: Final = 65  # sysexits(3) EX_DATAERR: acknowledged records are missing or changed
EXIT_MISSING: Final = 66  # EX_NOINPUT: no log here, or one already; or its key or its signed store is missing
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


class DamagedLog(LogFault):
    """What was acknowledged or signed is missing or changed; nothing was touched."""

    exit_code = EXIT_DAMAGED

    def __init__(self, what: str) -> None:
        super().__init__(
            f"{what}. This is damage, not a torn write; nothing was changed. Keep the folder as evidence, "
            "restore it from a copy, or set it aside and create a new log with `doorless init`."
        )
        self.what = what


class DamagedJournal(DamagedLog):
    """Records that had been acknowledged are missing or changed; nothing was touched.

    seq: the first record that does not read. offset: where it should begin, in bytes. acknowledged: how many
    records are known to have been durable.
    """

    def __init__(self, what: str, *, seq: int = 0, offset: int = 0, acknowledged: int = 0) -> None:
        super().__init__(what)
        self.seq = seq
        self.offset = offset
        self.acknowledged = acknowledged


class LogBehind(LogFault):
    """The folder does not hold what was signed: it was set back, or the store of what was signed was."""

    exit_code = EXIT_DAMAGED

    def __init__(self, what: str) -> None:
        super().__init__(
            f"{what}. Nothing was changed and nothing is served: going on would fork the log, and every witness and "
            "holder of a checkpoint would see it. Put back the newest copy of the log's folder and of the store "
            "(`doorless log verify` says what a copy holds); or keep both as evidence and create a new log with "
            "`doorless init`."
        )


class KeyRefused(LogFault):
    """The log's key cannot be used: it is missing, malformed, readable by others, or another log's."""

    exit_code = EXIT_MISSING


class LogOfOldForm(LogFault):
    """The folder holds a log as an earlier version of Doorless wrote it."""

    exit_code = EXIT_DAMAGED
