"""The policy engine alone: an OPA of its own on the home's policies, and what questions, starts and memory cost.

Asker and OPA share one core, as gateway and OPA do. These figures hold what `docs/performance.md` says of OPA
against the pinned binary; the last two say why the input is small and why the client is ours.
"""

import asyncio
import contextlib
import os
import secrets
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from bench import process
from bench.failure import CannotMeasure
from bench.figure import Figure, Section
from bench.home import ROLE
from bench.settings import Effort
from bench.targets import figure
from decision.bundle import Bundle, build_bundle
from decision.client_decider import ClientDecider
from decision.decider import Decider
from decision.model import Allow
from decision.opa_binary import find_opa
from decision.opa_child import OpaChild, start_child
from decision.question import RequestQuestion
from decision.socket_decider import MAX_BATCH, SocketDecider

MANY = 32
_LONG_QUERY = 100_000


@dataclass(slots=True)
class _Cost:
    """Runs of one way of asking: decisions a second, and processor time of each side for one."""

    rates: list[float] = field(default_factory=list)
    opa_us: list[float] = field(default_factory=list)
    asker_us: list[float] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Way:
    """How is asked: so many askers at a time, at most so many questions in one evaluation."""

    askers: int
    batch: int
    question: RequestQuestion
    ours: bool = True

    def decider(self, child: OpaChild, token: str) -> Decider:
        """The client that asks so."""
        if self.ours:
            return SocketDecider(child.socket_path, token, max_batch=self.batch)
        return ClientDecider(child.socket_path, token)


def question(query: str = "") -> RequestQuestion:
    """What the main measurement asks for each of its requests."""
    return RequestQuestion(
        now=int(time.time()),
        workflow="wf-aaaaaaaaaaaaaaaaaaaa",
        role=ROLE,
        scope=("read:items",),
        service="items",
        route="list",
        action="read",
        data="items",
        method="GET",
        path="/items",
        params={},
        query=query,
        body_bytes=0,
        content_type="",
    )


async def measure(policies: Path, folder: Path, effort: Effort) -> Section:
    """Build, start and ask, on whatever core this process is on."""
    opa = find_opa(os.environ)
    builds, bundle = _build(policies, folder, opa, effort)
    starts = [await _start(opa, bundle, folder, number) for number in range(effort.rounds)]
    plain = question()
    ways = {
        "alone": _Way(1, MAX_BATCH, plain),
        "unbatched": _Way(MANY, 1, plain),
        "by_8": _Way(MANY, 8, plain),
        "batched": _Way(MANY, MAX_BATCH, plain),
        "long": _Way(1, 1, question("x" * _LONG_QUERY)),
        "aiohttp": _Way(1, 1, plain, ours=False),
    }
    costs = {name: _Cost() for name in ways}
    async with _child(opa, bundle, folder / "asked") as (child, token):
        memory = process.pss_megabytes(child.pid)
        for _ in range(effort.rounds):
            for name, way in ways.items():
                await _ask(way, child, token, effort.part_s, costs[name])
    return Section("OPA alone, asker on the same core", tuple(_figures(costs, builds, starts, memory)))


def _figures(
    costs: dict[str, _Cost], builds: list[float], starts: list[float], memory: float
) -> list[Figure]:
    alone, unbatched, batched = costs["alone"], costs["unbatched"], costs["batched"]
    return [
        figure("decisions_alone_s", "decisions/s, one asker", "1/s", alone.rates),
        figure(
            "decisions_unbatched_s", "decisions/s, 32 askers, one in an evaluation", "1/s", unbatched.rates
        ),
        figure(
            "decisions_batched_s", "decisions/s, 32 askers, up to 32 in an evaluation", "1/s", batched.rates
        ),
        figure("opa_decision_us", "OPA's processor time a decision, alone", "us", alone.opa_us),
        figure("opa_decision_by_8_us", "the same, 8 in an evaluation", "us", costs["by_8"].opa_us),
        figure("opa_decision_batched_us", "the same, up to 32 in an evaluation", "us", batched.opa_us),
        figure("opa_decision_long_us", "the same, with a query of 100 kB", "us", costs["long"].opa_us),
        figure("asker_us", "our processor time a question, alone", "us", alone.asker_us),
        figure("asker_batched_us", "the same, up to 32 in an evaluation", "us", batched.asker_us),
        figure("asker_aiohttp_us", "the same, through opa-python-client", "us", costs["aiohttp"].asker_us),
        figure("opa_build_ms", "building a bundle from the policies", "ms", builds),
        figure("opa_start_ms", "OPA, from start to ready", "ms", starts),
        figure("opa_pss_mb", "OPA, memory before it is asked", "MB", [memory]),
    ]


def _build(policies: Path, folder: Path, opa: Path, effort: Effort) -> tuple[list[float], Bundle]:
    took = []
    bundles = folder / "bundles"
    bundles.mkdir()
    for _ in range(effort.rounds):
        began = time.monotonic()
        bundle = build_bundle(policies, bundles, opa)
        took.append((time.monotonic() - began) * 1000)
    return took, bundle


async def _start(opa: Path, bundle: Bundle, folder: Path, number: int) -> float:
    began = time.monotonic()
    async with _child(opa, bundle, folder / f"start-{number}"):
        return (time.monotonic() - began) * 1000


@contextlib.asynccontextmanager
async def _child(opa: Path, bundle: Bundle, folder: Path) -> AsyncIterator[tuple[OpaChild, str]]:
    token = secrets.token_urlsafe(32)
    child = await start_child(opa, bundle.path, folder, token)
    try:
        yield child, token
    finally:
        await child.stop()


async def _ask(way: _Way, child: OpaChild, token: str, seconds: float, cost: _Cost) -> None:
    """Ask for so long, each asker again as soon as it is answered."""
    decider = way.decider(child, token)
    try:
        await decider.ask(way.question)  # connects
        opa, ours, began = process.cpu_seconds(child.pid), time.process_time(), time.monotonic()
        until = began + seconds
        counts = await asyncio.gather(*(_one_asker(decider, way.question, until) for _ in range(way.askers)))
        asked = sum(counts)
        cost.rates.append(asked / (time.monotonic() - began))
        cost.opa_us.append((process.cpu_seconds(child.pid) - opa) / asked * 1e6)
        cost.asker_us.append((time.process_time() - ours) / asked * 1e6)
    finally:
        await decider.close()


async def _one_asker(decider: Decider, asked: RequestQuestion, until: float) -> int:
    count = 0
    while time.monotonic() < until:
        # A question of its own each time, as each request has.
        decision = await decider.ask(msgspec.structs.replace(asked, now=int(time.time())))
        if not isinstance(decision, Allow):
            raise CannotMeasure(
                f"policy did not allow what it should: {decision}", "Try `doorless policy test`."
            )
        count += 1
    return count
