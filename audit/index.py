"""Where in the log an entry stands: an SQLite index of sealed entries, made from the log and never the truth.

Promises that it holds nothing that a checkpoint does not cover, that it is bound to that history by the tree's root,
and that whatever does not fit (another log, a rewritten one, a damaged file) is made anew. Building takes flat
memory and goes on where a crash ended it. One process at a time has it open; the others wait.
"""

import fcntl
import os
from collections.abc import Callable, Iterator, Sequence
from itertools import islice, takewhile
from pathlib import Path
from typing import Any, Final, Protocol, Self

import msgspec
import sqlalchemy as sql
from sqlalchemy.exc import DatabaseError

from audit.query import Filter, Page

FORM: Final = 2
ROWS_AT_ONCE: Final = 16_384
OUTCOMES_AT_ONCE: Final = 500
_CACHE: Final = "PRAGMA cache_size = -32768"

IndexDamaged = DatabaseError
"""What a query raises where the file is not what it was: `start_over` mends it."""


class History(Protocol):
    """The sealed part of a log: what an index is made of and bound to."""

    @property
    def origin(self) -> str:
        """The log's name."""

    @property
    def size(self) -> int:
        """How many entries the newest checkpoint covers."""

    def root_at(self, size: int) -> bytes | None:
        """The root over the first `size` entries; None where the tiles no longer tell."""

    def records(self, first: int) -> Iterator[tuple[int, bytes]]:
        """Number and bytes of each entry from `first` on (of a pruned log: from the first that is there)."""


class _Head(msgspec.Struct, frozen=True):
    """What the index takes from an entry; the rest is skipped, which is most of the cost of decoding."""

    type: str
    time: int
    id: str | None = None
    decision: str | None = None
    workflow: str | None = None
    role: str | None = None
    detail: msgspec.Raw = msgspec.Raw(b"{}")


class _Detail(msgspec.Struct, frozen=True):
    role: str | int | None = None


_head: Final = msgspec.json.Decoder(_Head)
_detail: Final = msgspec.json.Decoder(_Detail)

_TABLES: Final = sql.MetaData()
_RECORD: Final = sql.Table(
    "record",
    _TABLES,
    sql.Column("seq", sql.Integer, primary_key=True, autoincrement=False),
    sql.Column("time", sql.Integer, nullable=False),
    sql.Column("outcome", sql.Boolean, nullable=False),
    sql.Column("name", sql.Text),  # of the decision that it is or belongs to; null for an event
    sql.Column("workflow", sql.Text),
    sql.Column("role", sql.Text),
    sql.Column("word", sql.Text),
)
_BOUND: Final = sql.Table(
    "bound",
    _TABLES,
    sql.Column("form", sql.Integer, nullable=False),
    sql.Column("origin", sql.Text, nullable=False),
    sql.Column("size", sql.Integer, nullable=False),
    sql.Column("root", sql.LargeBinary, nullable=False),
)
for _column in ("name", "workflow", "role", "word"):
    _value = _RECORD.c[_column]
    sql.Index(f"by_{_column}", _value, _RECORD.c.seq, sqlite_where=_value.is_not(None))


