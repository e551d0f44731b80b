"""The crash service's view of its issuer: keys kept for minutes, fetched seldom, forgotten when old."""

import asyncio
import json
from collections.abc import Awaitable, Callable

import pytest
from joserfc.jwk import ECKey

from tenants.services.crash_reporting.issuer import (
    KEYS_BURST,
    KEYS_LIFETIME_S,
    KEYS_WINDOW_S,
    Issuer,
    IssuerUnavailableError,
)
from tests.tenants.fake_issuer import AUDIENCE, FakeIssuer


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


def with_issuer(fake: FakeIssuer, clock: Clock, work: Callable[[Issuer], Awaitable[None]]) -> None:
    async def run() -> None:
        issuer = Issuer(fake.url, AUDIENCE, fake.secret, clock)
        try:
            await work(issuer)
        finally:
            await issuer.close()

    asyncio.run(run())


def test_keys_are_fetched_once_and_again_when_old(issuer: FakeIssuer) -> None:
    """A known key is served from memory for its lifetime; after it the keys are read anew, withdrawn ones gone."""
    clock = Clock()

    async def work(asked: Issuer) -> None:
        before = issuer.jwks_requests
        for _ in range(5):
            assert await asked.key("first") is not None
        assert issuer.jwks_requests - before == 1
        issuer.keys["later"] = issuer.keys.pop("first")
        clock.now += KEYS_LIFETIME_S + 1
        try:
            assert await asked.key("first") is None
            assert await asked.key("later") is not None
        finally:
            issuer.keys["first"] = issuer.keys.pop("later")

    with_issuer(issuer, clock, work)


def test_old_keys_are_not_used_when_the_issuer_is_down(issuer: FakeIssuer) -> None:
    """Past their lifetime keys are forgotten even if no new ones can be had, also after many tries."""
    clock = Clock()

    async def work(asked: Issuer) -> None:
        assert await asked.key("first") is not None
        issuer.answer = (500, b"")
        assert await asked.key("first") is not None
        clock.now += KEYS_LIFETIME_S + 1
        for _ in range(KEYS_BURST + 2):
            with pytest.raises(IssuerUnavailableError):
                await asked.key("first")
        issuer.answer = None
        clock.now += KEYS_WINDOW_S + 1
        assert await asked.key("first") is not None

    with_issuer(issuer, clock, work)


def test_unknown_keys_are_fetched_for_a_few_times_in_a_while(issuer: FakeIssuer) -> None:
    """A flood of unknown key ids causes a burst of fetches, then none until the window has passed."""
    clock = Clock()

    async def work(asked: Issuer) -> None:
        before = issuer.jwks_requests
        for _ in range(50):
            assert await asked.key("unknown") is None
        assert issuer.jwks_requests - before == KEYS_BURST
        assert await asked.key("first") is not None
        clock.now += KEYS_WINDOW_S + 1
        assert await asked.key("unknown") is None
        assert issuer.jwks_requests - before == KEYS_BURST + 1

    with_issuer(issuer, clock, work)


def test_keys_that_are_not_for_es256_are_left_out(issuer: FakeIssuer) -> None:
    """Another curve, another kind, a broken point and an entry without a name are no keys; the good one stays."""
    other = json.dumps({**ECKey.generate_key("P-384").as_dict(private=False), "kid": "other"})
    good = issuer.jwks().decode().removeprefix('{"keys": [').removesuffix("]}")
    broken = good.replace('"first"', '"broken"').replace('"x": "', '"x": "____')
    nameless = good.replace('"kid"', '"kod"')
    symmetric = '{"kty": "oct", "kid": "oct", "k": "AAAA"}'
    text = f'{{"keys": [{symmetric}, 7, {other}, {broken}, {nameless}, {good}]}}'

    async def work(asked: Issuer) -> None:
        issuer.answer = (200, text.encode())
        assert await asked.key("first") is not None
        for name in ("oct", "other", "broken", "None"):
            assert await asked.key(name) is None

    with_issuer(issuer, Clock(), work)


@pytest.mark.parametrize("body", [b"[]", b'{"keys": {"kid": "first"}}', b"{}", b'{"keys": 7}'])
def test_a_key_set_that_is_none_means_no(issuer: FakeIssuer, body: bytes) -> None:
    """Whatever is not a list of keys is an issuer that makes no sense, and opens nothing."""

    async def work(asked: Issuer) -> None:
        issuer.answer = (200, body)
        with pytest.raises(IssuerUnavailableError):
            await asked.key("first")

    with_issuer(issuer, Clock(), work)
