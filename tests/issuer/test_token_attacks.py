"""Attacks on tokens beyond the table of `test_token`: rarer shapes, mutations by the thousand, a signature's twin."""

import base64
import dataclasses
import json
import random
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from issuer.compact import MAX_BYTES
from issuer.keyset import generate_key
from issuer.token import Code, Refused, VerifiedToken, verify
from tests.issuer.forge import AUDIENCE, ISSUER, NOW, claims, encode, header, seal, text, token

KEY = generate_key()
STRANGER = generate_key()
KEYS = {KEY.kid: KEY.public()}
GOOD = token(KEY)
HEAD, BODY, SIGNATURE = GOOD.split(".")
ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
"""Of the group of P-256 (SEC 2, section 2.4.2)."""


def check(compact: str) -> VerifiedToken | Refused:
    return verify(compact, KEYS, issuer=ISSUER, audience=AUDIENCE, now=NOW)


def signed_with(r: int, s: int) -> str:
    return f"{HEAD}.{BODY}.{encode(r.to_bytes(32, 'big') + s.to_bytes(32, 'big'))}"


def bytes_of(name: str, value: bytes) -> bytes:
    """The right claims with one value as raw JSON."""
    return json.dumps({**claims(), name: 0}, separators=(",", ":")).encode().replace(b":0", b":" + value)


def claimed(name: str, value: bytes) -> str:
    return seal(KEY, text(header(KEY)), bytes_of(name, value))