class LogIndex:
    """The index in one file. Its methods raise `IndexDamaged` where the file does not read."""

    def __init__(self, file: Path) -> None:
        """Open or create it; waits for whoever has it open. Raises OSError where the folder cannot be written."""
        file.parent.mkdir(mode=0o700, exist_ok=True)
        self._file = file
        self._lock = os.open(file.with_suffix(".lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        fcntl.flock(self._lock, fcntl.LOCK_EX)
        self._engine = _engine(file)

    def close(self) -> None:
        """Let go of the file."""
        self._engine.dispose()
        os.close(self._lock)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def catch_up(self, history: History, on_progress: Callable[[int], None] | None = None) -> int:
        """Take in what was sealed since; how many entries the index covers now. `on_progress` hears that number."""
        try:
            size = self._fitting_size(history)
        except DatabaseError:
            size = None
        if size is None:
            self.start_over()
            size = 0
        first = size
        records = takewhile(lambda record: record[0] < history.size, history.records(first))
        while rows := [_row(seq, encoded) for seq, encoded in islice(records, ROWS_AT_ONCE)]:
            size = int(rows[-1]["seq"]) + 1
            # Crash before the commit: this batch is not there, and the next start begins with it.
            with self._engine.begin() as connection:
                connection.execute(_RECORD.insert(), rows)
                _bind(connection, history, size)
            if on_progress is not None:
                on_progress(size)
        return size

    def start_over(self) -> None:
        """Forget everything: the file is made anew, empty."""
        self._engine.dispose()
        for name in (self._file, self._file.with_name(f"{self._file.name}-journal")):
            name.unlink(missing_ok=True)
        self._engine = _engine(self._file)
        _TABLES.create_all(self._engine)

    def of_decision(self, name: str) -> list[int]:
        """Numbers of the decision of that id and of its outcome."""
        return self._numbers(sql.select(_RECORD.c.seq).where(_RECORD.c.name == name))

    def of_workflow(self, workflow: str) -> list[int]:
        """Numbers of everything of one workflow, outcomes included."""
        return self._with_outcomes(_lines().where(_RECORD.c.workflow == workflow))

    def last(self, wanted: Filter, lines: int) -> list[int]:
        """Numbers of the last decisions and events that pass the filter, and of their outcomes."""
        query = _lines()
        if wanted.workflow is not None:
            query = query.where(_RECORD.c.workflow == wanted.workflow)
        if wanted.role is not None:
            query = query.where(_RECORD.c.role == wanted.role)
        if wanted.decision is not None:
            query = query.where(_RECORD.c.word == wanted.decision)
        return self._with_outcomes(query.order_by(_RECORD.c.seq.desc()).limit(lines))

    def page(self, asked: Page) -> list[int]:
        """Numbers of the entries of a page, in the order of the log; an outcome has the role of its decision."""
        query = _within(sql.select(_RECORD.c.seq), asked).where(_RECORD.c.seq >= asked.first)
        return self._numbers(query.order_by(_RECORD.c.seq).limit(asked.limit))

    def count(self, asked: Page) -> int:
        """How many entries there are from `asked.first` on, whatever its limit."""
        query = _within(sql.select(sql.func.count()), asked).where(_RECORD.c.seq >= asked.first)
        with self._engine.connect() as connection:
            return int(connection.execute(query).scalar_one())

    def _fitting_size(self, history: History) -> int | None:
        """How far the index goes, if it is one of this history."""
        if not sql.inspect(self._engine).has_table(_BOUND.name):
            return None
        with self._engine.connect() as connection:
            bound = connection.execute(sql.select(_BOUND)).one_or_none()
        if bound is None or bound.form != FORM or bound.origin != history.origin or bound.size > history.size:
            return None
        return int(bound.size) if history.root_at(bound.size) == bound.root else None

    def _numbers(self, query: "sql.Select[Any]") -> list[int]:
        with self._engine.connect() as connection:
            return sorted(connection.scalars(query))

    def _with_outcomes(self, query: "sql.Select[Any]") -> list[int]:
        with self._engine.connect() as connection:
            lines = connection.execute(query).all()
            found = [int(line.seq) for line in lines]
            names = [line.name for line in lines if line.name is not None]
            for part in _parts(names):
                outcomes = sql.select(_RECORD.c.seq).where(_RECORD.c.name.in_(part), _RECORD.c.outcome)
                found.extend(connection.scalars(outcomes))
        return sorted(found)


def _engine(file: Path) -> sql.Engine:
    # One process at a time (the lock), so SQLite needs no locks of its own beyond its rollback journal.
    engine = sql.create_engine(sql.URL.create("sqlite", database=str(file)), poolclass=sql.StaticPool)

    @sql.event.listens_for(engine, "connect")
    def _tune(connection: Any, _: object) -> None:
        connection.execute(_CACHE)
        connection.execute("PRAGMA synchronous = NORMAL")

    return engine


def _lines() -> "sql.Select[Any]":
    return sql.select(_RECORD.c.seq, _RECORD.c.name).where(sql.not_(_RECORD.c.outcome))


def _within(query: "sql.Select[Any]", asked: Page) -> "sql.Select[Any]":
    """The query, for entries of the page's times, workflow and role."""
    query = query.where(_RECORD.c.time >= asked.from_ms, _RECORD.c.time < asked.to_ms)
    for column, value in ((_RECORD.c.workflow, asked.workflow), (_RECORD.c.role, asked.role)):
        if value:
            decision = _RECORD.alias()
            of_decision = sql.select(decision.c.name).where(
                decision.c[column.name] == value, decision.c.name.is_not(None)
            )
            belongs = sql.and_(_RECORD.c.outcome, _RECORD.c.name.in_(of_decision))
            query = query.where(sql.or_(column == value, belongs))
    return query


def _parts(names: Sequence[str]) -> Iterator[Sequence[str]]:
    return (names[at : at + OUTCOMES_AT_ONCE] for at in range(0, len(names), OUTCOMES_AT_ONCE))


def _bind(connection: sql.Connection, history: History, size: int) -> None:
    bound = {"form": FORM, "origin": history.origin, "size": size, "root": history.root_at(size)}
    connection.execute(_BOUND.delete())
    connection.execute(_BOUND.insert(), bound)


def _row(seq: int, encoded: bytes) -> dict[str, Any]:
    head = _head.decode(encoded)
    is_outcome = head.type == "outcome"
    role = head.role if head.type != "event" else _detail.decode(head.detail).role
    return {
        "seq": seq,
        "time": head.time,
        "outcome": is_outcome,
        "name": head.decision if is_outcome else head.id,
        "workflow": head.workflow or None,
        "role": str(role) if role else None,
        "word": None if is_outcome else head.decision,
    }
