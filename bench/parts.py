"""Tokens alone: what signing and verifying one takes of a processor."""

import time
from collections.abc import Callable

from bench.failure import CannotMeasure
from bench.figure import Section
from bench.settings import Effort
from bench.targets import figure
from issuer.keyset import generate_key
from issuer.token import Claims, Refused, sign, verify

_ISSUER = "http://127.0.0.1:8400"
_LOOK_EVERY = 100


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


def _each_us(work: Callable[[], object], seconds: float) -> float:
    count, began = 0, time.process_time()
    while (used := time.process_time() - began) < seconds:
        for _ in range(_LOOK_EVERY):
            work()
        count += _LOOK_EVERY
    return used / count * 1e6
