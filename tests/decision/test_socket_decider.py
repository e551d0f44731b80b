"""How the hot path collects questions, keeps deadlines and mistrusts connections."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from decision.socket_decider import SocketDecider
from tests.decision.fake_opa import Answer, FakeOpa, after, body, denial, document, raw, silence, then_close
from tests.decision.questions import change, request, token, until, verdict

pytestmark = pytest.mark.anyio

BATCH = "/v1/data/batch/request"
LONG_S = 20.0


@pytest.fixture(params=[False, True], ids=["asyncio", "uvloop"])
def anyio_backend(request: pytest.FixtureRequest) -> tuple[str, dict[str, Any]]:
    """Both loops: the gateway runs on uvloop, tools do not."""
    return ("asyncio", {"use_uvloop": request.param})


def _answers(count: int, missing: int = -1) -> Answer:
    found = {str(place): denial(f"answer.{place}") for place in range(count) if place != missing}
    return body({"result": found})


def _one(code: str) -> Answer:
    return body({"result": denial(code)})


async def _ask_while_busy(
    decider: SocketDecider, fake: FakeOpa, gate: asyncio.Event, count: int
) -> list[str]:
    """Ask one question, `count` more while it is evaluated, then let the engine answer: all codes in order."""
    first = asyncio.create_task(decider.ask(request(query="first")))
    await until(lambda: len(fake.questions) == 1)
    rest = [asyncio.create_task(decider.ask(request(query=f"q.{place}"))) for place in range(count)]
    await asyncio.sleep(0)
    gate.set()
    return [verdict(decision) for decision in await asyncio.gather(first, *rest)]


async def test_a_lone_question_is_asked_at_once_and_alone(short_folder: Path) -> None:
    """Questions that come one after the other are never made a batch."""
    async with FakeOpa(short_folder / "opa.sock", _one("x")) as fake:
        decider = SocketDecider(fake.socket_path, "t", deadline_s=LONG_S)
        for _ in range(3):
            await decider.ask(request())
        await decider.close()
    assert [path for path, _ in fake.questions] == ["/v1/data/request/decision"] * 3
    assert fake.connections == 1


async def test_waiting_questions_are_asked_together(short_folder: Path) -> None:
    """What waits while an evaluation is under way is one evaluation, and each has its own answer, in order."""
    gate = asyncio.Event()
    fake = FakeOpa(short_folder / "opa.sock", after(gate, _one("first")), _answers(5))
    async with fake:
        decider = SocketDecider(fake.socket_path, "t", deadline_s=LONG_S, max_evaluations=1)
        codes = await _ask_while_busy(decider, fake, gate, 5)
        await decider.close()
    assert codes == ["first", *(f"answer.{place}" for place in range(5))]
    path, asked = fake.questions[1]
    assert path == BATCH
    assert [call["query"] for call in asked["input"]["calls"]] == [f"q.{place}" for place in range(5)]


async def test_a_flood_of_one_workflow_waits_behind_itself(short_folder: Path) -> None:
    """The one question of another workflow is in the next evaluation. In one line it came after all two hundred."""
    gate = asyncio.Event()
    fake = FakeOpa(
        short_folder / "opa.sock", after(gate, _one("first")), *(_answers(32) for _ in range(6)), _answers(10)
    )
    async with fake:
        decider = SocketDecider(fake.socket_path, "t", deadline_s=LONG_S, max_evaluations=1)
        first = asyncio.create_task(decider.ask(request(query="first")))
        await until(lambda: len(fake.questions) == 1)
        flood = [asyncio.create_task(decider.ask(request(workflow="wf-flood"))) for _ in range(200)]
        await asyncio.sleep(0)
        other = asyncio.create_task(decider.ask(request(workflow="wf-other")))
        await asyncio.sleep(0)
        gate.set()
        await asyncio.gather(first, other, *flood)
        await decider.close()
    _, asked = fake.questions[1]
    assert [call["workflow"] for call in asked["input"]["calls"]][:2] == ["wf-flood", "wf-other"]


async def test_a_batch_has_a_limit(short_folder: Path) -> None:
    """More than the limit wait for the evaluation after."""
    gate = asyncio.Event()
    fake = FakeOpa(short_folder / "opa.sock", after(gate, _one("first")), _answers(32), _answers(8))
    async with fake:
        decider = SocketDecider(fake.socket_path, "t", deadline_s=LONG_S, max_evaluations=1)
        codes = await _ask_while_busy(decider, fake, gate, 40)
        await decider.close()
    assert len(codes) == 41
    assert [len(asked["input"]["calls"]) for _, asked in fake.questions[1:]] == [32, 8]


async def test_a_token_question_is_never_in_a_batch(short_folder: Path) -> None:
    """A token question that waits among requests is asked alone, at its turn."""
    gate = asyncio.Event()
    fake = FakeOpa(
        short_folder / "opa.sock", after(gate, _one("first")), _answers(2), _one("token"), _answers(2)
    )
    async with fake:
        decider = SocketDecider(fake.socket_path, "t", deadline_s=LONG_S, max_evaluations=1)
        first = asyncio.create_task(decider.ask(request()))
        await until(lambda: len(fake.questions) == 1)
        kinds = (request(), request(), token(), request(), request())
        rest = [asyncio.create_task(decider.ask(question)) for question in kinds]
        await asyncio.sleep(0)
        gate.set()
        codes = [verdict(decision) for decision in await asyncio.gather(first, *rest)]
        await decider.close()
    assert codes == ["first", "answer.0", "answer.1", "token", "answer.0", "answer.1"]
    assert [path.split("/")[3] for path, _ in fake.questions] == ["request", "batch", "token", "batch"]


async def test_a_call_without_an_answer_in_the_batch_is_undefined(short_folder: Path) -> None:
    """A missing key denies the one question, as undefined; the others have their answers."""
    gate = asyncio.Event()
    fake = FakeOpa(short_folder / "opa.sock", after(gate, _one("first")), _answers(3, missing=1))
    async with fake:
        decider = SocketDecider(fake.socket_path, "t", deadline_s=LONG_S, max_evaluations=1)
        codes = await _ask_while_busy(decider, fake, gate, 3)
        await decider.close()
    assert codes == ["first", "answer.0", "pdp_undefined", "answer.2"]


BAD_BATCHES = {
    "500": body({"code": "internal_error"}, 500),
    "undefined": body({}),
    "a list": body({"result": [document(), document(), document()]}),
    "no JSON": body(b"oops"),
    "garbled": raw(b"oops\r\n\r\n"),
    "too long": raw(b"HTTP/1.1 200 OK\r\nContent-Length: 9000000\r\n\r\n", *[b" " * 65_536] * 40),
}


@pytest.mark.parametrize("bad", BAD_BATCHES.values(), ids=BAD_BATCHES.keys())
async def test_one_poisonous_question_denies_only_itself(bad: Answer, short_folder: Path) -> None:
    """A batch that fails as a whole is asked again one by one."""
    gate = asyncio.Event()
    answers = (after(gate, _one("first")), bad, _one("a"), body({}, 500), _one("c"))
    fake = FakeOpa(short_folder / "opa.sock", *answers)
    async with fake:
        decider = SocketDecider(fake.socket_path, "t", deadline_s=LONG_S, max_evaluations=1)
        codes = await _ask_while_busy(decider, fake, gate, 3)
        await decider.close()
    assert codes == ["first", "a", "pdp_error", "c"]
    assert [asked["input"]["query"] for _, asked in fake.questions[2:]] == ["q.0", "q.1", "q.2"]


async def test_an_unreachable_engine_is_not_asked_again(short_folder: Path) -> None:
    """A batch that gets no answer denies its questions; they are not asked one by one."""
    gate = asyncio.Event()
    fake = FakeOpa(
        short_folder / "opa.sock", after(gate, _one("first")), then_close(raw(b"HTTP/1.1")), _one("later")
    )
    async with fake:
        decider = SocketDecider(fake.socket_path, "t", deadline_s=LONG_S, max_evaluations=1)
        codes = await _ask_while_busy(decider, fake, gate, 3)
        assert codes == ["first", *["pdp_unavailable"] * 3]
        assert len(fake.questions) == 2
        assert verdict(await decider.ask(request())) == "later"
        await decider.close()


async def test_waiting_counts_for_the_deadline(short_folder: Path) -> None:
    """A question that is never sent is denied by its deadline all the same."""
    async with FakeOpa(short_folder / "opa.sock", silence) as fake:
        decider = SocketDecider(fake.socket_path, "t", deadline_s=0.1, max_evaluations=1)
        decisions = await asyncio.gather(*(decider.ask(token()) for _ in range(5)))
        await decider.close()
    assert {verdict(decision) for decision in decisions} == {"pdp_unavailable"}
    assert len(fake.questions) <= 2


async def test_what_waits_behind_a_silent_evaluation_is_still_asked(short_folder: Path) -> None:
    """A question that has time left when the one before it is given up is asked, not denied along with it."""
    async with FakeOpa(short_folder / "opa.sock", silence, _one("second")) as fake:
        decider = SocketDecider(fake.socket_path, "t", deadline_s=2.0, max_evaluations=1)
        first = asyncio.create_task(decider.ask(request()))
        await asyncio.sleep(0.5)
        second = asyncio.create_task(decider.ask(request()))
        assert verdict(await first) == "pdp_unavailable"
        assert verdict(await second) == "second"
        await decider.close()


async def test_who_has_gone_is_not_asked_for(short_folder: Path) -> None:
    """A question whose asker was cancelled while it waited is not sent."""
    gate = asyncio.Event()
    fake = FakeOpa(short_folder / "opa.sock", after(gate, _one("first")), _one("third"))
    async with fake:
        decider = SocketDecider(fake.socket_path, "t", deadline_s=LONG_S, max_evaluations=1)
        first = asyncio.create_task(decider.ask(request()))
        await until(lambda: len(fake.questions) == 1)
        second = asyncio.create_task(decider.ask(request(query="second")))
        third = asyncio.create_task(decider.ask(request(query="third")))
        await asyncio.sleep(0)
        second.cancel()
        gate.set()
        assert verdict(await first) == "first"
        assert verdict(await third) == "third"
        await decider.close()
    assert [asked["input"].get("query") for _, asked in fake.questions] == ["", "third"]


async def test_two_answers_to_one_question_are_none(short_folder: Path) -> None:
    """An engine that sends a second answer cannot slip it under the next question."""
    twice = b"".join(
        b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(content), content)
        for content in [b'{"result":{}}'] * 2
    )
    async with FakeOpa(short_folder / "opa.sock", raw(twice), _one("own")) as fake:
        decider = SocketDecider(fake.socket_path, "t", deadline_s=LONG_S)
        assert verdict(await decider.ask(request())) == "pdp_error"
        assert verdict(await decider.ask(request())) == "own"
        await decider.close()


async def test_bytes_that_nobody_asked_for_cost_the_connection(short_folder: Path) -> None:
    """An answer that comes while nothing is asked is dropped with its connection."""
    released = asyncio.Event()

    async def answer_and_more(writer: asyncio.StreamWriter) -> None:
        await _one("first")(writer)
        await released.wait()
        await _one("forged")(writer)

    fake = FakeOpa(short_folder / "opa.sock", answer_and_more, _one("second"))
    async with fake:
        decider = SocketDecider(fake.socket_path, "t", deadline_s=LONG_S, max_evaluations=1)
        assert verdict(await decider.ask(request())) == "first"
        released.set()
        connection = decider._quick._lanes[0]._connection
        assert connection is not None
        await until(lambda: not connection.usable)
        assert verdict(await decider.ask(request())) == "second"
        await decider.close()


async def test_a_broken_connection_is_repeated_once_only(short_folder: Path) -> None:
    """An engine that closes on every further question is asked twice, then the question is denied."""
    fake = FakeOpa(short_folder / "opa.sock", _one("first"), then_close(raw()))
    async with fake:
        decider = SocketDecider(fake.socket_path, "t", deadline_s=LONG_S)
        assert verdict(await decider.ask(request())) == "first"
        assert verdict(await decider.ask(request())) == "pdp_unavailable"
        await decider.close()
    assert len(fake.questions) == 3


async def test_drain_waits_for_what_is_asked(short_folder: Path) -> None:
    """`drain` returns after the last answer, not before."""
    gate = asyncio.Event()
    fake = FakeOpa(short_folder / "opa.sock", after(gate, _one("first")), _answers(3))
    async with fake:
        decider = SocketDecider(fake.socket_path, "t", deadline_s=LONG_S, max_evaluations=1)
        asked = [asyncio.create_task(decider.ask(request())) for _ in range(4)]
        await until(lambda: len(fake.questions) == 1)
        drained = asyncio.create_task(decider.drain())
        await asyncio.sleep(0.03)
        assert not drained.done()
        gate.set()
        await drained
        assert all(task.done() for task in asked)
        await decider.close()


async def test_close_denies_what_is_asked(short_folder: Path) -> None:
    """`close` leaves nobody waiting: what was sent and what waited are both denied."""
    async with FakeOpa(short_folder / "opa.sock", silence) as fake:
        decider = SocketDecider(fake.socket_path, "t", deadline_s=LONG_S, max_evaluations=1)
        asked = [asyncio.create_task(decider.ask(request())) for _ in range(4)]
        await until(lambda: len(fake.questions) == 1)
        await decider.close()
        assert {verdict(decision) for decision in await asyncio.gather(*asked)} == {"pdp_unavailable"}


async def test_a_defect_in_reading_is_a_denial(short_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """If our own reading of an answer fails, the question is denied; nobody waits for ever."""

    def broken(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("decision.evaluation.read_answer", broken)
    async with FakeOpa(short_folder / "opa.sock", _one("x")) as fake:
        decider = SocketDecider(fake.socket_path, "t", deadline_s=LONG_S)
        assert verdict(await decider.ask(request())) == "pdp_error"
        await decider.close()


async def test_a_change_waits_for_no_request_and_no_request_for_it(short_folder: Path) -> None:
    """While a change is being read, requests are answered; changes are asked one by one and never in a batch.

    With one queue for all the request was denied as too late, and the change with it.
    """
    gate = asyncio.Event()

    async def answer(writer: asyncio.StreamWriter) -> None:
        path, _ = fake.questions[-1]
        if path == "/v1/data/change/decision":
            await after(gate, _one("change.x"))(writer)
        else:
            await _one("request.x")(writer)

    fake = FakeOpa(short_folder / "opa.sock", answer)
    async with fake:
        decider = SocketDecider(fake.socket_path, "t", deadline_s=LONG_S)
        slow = asyncio.create_task(decider.ask(change()))
        await until(lambda: len(fake.questions) == 1)
        second = asyncio.create_task(decider.ask(change()))
        for _ in range(3):
            assert verdict(await decider.ask(request())) == "request.x"
        assert not slow.done()
        gate.set()
        assert [verdict(await one) for one in (slow, second)] == ["change.x", "change.x"]
        await decider.drain()
        await decider.close()
    assert BATCH not in {path for path, _ in fake.questions}


async def test_a_change_may_take_longer_than_a_request(short_folder: Path) -> None:
    """A change has a deadline of its own, because its facts may be megabytes."""
    gate = asyncio.Event()
    async with FakeOpa(short_folder / "opa.sock", after(gate, _one("change.x"))) as fake:
        decider = SocketDecider(fake.socket_path, "t", deadline_s=0.05)
        slow = asyncio.create_task(decider.ask(change()))
        await until(lambda: len(fake.questions) == 1)
        await asyncio.sleep(0.1)  # longer than a request may wait here
        gate.set()
        assert verdict(await slow) == "change.x"
        await decider.close()
