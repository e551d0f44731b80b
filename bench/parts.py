"""The other parts alone: durable appends on this disk, and tokens.

An append is the gateway's: sent, written, synced, acknowledged. The bare sync beside it is what the disk takes.
"""

import asyncio
import contextlib
import os
import secrets
import sys
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

from audit.client import AuditClient
from audit.entry import DecisionEntry, decision_id
from audit.folder import create
from bench import process
from bench.engine import question
from bench.failure import CannotMeasure
from bench.figure import Section
from bench.home import ROOT
from bench.settings import Effort
from bench.targets import figure
from decision.question import encode_question
from issuer.keyset import generate_key
from issuer.token import Claims, Refused, sign, verify

MANY = 32
_ISSUER = "http://127.0.0.1:8400"
_LOOK_EVERY = 100


async def measure_appends(folder: Path, core: int, effort: Effort) -> Section:
    """Append to a log of its own, the writer on `core`."""
    rates: dict[int, list[float]] = {1: [], MANY: []}
    costs: list[float] = []
    syncs: list[float] = []
    async with _writer(folder, core) as (writer, log):
        for _ in range(effort.rounds):
            syncs.append(_bare_sync(folder / "bare", effort.part_s / 3))
            for appenders, found in rates.items():
                before, began = process.cpu_seconds(writer), time.monotonic()
                counts = await asyncio.gather(
                    *(_one_appender(log, began + effort.part_s) for _ in range(appenders))
                )
                found.append(sum(counts) / (time.monotonic() - began))
            costs.append((process.cpu_seconds(writer) - before) / sum(counts) * 1e6)
    return Section(
        "durable appends",
        (
            figure("sync_ms", "one bare write and fdatasync on this disk", "ms", syncs),
            figure("appends_alone_s", "appends/s, one at a time", "1/s", rates[1]),
            figure("appends_s", "appends/s, 32 at a time", "1/s", rates[MANY]),
            figure("append_cpu_us", "writer's processor time an append, 32 at a time", "us", costs),
        ),
    )


def measure_tokens(effort: Effort) -> Section:
    """Sign and verify, on whatever core this process is on."""
    key = generate_key()
    keys = {key.kid: key.public()}
    now = int(time.time())
    claims = Claims(
        issuer=_ISSUER,
        audience="items",
        workflow="wf-aaaaaaaaaaaaaaaaaaaa",
        role="bench",
        scope=("read:items",),
        txn="txn-1",
        jti="jti-1",
        issued_at=now,
        expires_at=now + 300,
    )
    token = sign(claims, key)
    if isinstance(verify(token, keys, issuer=_ISSUER, audience="items", now=now), Refused):
        raise CannotMeasure("a fresh token does not verify", "Run the tests of the issuer.")

    def check() -> None:
        verify(token, keys, issuer=_ISSUER, audience="items", now=now)

    seconds = effort.part_s / 3
    signs = [_each_us(lambda: sign(claims, key), seconds) for _ in range(effort.rounds)]
    verifies = [_each_us(check, seconds) for _ in range(effort.rounds)]
    return Section(
        "tokens (ES256)",
        (
            figure("token_sign_us", "signing one", "us", signs),
            figure("token_verify_us", "verifying one, all claims", "us", verifies),
        ),
    )


@contextlib.asynccontextmanager
async def _writer(folder: Path, core: int) -> AsyncIterator[tuple[int, AuditClient]]:
    log, path = folder / "appends", folder / "appends.sock"
    create(log)
    argv = [sys.executable, "-m", "audit", "--log", str(log), "--socket", str(path)]
    with process.running(process.pinned(core, argv), ROOT, folder / "appends.err") as started:
        assert started.stdout is not None
        line = started.stdout.readline()
        if b"ready" not in line:
            raise CannotMeasure("the audit writer did not start", f"See {folder / 'appends.err'}.")
        client = await AuditClient.connect(path)
        try:
            yield started.pid, client
        finally:
            await client.close()


async def _one_appender(log: AuditClient, until: float) -> int:
    count = 0
    while time.monotonic() < until:
        await log.append(_entry())
        count += 1
    return count


def _entry() -> DecisionEntry:
    asked = question()
    return DecisionEntry(
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


def _each_us(work: Callable[[], object], seconds: float) -> float:
    count, began = 0, time.process_time()
    while (used := time.process_time() - began) < seconds:
        for _ in range(_LOOK_EVERY):
            work()
        count += _LOOK_EVERY
    return used / count * 1e6
