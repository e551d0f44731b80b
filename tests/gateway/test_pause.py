"""The pause of a workflow that is refused again and again: what is recorded, what is counted, what is shown."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import BinaryIO

import pytest

from audit.faults import LogUnavailable
from gateway.pause import REFUSALS, WINDOW_S, Means, Pause
from gateway.request import Refused
from tests.gateway.rig import Rig

UNKNOWN = b"GET /nothing/here HTTP/1.1\r\nHost: proxy\r\n\r\n"


class Log:
    """A log and a clock of its own."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.broken = False
        self.recorded: list[str] = []
        self.told: list[tuple[str, int]] = []
        self.pause = Pause(Means(lambda: self.now, self._record, lambda *told: self.told.append(told)))

    async def _record(self, refused: Refused) -> None:
        if self.broken:
            raise LogUnavailable("broken")
        self.recorded.append(refused.id)

    def refused(self, times: int, status: int = 404) -> None:
        """So many recorded refusals."""
        for _ in range(times):
            self.pause.count(status)


def _run(story: Callable[[Log], Awaitable[None]]) -> Log:
    log = Log()

    async def told() -> None:
        await story(log)

    asyncio.run(told())
    return log


def test_a_pause_is_one_entry_and_one_count() -> None:
    """The first refusal of a pause is recorded, the others show its decision, and one entry counts them at its end."""

    async def story(log: Log) -> None:
        log.refused(REFUSALS - 1)
        assert log.pause.left_s == 0
        log.refused(1)
        log.now += WINDOW_S - 0.5
        shown = [await log.pause.refuse(f"d-{number}") for number in range(5)]
        assert {each.decision for each in shown} == {"d-0"}
        assert {each.status for each in shown} == {429}
        assert [each.exceeded.retry_after_s for each in shown if each.exceeded] == [1] * 5
        log.now += 1
        assert log.pause.left_s == 0
        while not log.told:  # noqa: ASYNC110 - the loop's own timer, a second from now
            await asyncio.sleep(0.01)

    log = _run(story)
    assert log.recorded == ["d-0"]
    assert log.told == [("d-0", 4)]


@pytest.mark.parametrize("status", [401, 500, 502, 503, 504])
def test_the_failures_of_others_pause_nobody(status: int) -> None:
    """What policy, the log, a service or a late renewal did is not the agent's: counting it kept it out after each outage."""

    async def story(log: Log) -> None:
        log.refused(REFUSALS * 2, status)
        assert log.pause.left_s == 0

    _run(story)


def test_refusals_of_another_minute_do_not_count() -> None:
    """A window begins with its first refusal; an agent that errs now and then is never paused."""

    async def story(log: Log) -> None:
        for _ in range(5):
            log.refused(REFUSALS - 1)
            log.now += WINDOW_S
            assert log.pause.left_s == 0

    _run(story)


def test_a_pause_that_cannot_be_recorded_is_recorded_by_the_next() -> None:
    """Nobody is told of a decision that the log does not hold."""

    async def story(log: Log) -> None:
        log.refused(REFUSALS)
        log.broken = True
        with pytest.raises(LogUnavailable):
            await log.pause.refuse("d-1")
        log.broken = False
        assert (await log.pause.refuse("d-2")).decision == "d-2"

    assert _run(story).recorded == ["d-2"]


def test_an_agent_that_is_only_refused_fills_no_log(rig: Rig) -> None:
    """After its budget every answer is 429 with `Retry-After` under one recorded decision, others are served as ever.

    Without the pause each of them was an entry: 1.5 MB of log a second from one agent.
    """
    agent, other = rig.agent(), rig.agent()
    with agent.connect() as connection, connection.makefile("rb") as answers:
        for _ in range(REFUSALS // 10):
            connection.sendall(UNKNOWN * 10)
            for _ in range(10):
                assert _status(answers) == 404
    paused = [agent.get("/notes/notes") for _ in range(20)]
    assert {(each.status, each.json["code"]) for each in paused} == {(429, "rate_limited")}
    assert 0 < int(paused[0].headers["retry-after"]) <= WINDOW_S
    [decision] = {each.decision for each in paused}
    recorded = rig.decisions(agent.workflow)
    assert len(recorded) == REFUSALS + 1
    assert (recorded[-1].id, recorded[-1].reasons[0].rule) == (decision, "gateway.paused")
    assert other.get("/notes/notes").status == 200


def _status(answers: BinaryIO) -> int:
    """The status of one answer; it is read to its end."""
    status, length = int(answers.readline().split()[1]), 0
    while line := answers.readline().strip():
        name, _, value = line.lower().partition(b":")
        length = int(value) if name == b"content-length" else length
    answers.read(length)
    return status