ATTACKS: dict[str, tuple[str, Code]] = {
    # algorithms
    "alg with a blank": (token(KEY, {"alg": "ES256 "}), Code.ALGORITHM),
    "alg with a NUL": (token(KEY, {"alg": "ES256\0"}), Code.ALGORITHM),
    "alg as a number": (token(KEY, {"alg": 256}), Code.ALGORITHM),
    "alg as true": (token(KEY, {"alg": True}), Code.ALGORITHM),
    "alg empty": (token(KEY, {"alg": ""}), Code.ALGORITHM),
    "alg ES256K": (token(KEY, {"alg": "ES256K"}), Code.ALGORITHM),
    "alg PS256": (token(KEY, {"alg": "PS256"}), Code.ALGORITHM),
    "alg dir": (token(KEY, {"alg": "dir"}), Code.ALGORITHM),
    "alg in letters that look alike": (token(KEY, {"alg": "ЕS256"}), Code.ALGORITHM),  # noqa: RUF001
    # what names a key
    "kid empty": (token(KEY, {"kid": ""}), Code.KEY_UNKNOWN),
    "kid as a list": (token(KEY, {"kid": [KEY.kid]}), Code.KEY_UNKNOWN),
    "kid as an object": (token(KEY, {"kid": {"$ne": ""}}), Code.KEY_UNKNOWN),
    "kid with a query": (token(KEY, {"kid": f"{KEY.kid}' OR '1'='1"}), Code.KEY_UNKNOWN),
    "kid with a blank": (token(KEY, {"kid": KEY.kid + " "}), Code.KEY_UNKNOWN),
    "kid of an attribute": (token(KEY, {"kid": "__class__"}), Code.KEY_UNKNOWN),
    "kid twice": (
        seal(KEY, text(header(KEY))[:-1] + b',"kid":"x"}', text(claims())),
        Code.DUPLICATE_KEY,
    ),
    "jwk of our own key": (
        token(KEY, {"jwk": KEY.public().key.as_dict(private=False)}),
        Code.HEADER_NAMES_KEY,
    ),
    "jku beside a crit": (token(KEY, {"jku": "http://x/", "crit": ["jku"]}), Code.HEADER_NAMES_KEY),
    "jwk that is null": (
        seal(KEY, text(header(KEY))[:-1] + b',"jwk":null}', text(claims())),
        Code.HEADER_NAMES_KEY,
    ),
    "an empty crit": (token(KEY, {"crit": []}), Code.HEADER_CRITICAL),
    "a claim in the header": (token(KEY, {"iss": ISSUER}), Code.HEADER_UNKNOWN),
    "an encryption header": (token(KEY, {"enc": "A128GCM"}), Code.HEADER_UNKNOWN),
    # other documents of the same key
    "typ of an ID token": (token(KEY, {"typ": "id_token"}), Code.TYPE),
    "typ of a logout": (token(KEY, {"typ": "logout+jwt"}), Code.TYPE),
    "typ of an introspection": (token(KEY, {"typ": "token-introspection+jwt"}), Code.TYPE),
    "typ as a list": (token(KEY, {"typ": ["at+jwt"]}), Code.TYPE),
    "typ with a parameter": (token(KEY, {"typ": "at+jwt;v=1"}), Code.TYPE),
    # encodings
    "a NUL at the end": (GOOD + "\0", Code.ENCODING),
    "a dot encoded": (f"{HEAD}%2e{BODY}.{SIGNATURE}", Code.MALFORMED),
    "wide dots": (GOOD.replace(".", "\uff0e"), Code.MALFORMED),
    "a byte order mark in front": ("\ufeff" + GOOD, Code.MALFORMED),
    "tabs between": (f"{HEAD}.\t{BODY}.{SIGNATURE}", Code.ENCODING),
    "encoded twice": (f"{encode(HEAD.encode())}.{BODY}.{SIGNATURE}", Code.JSON),
    "in quotes": (f'"{GOOD}"', Code.ENCODING),
    "two tokens": (f"{GOOD},{GOOD}", Code.ENCRYPTED),
    "percent-encoded padding": (GOOD + "%3D", Code.ENCODING),
    # JSON
    "a header after a comment": (seal(KEY, b"/**/" + text(header(KEY)), text(claims())), Code.JSON),
    "a header with a trailing comma": (seal(KEY, text(header(KEY))[:-1] + b",}", text(claims())), Code.JSON),
    "two headers": (seal(KEY, text(header(KEY)) * 2, text(claims())), Code.JSON),
    "a header that is null": (seal(KEY, b"null", text(claims())), Code.JSON),
    "a header that is text": (seal(KEY, b'"ES256"', text(claims())), Code.JSON),
    "claims with Infinity": (claimed("exp", b"Infinity"), Code.JSON),
    "claims with single quotes": (
        seal(KEY, text(header(KEY)), text(claims()).replace(b'"', b"'")),
        Code.JSON,
    ),
    "claims in UTF-16": (seal(KEY, text(header(KEY)), text(claims()).decode().encode("utf-16")), Code.JSON),
    "a claim twice, the good one last": (
        seal(KEY, text(header(KEY)), b'{"aud":"telemetry",' + text(claims())[1:]),
        Code.DUPLICATE_KEY,
    ),
    # signatures
    "r and s nought and one": (signed_with(0, 1), Code.SIGNATURE),
    "r and s one and nought": (signed_with(1, 0), Code.SIGNATURE),
    "r and s the order": (signed_with(ORDER, ORDER), Code.SIGNATURE),
    "r and s all ones": (signed_with(2**256 - 1, 2**256 - 1), Code.SIGNATURE),
    "a signature and one byte": (
        f"{HEAD}.{BODY}.{encode(bytes(65))}",
        Code.SIGNATURE,
    ),
    "a signature of 4 KiB": (f"{HEAD}.{BODY}.{encode(bytes(4096))}", Code.SIGNATURE),
    "the header's signature": (f"{HEAD}.{BODY}.{HEAD}", Code.SIGNATURE),
    # sizes
    "a header of 7 KiB": (token(KEY, {"kid": "k" * 5000}), Code.KEY_UNKNOWN),
    "one byte over": (GOOD + "A" * (MAX_BYTES + 1 - len(GOOD)), Code.TOO_LARGE),
    "a megabyte": ("A" * (1 << 20), Code.TOO_LARGE),
    "a megabyte of dots": ("." * (1 << 20), Code.TOO_LARGE),
    "eight thousand dots": ("." * 8000, Code.MALFORMED),
    # times
    "exp nought": (token(KEY, exp=0), Code.LIFETIME),
    "iat in milliseconds": (token(KEY, iat=NOW * 1000, nbf=NOW * 1000, exp=NOW * 1000 + 60), Code.NOT_YET),
    "exp in milliseconds": (token(KEY, exp=(NOW + 60) * 1000), Code.LIFETIME),
    "exp with an exponent": (claimed("exp", b"1e12"), Code.CLAIM_TYPE),
    "exp at 2^53": (token(KEY, exp=1 << 53), Code.CLAIM_TYPE),
    "exp null": (claimed("exp", b"null"), Code.CLAIM_TYPE),
    "iat long ago": (token(KEY, iat=1, nbf=1), Code.LIFETIME),
    "an hour old": (token(KEY, iat=NOW - 3600, nbf=NOW - 3600, exp=NOW - 3300), Code.EXPIRED),
    "an hour ahead": (token(KEY, iat=NOW + 3600, nbf=NOW + 3600, exp=NOW + 3900), Code.NOT_YET),
    # audience and type confusion
    "aud empty": (token(KEY, aud=""), Code.CLAIM_MALFORMED),
    "aud in capitals": (token(KEY, aud=AUDIENCE.upper()), Code.CLAIM_MALFORMED),
    "aud with a blank": (token(KEY, aud=AUDIENCE + " "), Code.CLAIM_MALFORMED),
    "aud as a beginning": (token(KEY, aud=AUDIENCE[:5]), Code.AUDIENCE),
    "aud null": (claimed("aud", b"null"), Code.CLAIM_TYPE),
    "aud of two": (token(KEY, aud=[AUDIENCE, "telemetry"]), Code.CLAIM_TYPE),
    "aud of all": (token(KEY, aud="*"), Code.CLAIM_MALFORMED),
    "aud the issuer": (token(KEY, aud=ISSUER), Code.CLAIM_MALFORMED),
    "iss as a list": (token(KEY, iss=[ISSUER]), Code.CLAIM_TYPE),
    "jti a number": (token(KEY, jti=7), Code.CLAIM_TYPE),
    "scope an object": (token(KEY, scope={"read": True}), Code.CLAIM_TYPE),
    "agent true": (token(KEY, agent=True, client_id=True), Code.CLAIM_TYPE),
    "a confirmation key": (token(KEY, cnf={"jwk": {}}), Code.CLAIM_UNKNOWN),
    "an actor": (token(KEY, act={"sub": "admin"}), Code.CLAIM_UNKNOWN),
    "a claim of another case": (token(KEY, Scope="delete:everything"), Code.CLAIM_UNKNOWN),
    "workflow in capitals": (
        token(KEY, workflow="wf-" + "A2" * 10, sub="wf-" + "A2" * 10),
        Code.CLAIM_MALFORMED,
    ),
}


