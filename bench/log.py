"""The log alone: durable appends with the tree and without it, in turns on one disk, and the start of a large one.

An append is the gateway's: sent, written, synced, acknowledged. The bare sync beside it is what the disk takes. Both
writers run at the same time, one idle while the other is measured, so that a slow minute of the machine hits both.
"""

import asyncio
import contextlib
import os
import secrets
import statistics
import sys
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

from audit.client import AuditClient
from audit.entry import DecisionEntry, decision_id
from audit.folder import create
from bench import process
from bench.engine import question
from bench.failure import CannotMeasure
from bench.figure import Section, ratios
from bench.home import ROOT
from bench.settings import Effort
from bench.targets import figure
from decision.question import encode_question

MANY = 32
_SEALED = ("-m", "audit", "--log")
_BARE = ("-m", "bench.journal_only")


@dataclass(slots=True)
class _Turns:
    """What the turns of one writer gave: appends/s, its own and its caller's processor time an append, median wait."""

    rates: list[float] = field(default_factory=list)
    writer_us: list[float] = field(default_factory=list)
    caller_us: list[float] = field(default_factory=list)
    p50_ms: list[float] = field(default_factory=list)


async def measure_appends(folder: Path, core: int, effort: Effort) -> Section:
    """Append to logs of its own, the writers on `core`."""
    sealed, bare, alone = _Turns(), _Turns(), _Turns()
    syncs: list[float] = []
    async with _writer(folder, core, "sealed", _SEALED) as one, _writer(folder, core, "bare", _BARE) as other:
        for _ in range(effort.rounds):
            syncs.append(_bare_sync(folder / "bare-sync", effort.part_s / 3))
            await _turn(bare, other, MANY, effort.part_s)
            await _turn(sealed, one, MANY, effort.part_s)
            await _turn(alone, one, 1, effort.part_s)
    cost = [100 * (1 - ratio) for ratio in ratios(tuple(sealed.rates), tuple(bare.rates))]
    return Section(
        "durable appends, sealed in the tree",
        (
            figure("sync_ms", "one bare write and fdatasync on this disk", "ms", syncs),
            figure("appends_alone_s", "appends/s, one at a time", "1/s", alone.rates),
            figure("appends_s", "appends/s, 32 at a time", "1/s", sealed.rates),
            figure("appends_journal_s", "the same without the tree", "1/s", bare.rates),
            figure("tree_percent", "what the tree costs of that rate", "%", cost),
            figure("append_p50_ms", "an append takes, 32 at a time (p50)", "ms", sealed.p50_ms),
            figure(
                "append_cpu_us", "writer's processor time an append, 32 at a time", "us", sealed.writer_us
            ),
            figure("append_journal_cpu_us", "the same without the tree", "us", bare.writer_us),
            figure(
                "append_caller_us", "caller's processor time an append, 32 at a time", "us", sealed.caller_us
            ),
        ),
    )


async def _turn(turns: _Turns, writer: tuple[int, AuditClient], appenders: int, seconds: float) -> None:
    pid, client = writer
    waits: list[float] = []
    entries = _entries()
    before, own, began = process.cpu_seconds(pid), time.process_time(), time.monotonic()
    await asyncio.gather(*(_append(client, entries, began + seconds, waits) for _ in range(appenders)))
    count = len(waits)
    turns.rates.append(count / (time.monotonic() - began))
    turns.caller_us.append((time.process_time() - own) / count * 1e6)
    turns.writer_us.append((process.cpu_seconds(pid) - before) / count * 1e6)
    turns.p50_ms.append(statistics.median(waits) * 1e3)


async def _append(
    client: AuditClient, entries: list[DecisionEntry], until: float, waits: list[float]
) -> None:
    while True:  # once at least: a machine that stands still for the whole time has measured something too
        began = time.monotonic()
        await client.append(entries[len(waits) % len(entries)])
        ended = time.monotonic()
        waits.append(ended - began)
        if ended >= until:
            return


@contextlib.asynccontextmanager
async def _writer(
    folder: Path, core: int, name: str, command: tuple[str, ...]
) -> AsyncIterator[tuple[int, AuditClient]]:
    log, path = folder / name, folder / f"{name}.sock"
    create(log)
    where = (str(log), "--socket", str(path)) if command is _SEALED else (str(log), str(path))
    with process.running(
        process.pinned(core, [sys.executable, *command, *where]), ROOT, folder / "log.err"
    ) as started:
        assert started.stdout is not None
        if b"ready" not in started.stdout.readline():
            raise CannotMeasure("the audit writer did not start", f"See {folder / 'log.err'}.")
        client = await AuditClient.connect(path)
        try:
            yield started.pid, client
        finally:
            await client.close()


def _entries() -> list[DecisionEntry]:
    """Entries as the gateway writes them, made beforehand: making them is no part of an append."""
    asked = question()
    return [
        DecisionEntry(
            time=time.time_ns() // 1_000_000,
            id=decision_id(secrets.token_bytes(16)),
            kind="request",
            workflow=asked.workflow,
            role=asked.role,
            decision="allow",
            source="policy",
            reasons=[],
            obligations=[],
            input={"asked": encode_question(asked).decode("ascii")},
            input_sha256="",
            revision="0" * 64,
        )
        for _ in range(1_000)
    ]


def _bare_sync(file: Path, seconds: float) -> float:
    """Milliseconds that a write of one entry's size and its sync take, on average."""
    count, began = 0, time.monotonic()
    number = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        while time.monotonic() < began + seconds:
            os.write(number, b"x" * 1024)
            os.fdatasync(number)
            count += 1
    finally:
        os.close(number)
    return (time.monotonic() - began) / count * 1000
