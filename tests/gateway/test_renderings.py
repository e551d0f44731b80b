"""Which forms of a secret are searched for, and which are too short to be."""

import base64

import pytest
from hypothesis import given, strategies as st

from gateway.renderings import MIN_BYTES, renderings, windows

SECRETS = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=8, max_size=300)


@given(SECRETS)
def test_no_rendering_is_shorter_than_eight_bytes(secret: str) -> None:
    """Everything that is searched for has at least 8 bytes. With escapes of three bytes, hex had 6."""
    found = renderings(secret.encode())
    assert found
    assert all(len(rendering) >= MIN_BYTES for rendering in found)


@pytest.mark.parametrize("secret", [b"", b"a", b"pass123"])
def test_a_short_secret_is_not_searched_for(secret: bytes) -> None:
    """Up to 7 bytes there is no rendering: it would cut harmless answers. Without the check `pass123` had eleven."""
    assert renderings(secret) == {}


@given(st.binary(min_size=63, max_size=256), st.data())
def test_63_bytes_of_a_long_secret_hold_a_whole_window(secret: bytes, data: st.DataObject) -> None:
    """A long part of a long secret is found too. With windows at twice the distance this failed at once."""
    start = data.draw(st.integers(0, len(secret) - 63))
    assert any(window in secret[start : start + 63] for window in windows(secret))


def test_a_secret_however_long_makes_few_patterns() -> None:
    """A megabyte costs as much as 256 bytes, and its end is among them. Without the limit it made 31,250 windows."""
    secret = b"x" * 1_000_000 + b"the end"
    assert len(windows(secret)) == 8
    assert windows(secret)[-1].endswith(b"the end")


def test_of_a_jwt_only_the_signature_is_secret() -> None:
    """Header and claims may come back, they are no credential; the signature may not.

    Without the rule, the public header of every HS256 token was searched for.
    """
    header, claims = (
        base64.urlsafe_b64encode(text).rstrip(b"=") for text in (b'{"alg":"HS256"}', b'{"sub":"1"}')
    )
    signature = b"s" * 20 + b"t" * 23
    assert renderings(b".".join((header, claims, signature))) == renderings(signature)