@pytest.mark.parametrize(("compact", "code"), ATTACKS.values(), ids=ATTACKS.keys())
def test_every_attack_is_refused_with_its_own_reason(compact: str, code: Code) -> None:
    """An attack is refused with the code of what is wrong with it.

    Guards removed, one at a time: without the check of the signature the four of r and s were accepted; with `alg`
    compared loosely two were; without the check for keys that stand twice the claim's was; without the types of claims six raised
    or had another's code; without the names of keys, and without the comparison in `_decode`, codes were wrong.
    """
    refused = check(compact)
    assert isinstance(refused, Refused)
    assert refused.code is code


def test_the_limit_of_size_is_exact() -> None:
    """A token of `MAX_BYTES` is judged by what it says, one letter more by its size."""
    longest = check(GOOD + "A" * (MAX_BYTES - len(GOOD)))
    longer = check(GOOD + "A" * (MAX_BYTES - len(GOOD) + 1))
    assert isinstance(longest, Refused)
    assert isinstance(longer, Refused)
    assert (longest.code, longer.code) == (Code.SIGNATURE, Code.TOO_LARGE)


def test_the_twin_of_a_signature_proves_nothing_else() -> None:
    """ECDSA has two signatures for one proof, (r, s) and (r, n-s): both verify, and both prove the same claims.

    So a token's text is no identity: revocation goes by workflow and `jti`, never by the text or its digest.
    """
    raw = _decoded(SIGNATURE)
    r, s = int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big")
    twin = signed_with(r, ORDER - s)
    assert twin != GOOD
    first, second = check(GOOD), check(twin)
    assert isinstance(first, VerifiedToken)
    assert isinstance(second, VerifiedToken)
    assert dataclasses.asdict(first) == dataclasses.asdict(second)


