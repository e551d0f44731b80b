"""Which recorded decisions a folder of policies would make otherwise: the real OPA, asked with the recorded inputs.

First each decision is proven to be made again by the bundle of its own revision; only then is what the candidate says
of it compared. Reads the log as a stream, so memory does not grow with it. Nothing is recorded, nothing is changed.
"""

import asyncio
from collections import Counter, deque
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

from authoring.asking import Engine, EngineLost, Question, engine, engine_of
from authoring.recorded import Apart, Recorded, recorded_decisions
from authoring.replay.tally import Replay, Tally
from authoring.replay.today import in_todays_form
from authoring.said import Said, said_by

WINDOW: Final = 512
"""Decisions that are asked together."""
WINDOW_BYTES: Final = 8 * 1024 * 1024
UNDER_WAY: Final = 3
"""Windows in memory at a time: while one is counted and one is read, OPA has the third."""
MOST_ENGINES: Final = 4
"""Engines on past revisions that are kept running; a change of policy seldom comes back to an older one."""


@dataclass(frozen=True, slots=True)
class Source:
    """Where the past is: the log's folder, the folder of kept bundles, and the OPA to ask."""

    log: Path
    bundles: Path
    opa: Path


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which decisions are asked again: by one role, or since some time (milliseconds since the epoch)."""

    since_ms: int = 0
    role: str | None = None


async def replay(source: Source, candidate: Path, wanted: Wanted = Wanted()) -> Replay:
    """Ask the policies in the folder `candidate` what was decided already.

    Raises `ConfigErrors` (the candidate cannot be used; file and line), `EngineLost`, LogFault.
    """
    found = recorded_decisions(source.log, since_ms=wanted.since_ms, role=wanted.role)
    tally = Tally()
    async with AsyncExitStack() as stack:
        asked, bundle = await stack.enter_async_context(engine_of(source.opa, candidate, processes=1))
        past = await stack.enter_async_context(Past(source))
        under_way: deque[asyncio.Task[list[_Answered]]] = deque()
        stack.push_async_callback(_abandon, under_way)
        for window in _windows(found):
            under_way.append(asyncio.create_task(_answers(window, past, asked)))
            if len(under_way) >= UNDER_WAY:
                _count(await under_way.popleft(), tally)
        while under_way:
            _count(await under_way.popleft(), tally)
    return tally.result(bundle.revision)


class Past:
    """The policies that made past decisions: an engine for each revision, started when it is first needed."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._engines: dict[str, tuple[Engine, AsyncExitStack]] = {}
        self._unusable: dict[str, str] = {}
        self._lent: Counter[str] = Counter()
        self._starting = asyncio.Lock()

    @asynccontextmanager
    async def lend(self, revision: str) -> AsyncIterator[Engine | str]:
        """The engine on the bundle of this revision, or why there is none: empty where the bundle is not kept."""
        self._lent[revision] += 1
        try:
            async with self._starting:
                engine_or_why = self._unusable.get(revision) or await self._started(revision)
            yield engine_or_why
        finally:
            self._lent[revision] -= 1

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        for _engine, stack in self._engines.values():
            await stack.aclose()

    async def _started(self, revision: str) -> Engine | str:
        if revision in self._engines:
            self._engines[revision] = self._engines.pop(revision)  # the last used stands last
            return self._engines[revision][0]
        bundle = kept_bundle(self._source.bundles, revision)
        if bundle is None:
            return ""
        await self._make_room()
        stack = AsyncExitStack()
        try:
            started = await stack.enter_async_context(engine(self._source.opa, bundle, processes=1))
        except EngineLost as error:
            self._unusable[revision] = str(error)
            return str(error)
        self._engines[revision] = started, stack
        return started

    async def _make_room(self) -> None:
        idle = [revision for revision in self._engines if not self._lent[revision]]
        for revision in idle[: max(0, len(self._engines) - MOST_ENGINES + 1)]:
            _, stack = self._engines.pop(revision)
            await stack.aclose()


def kept_bundle(bundles: Path, revision: str) -> Path | None:
    """The bundle of a past revision, if it is kept."""
    path = bundles / f"{revision}.tar.gz"
    return path if revision and path.is_file() else None


async def _abandon(under_way: "deque[asyncio.Task[list[_Answered]]]") -> None:
    """Nothing is asked any more when the engines end, whatever broke the replay off."""
    for task in under_way:
        task.cancel()
    await asyncio.gather(*under_way, return_exceptions=True)


@dataclass(frozen=True, slots=True)
class _Answered:
    """One decision with what its own policy and the candidate say now, or why neither was asked."""

    one: Recorded | Apart
    own: Said | None = None
    candidate: Said | None = None
    older_form: bool = False
    unusable: str = ""


async def _answers(window: list[Recorded | Apart], past: Past, candidate: Engine) -> list[_Answered]:
    """One window: each decision by the bundle of its own revision and by the candidate, at the same time."""
    answered: dict[int, _Answered] = {}
    by_revision: dict[str, list[Recorded]] = {}
    for one in window:
        answered[one.seq] = _Answered(one)
        if isinstance(one, Recorded):
            by_revision.setdefault(one.revision, []).append(one)
    for revision, decisions in by_revision.items():
        async with past.lend(revision) as own:
            if isinstance(own, str):
                answered |= {one.seq: _Answered(one, unusable=own) for one in decisions}
            else:
                answered |= {each.one.seq: each for each in await _by_both(decisions, own, candidate)}
    return list(answered.values())


async def _by_both(decisions: list[Recorded], own: Engine, candidate: Engine) -> list[_Answered]:
    asked = [Question(one.kind, one.document) for one in decisions]
    today = [Question(one.kind, in_todays_form(one.kind, one.document) or one.document) for one in decisions]
    again, after = await asyncio.gather(own.ask(asked), candidate.ask(today))
    return [
        _Answered(one, said_by(then), said_by(now), older_form=question.document != one.document)
        for one, then, now, question in zip(decisions, again, after, today, strict=True)
    ]


def _count(answers: list[_Answered], tally: Tally) -> None:
    """In the order of the log, so that the example of a group is the first one."""
    for each in answers:
        tally.decisions += 1
        if isinstance(each.one, Apart):
            tally.set_apart(each.one)
        elif each.own is None or each.candidate is None:
            tally.miss(each.one, each.unusable)
        elif tally.reproduce(each.one, each.own):
            tally.older_form += each.older_form
            tally.compare(each.one, each.candidate)


def _windows(found: Iterable[Recorded | Apart]) -> Iterator[list[Recorded | Apart]]:
    """The decisions in portions that fit into memory."""
    source = iter(found)
    window: list[Recorded | Apart] = []
    size = 0
    for one in source:
        window.append(one)
        size += len(one.document) if isinstance(one, Recorded) else 0
        if len(window) >= WINDOW or size >= WINDOW_BYTES:
            yield window
            window, size = [], 0
    if window:
        yield window
