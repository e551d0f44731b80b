"""`issuer.keyset`: which keys can be read, and the JWKS round trip."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from joserfc.jwk import ECKey, RSAKey

from issuer.keyset import JwksError, generate_key, read_jwks, read_pem, write_jwks

KEY = generate_key()


def entry(**changes: Any) -> dict[str, Any]:
    (right,) = write_jwks([KEY.public()])["keys"]
    return {name: value for name, value in {**right, **changes}.items() if value is not None}


def test_a_jwks_comes_back_as_the_keys_that_went_in() -> None:
    """What is written is read by kid, and verifies as before."""
    other = generate_key()
    read = read_jwks(json.dumps(write_jwks([KEY.public(), other.public()])).encode())
    assert list(read) == [KEY.kid, other.kid]
    assert read[KEY.kid].key.as_dict(private=False) == KEY.public().key.as_dict(private=False)


def test_no_private_part_is_ever_written() -> None:
    """A JWKS of ours holds the public members and nothing more, and a key's name is its thumbprint."""
    assert set(entry()) == {"kty", "crv", "x", "y", "kid", "use", "alg"}
    assert entry()["kid"] == KEY.key.thumbprint()


@pytest.mark.parametrize(
    "document",
    [
        b"",
        b"[]",
        b"{}",
        b'{"keys":{}}',
        b'{"keys":[],"keys":[]}',
        b'{"keys":[1]}',
        json.dumps({"keys": [entry()] * 33}).encode(),
    ],
)
def test_what_is_no_jwks_is_refused(document: bytes) -> None:
    """Another document, a key twice in it, or far too many keys raise."""
    with pytest.raises(JwksError):
        read_jwks(document)


@pytest.mark.parametrize(
    "changes",
    [
        {"kid": "other"},
        {"kid": None},
        {"kty": "RSA"},
        {"crv": "P-384"},
        {"alg": "HS256"},
        {"use": "enc"},
        {"x": None},
        {"x": "AAAA"},
        {"y": 7},
        {"d": "AAAA"},
    ],
)
def test_a_key_of_another_kind_is_refused(changes: dict[str, Any]) -> None:
    """A false name, another curve or purpose, a point off the curve, or a private part raise."""
    assert read_jwks(json.dumps({"keys": [entry()]}).encode())
    with pytest.raises(JwksError):
        read_jwks(json.dumps({"keys": [entry(**changes)]}).encode())


def test_a_pem_comes_back_as_its_key() -> None:
    """PKCS#8 out, the same key and name in."""
    pem = KEY.key.as_pem(private=True)
    assert pem.startswith(b"-----BEGIN PRIVATE KEY-----")
    assert read_pem(pem).kid == KEY.kid


@pytest.mark.parametrize(
    "make",
    [
        lambda: b"",
        lambda: b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
        lambda: KEY.key.as_pem(private=False),
        lambda: ECKey.generate_key("P-384").as_pem(private=True),
        lambda: RSAKey.generate_key(2048).as_pem(private=True),
    ],
    ids=["empty", "garbage", "public", "another curve", "RSA"],
)
def test_another_pem_is_refused(make: Callable[[], bytes]) -> None:
    """Only a private key on P-256 is a signing key."""
    with pytest.raises(JwksError):
        read_pem(make())