def _decoded(segment: str) -> bytes:
    return base64.urlsafe_b64decode(segment + "==")


Mutation = Callable[[random.Random], str]
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.=+/ \n\0%{}[]\"'"


def _letters_changed(chance: random.Random) -> str:
    letters = list(GOOD)
    for _ in range(chance.randint(1, 4)):
        letters[chance.randrange(len(letters))] = chance.choice(LETTERS)
    return "".join(letters)


def _letters_lost(chance: random.Random) -> str:
    start = chance.randrange(len(GOOD))
    return GOOD[:start] + GOOD[start + chance.randint(1, 40) :]


def _letters_added(chance: random.Random) -> str:
    place = chance.randint(0, len(GOOD))
    return GOOD[:place] + "".join(chance.choices(LETTERS, k=chance.randint(1, 40))) + GOOD[place:]


def _bits_flipped(chance: random.Random) -> str:
    segments = [bytearray(_decoded(each)) for each in (HEAD, BODY, SIGNATURE)]
    chosen = chance.choice(segments)
    for _ in range(chance.randint(1, 3)):
        chosen[chance.randrange(len(chosen))] ^= 1 << chance.randrange(8)
    return ".".join(encode(bytes(each)) for each in segments)


def _segments_shuffled(chance: random.Random) -> str:
    return ".".join(chance.choices((HEAD, BODY, SIGNATURE, "", "e30"), k=chance.randint(1, 6)))


def _by_a_stranger(chance: random.Random) -> str:
    kid = chance.choice((KEY.kid, STRANGER.kid))
    return token(STRANGER, {"kid": kid}, jti=str(chance.getrandbits(40)))


JUNK: tuple[Any, ...] = (0, -1, 1.5, True, [], {}, [[]], "", " ", "*", "\0", "é", 1 << 70, {"a": {"b": []}})


def _claim_spoiled(chance: random.Random) -> str:
    """Truly signed, one claim of a wrong type or form. Times take whole numbers: none of those are given."""
    name = chance.choice(sorted(claims()))
    value = chance.choice([each for each in JUNK if type(each) is not int])
    return seal(KEY, text(header(KEY)), text({**claims(), name: value}))


def _header_spoiled(chance: random.Random) -> str:
    """Truly signed, one header of a wrong type or one too many."""
    name = chance.choice(
        ("alg", "typ", "kid", "jwk", "jku", "x5u", "x5c", "crit", "b64", "zip", "cty", "new")
    )
    return seal(KEY, text({**header(KEY), name: chance.choice(JUNK)}), text(claims()))


MUTATIONS: tuple[Mutation, ...] = (
    _letters_changed,
    _letters_lost,
    _letters_added,
    _bits_flipped,
    _segments_shuffled,
    _by_a_stranger,
    _claim_spoiled,
    _header_spoiled,
)


@pytest.mark.parametrize(
    "count", [3_000, pytest.param(100_000, marks=[pytest.mark.long, pytest.mark.timeout(600)])]
)
def test_mutated_tokens_are_refused_with_a_code(count: int) -> None:
    """Each mutation of a good token is refused with a code and no exception, by the thousand.

    Guards removed, one at a time: without the check of the signature the 4th was accepted; with `alg` compared loosely the
    496th; without the types of claims the first of a wrong type raised.
    """
    chance = random.Random(7829)
    codes: Counter[Code] = Counter()
    for number in range(count):
        mutated = MUTATIONS[number % len(MUTATIONS)](chance)
        if mutated == GOOD:
            continue
        result = check(mutated)
        assert isinstance(result, Refused), (number, mutated)
        codes[result.code] += 1
    assert codes.total() > count * 0.99
    assert len(codes) > 12, codes
