"""Replay of recorded decisions: each asked again of the policy that made it and of another one, on two cores.

The past is made of real answers: OPA is asked, the gateway's recorder makes the entries, the writer writes them. That
takes as long again and is not measured.
"""

import os
import resource
import time
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, cast

import msgspec

from audit.client import AuditClient
from audit.entry import Entry, decision_id, encode
from audit.folder import create
from audit.writer import Writer
from authoring.asking import Question as Asked, engine
from authoring.replay.replay import Source, replay
from bench.engine import question
from bench.failure import CannotMeasure
from bench.figure import Section
from bench.settings import Effort
from bench.targets import figure
from decision.bundle import Bundle, build_bundle
from decision.opa_binary import find_opa
from decision.question import RequestQuestion, encode_question
from gateway.call import Call
from gateway.record import Recorder

DECISIONS = 100_000
QUICK_DECISIONS = 10_000
_AT_ONCE = 4_096
_KILOBYTE = 1024


class _Kept:
    """The recorder's log: entries in memory until the writer takes them."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []

    async def append(self, entry: Entry) -> None:
        self.entries.append(entry)


async def measure_replay(policies: Path, folder: Path, effort: Effort) -> Section:
    """Make a past, and replay it against the same policies."""
    decisions = DECISIONS if effort.rounds > 1 else QUICK_DECISIONS
    source = Source(folder / "past", folder / "past-bundles", find_opa(os.environ))
    await _make_past(source, policies, decisions)
    began, own, opa = time.monotonic(), time.process_time(), _opa_s()
    found = await replay(source, policies)
    took, own, opa = time.monotonic() - began, time.process_time() - own, _opa_s() - opa
    if not found.clean or found.reproduced != decisions:
        raise CannotMeasure(
            f"the replay found what is not there: {found}", "Run the tests of authoring, test_replay.py."
        )
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / _KILOBYTE
    return Section(
        "replay, by two policies each",
        (
            figure("replay_s", f"{decisions:,} recorded decisions", "s", [took]),
            figure("replay_decisions_s", "decisions/s", "1/s", [decisions / took]),
            figure(
                "replay_opa_us",
                "OPA's processor time a decision, both together",
                "us",
                [opa / decisions * 1e6],
            ),
            figure("replay_own_us", "our processor time a decision", "us", [own / decisions * 1e6]),
            figure("replay_rss_mb", "memory of the asker, at most", "MB", [memory]),
        ),
    )


def _opa_s() -> float:
    """Processor time of all programs of ours that have ended: the two OPAs, once the replay is over."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


async def _make_past(source: Source, policies: Path, decisions: int) -> None:
    bundle = build_bundle(policies, source.bundles, source.opa)
    places = create(source.log)
    questions = _questions()
    async with engine(source.opa, bundle.path) as asked:
        with Writer(places) as writer:
            for at in range(0, decisions, _AT_ONCE):
                some = list(islice(questions, min(_AT_ONCE, decisions - at)))
                answers = await asked.ask([Asked("request", encode_question(each)) for each in some])
                entries = await _entries(bundle, some, answers, at)
                for part in range(0, len(entries), 512):
                    writer.append(entries[part : part + 512])


async def _entries(
    bundle: Bundle, questions: Sequence[RequestQuestion], answers: Sequence[Any], first: int
) -> list[bytes]:
    kept = _Kept()
    recorder = Recorder(cast("AuditClient", kept), lambda: time.time_ns() // 1_000_000)
    services = bundle.configuration.catalogue.services
    for number, (asked, answer) in enumerate(zip(questions, answers, strict=True), first):
        name = decision_id(number.to_bytes(16, "big"))
        call = Call(id=name, service=services[asked.service], path=b"", query=b"", headers=(), question=asked)
        await recorder.decision(call, answer, bundle.revision)
    return [encode(entry) for entry in kept.entries]


def _questions() -> Iterator[RequestQuestion]:
    """Nine calls of ten are allowed; no two are the same."""
    plain = question()
    number = 0
    while True:
        number += 1
        changed: dict[str, Any] = {"action": "write"} if number % 10 == 0 else {}
        yield msgspec.structs.replace(
            plain, now=plain.now + number, path=f"/items/{number}", workflow=f"wf-{number % 97}", **changed
        )
