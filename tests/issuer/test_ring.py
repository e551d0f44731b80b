"""`issuer.ring`: which key signs and which are published, second by second."""

import msgspec
import pytest
from hypothesis import given, strategies as st

from issuer.ring import LEAD_S, KeyRecord, Ring
from issuer.token import MAX_LIFETIME_S

OLD, NEW = "o" * 43, "n" * 43
START = 1_000_000


def ring() -> Ring:
    return Ring(keys=(KeyRecord(OLD, 0),)).rotated(NEW, START)


def published(at: int) -> list[str]:
    return [record.kid for record in ring().pruned(at).keys]


def test_a_new_key_is_published_first_and_signs_later() -> None:
    """From the rotation on both are published; the new one signs once its lead is over."""
    assert published(START) == [OLD, NEW]
    assert ring().signing(START + LEAD_S - 1) == OLD
    assert ring().signing(START + LEAD_S) == NEW


def test_the_old_key_stays_for_the_longest_token() -> None:
    """The old key leaves exactly when the last token that it can have signed has expired."""
    last_signature = START + LEAD_S - 1
    assert published(last_signature + MAX_LIFETIME_S) == [OLD, NEW]
    assert published(last_signature + MAX_LIFETIME_S + 1) == [NEW]


def test_a_key_waits_once() -> None:
    """Until it signs, a new key is pending; then nothing is."""
    assert ring().pending(START + LEAD_S - 1) == NEW
    assert ring().pending(START + LEAD_S) is None


def test_a_clock_that_ran_backwards_finds_a_key() -> None:
    """Before any key's time the oldest signs: there is always one."""
    late = Ring(keys=(KeyRecord(OLD, START), KeyRecord(NEW, START + 1)))
    assert late.signing(0) == OLD


@given(st.lists(st.integers(0, 5000), min_size=1, max_size=6), st.integers(0, 40_000))
def test_whatever_signed_a_live_token_is_published(gaps: list[int], at: int) -> None:
    """For any row of rotations: the keys of all tokens that can be alive are in the ring, and the signer is."""
    now = 0
    current = Ring(keys=(KeyRecord("0" * 43, 0),))
    for number, gap in enumerate(gaps, 1):
        now += gap
        if current.pending(now) is None:
            current = current.rotated(str(number) * 43, now)
    shown = {record.kid for record in current.pruned(now + at).keys}
    alive = {current.signing(max(now, now + at - age)) for age in range(0, MAX_LIFETIME_S, 7)}
    assert alive <= shown


@pytest.mark.parametrize(
    "document",
    [
        b'{"keys":[]}',
        b'{"keys":[{"kid":"short","signs_from":0}]}',
        b'{"keys":[{"kid":"%b","signs_from":-1}]}' % (b"a" * 43),
        b'{"keys":[{"kid":"%b","signs_from":5},{"kid":"%b","signs_from":4}]}' % (b"a" * 43, b"b" * 43),
        b'{"keys":[{"kid":"%b","signs_from":5},{"kid":"%b","signs_from":6}]}' % (b"a" * 43, b"a" * 43),
        b'{"v":2,"keys":[{"kid":"%b","signs_from":5}]}' % (b"a" * 43),
        b'{"keys":[{"kid":"%b","signs_from":5}],"x":1}' % (b"a" * 43),
        b'{"keys":[{"kid":"%b\\n","signs_from":5}]}' % (b"a" * 43),
    ],
)
def test_a_ring_that_contradicts_itself_is_not_read(document: bytes) -> None:
    """An empty ring, one out of order, a key twice, another version or a strange name do not decode."""
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(document, type=Ring)
