"""`issuer.policy`: following the published engine, with real OPAs."""

import asyncio
import shutil
import time

from decision.model import Allow, Deny
from decision.question import TokenQuestion
from issuer.policy import Answer, PolicyLink
from tests.issuer.home import TINY, Home

QUESTION = TokenQuestion(
    now=1_763_890_000, workflow="wf-" + "a" * 20, role="crash-tracker", only=(), ttl_s=60, renewal=False
)


def codes(answer: Answer) -> list[str]:
    assert isinstance(answer.decision, Deny)
    return [reason.code for reason in answer.decision.reasons]


def test_nothing_published_is_a_denial_in_bounded_time(bare_home: Home) -> None:
    """Without socket and token the answer is `pdp_unavailable`, after a short wait for one to appear."""
    began = time.monotonic()
    answer = asyncio.run(PolicyLink(bare_home.run).ask(QUESTION))
    assert codes(answer) == ["pdp_unavailable"]
    assert answer.revision == ""
    assert time.monotonic() - began < 20


def test_an_engine_that_appears_is_found(bare_home: Home) -> None:
    """A link made before any engine ran asks the first one, and states its revision."""

    async def story() -> None:
        link = PolicyLink(bare_home.run)
        assert codes(await link.ask(QUESTION)) == ["pdp_unavailable"]
        await asyncio.to_thread(bare_home.start_opa, revision="aa11")
        answer = await link.ask(QUESTION)
        assert isinstance(answer.decision, Allow)
        assert answer.revision == "aa11"
        await link.close()

    asyncio.run(story())


def test_the_engine_that_was_published_last_is_asked(bare_home: Home) -> None:
    """While the old engine lives on, the next question goes to the new one: its policy answers, its revision stands."""
    stricter = bare_home.folder / "stricter"
    shutil.copytree(TINY, stricter)
    rules = stricter / "token.rego"
    rules.write_text(rules.read_text("utf-8").replace('"crash-tracker"', '"nobody"'), encoding="utf-8")

    async def story() -> None:
        link = PolicyLink(bare_home.run)
        await asyncio.to_thread(bare_home.start_opa, revision="aa11")
        old = bare_home.opa
        assert isinstance((await link.ask(QUESTION)).decision, Allow)
        await asyncio.to_thread(bare_home.start_opa, stricter, "bb22")
        answer = await link.ask(QUESTION)
        assert (codes(answer), answer.revision) == (["token.role_unknown"], "bb22")
        assert old is not None
        old.kill()
        old.wait()
        assert codes(await link.ask(QUESTION)) == ["token.role_unknown"]
        await link.close()

    asyncio.run(story())


def test_a_token_that_came_before_its_socket_is_waited_for(bare_home: Home) -> None:
    """Between the replacement of the token and of the socket the engine answers 401; the question is asked again."""

    async def story() -> None:
        link = PolicyLink(bare_home.run)
        await asyncio.to_thread(bare_home.start_opa)
        token_file = bare_home.run / "opa.token"
        right = token_file.read_text()
        token_file.write_text("of-the-next-engine")
        asking = asyncio.create_task(link.ask(QUESTION))
        await asyncio.sleep(0)
        await asyncio.to_thread(token_file.write_text, right)
        assert isinstance((await asking).decision, Allow)
        await link.close()

    asyncio.run(story())


def test_a_token_that_stays_wrong_is_a_denial(bare_home: Home) -> None:
    """An engine that refuses our token for good ends in a denial of ours, without a revision."""

    async def story() -> None:
        link = PolicyLink(bare_home.run)
        await asyncio.to_thread(bare_home.start_opa)
        (bare_home.run / "opa.token").write_text("wrong")
        answer = await link.ask(QUESTION)
        assert codes(answer) == ["pdp_error"]
        assert answer.revision == ""
        await link.close()

    asyncio.run(story())
