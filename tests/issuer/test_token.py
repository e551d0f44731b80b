"""`issuer.token`: what is refused, what is accepted, and by whom else it is accepted."""

import base64
import dataclasses
import hmac
import json
import string
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from authlib.oauth2.rfc6750.errors import InvalidTokenError
from authlib.oauth2.rfc9068 import JWTBearerTokenValidator
from hypothesis import given, strategies as st
from joserfc import jwe, jwk, jws, jwt

from issuer.keyset import SigningKey, generate_key, write_jwks
from issuer.token import MAX_LIFETIME_S, Claims, Code, Refused, VerifiedToken, is_grant, sign, verify
from tests.issuer.forge import AUDIENCE, ISSUER, NOW, WORKFLOW, claims, encode, header, seal, text, token

KEY = generate_key()
STRANGER = generate_key()
KEYS = {KEY.kid: KEY.public()}

Forged = Callable[[], str]


def check(compact: str, *, audience: str | None = AUDIENCE, now: int = NOW) -> VerifiedToken | Refused:
    return verify(compact, KEYS, issuer=ISSUER, audience=audience, now=now)


def good() -> str:
    return token(KEY)


def parts() -> tuple[str, str, str]:
    first, second, third = good().split(".")
    return first, second, third


def with_header(**changes: Any) -> Forged:
    return lambda: token(KEY, changes)


def with_claims(**changes: Any) -> Forged:
    return lambda: token(KEY, **changes)


def raw(raw_header: bytes | None = None, raw_claims: bytes | None = None) -> Forged:
    return lambda: seal(
        KEY,
        text(header(KEY)) if raw_header is None else raw_header,
        text(claims()) if raw_claims is None else raw_claims,
    )


def twice(document: bytes, name: str, value: str) -> bytes:
    return document[:-1] + f',"{name}":{json.dumps(value)}}}'.encode()


def unsigned() -> str:
    return f"{encode(text(header(KEY, alg='none')))}.{encode(text(claims()))}."


def with_mac_of_public_key() -> str:
    """The classic confusion: HS256 with the public key's own bytes as the secret."""
    signing_input = f"{encode(text(header(KEY, alg='HS256')))}.{encode(text(claims()))}"
    mac = hmac.digest(KEY.public().key.as_pem(), signing_input.encode(), "sha256")
    return f"{signing_input}.{encode(mac)}"


def by_another_curve() -> str:
    key = jwk.ECKey.generate_key("P-384")
    return jwt.encode(header(KEY, alg="ES384"), claims(), key, algorithms=["ES384"])


def encrypted() -> str:
    protected = {"alg": "ECDH-ES", "enc": "A128CBC-HS256"}
    return jwe.encrypt_compact(protected, text(claims()), KEY.public().key)


def general_json() -> str:
    return json.dumps(jws.serialize_json([{"protected": header(KEY)}], text(claims()), KEY.key))


def flattened_json() -> str:
    return json.dumps(jws.serialize_json({"protected": header(KEY)}, text(claims()), KEY.key))


def by_a_key_it_brings() -> str:
    return token(STRANGER, {"kid": STRANGER.kid, "jwk": STRANGER.public().key.as_dict(private=False)})


def foreign_signature() -> str:
    first, second, _ = parts()
    return f"{first}.{second}.{seal(STRANGER, b'{}', b'{}').split('.')[2]}"


def der_signature() -> str:
    """An ECDSA signature as X.509 writes it; JWS wants R and S side by side."""
    first, second, _ = parts()
    return f"{first}.{second}.{encode(bytes.fromhex('3045') + bytes(69))}"


def trailing_bits() -> str:
    """The same signature bytes, spelled with other unused bits at the end."""
    first, second, third = parts()
    alphabet = string.ascii_uppercase + string.ascii_lowercase + string.digits + "-_"
    other = alphabet[alphabet.index(third[-1]) ^ 1]
    return f"{first}.{second}.{third[:-1]}{other}"


def swapped_claims() -> str:
    first, _, third = parts()
    return f"{first}.{encode(text(claims(scope='delete:everything')))}.{third}"


REFUSED: dict[str, tuple[Forged, Code]] = {
    # size and outer shape
    "empty": (lambda: "", Code.MALFORMED),
    "one segment": (lambda: "abc", Code.MALFORMED),
    "two segments": (lambda: ".".join(parts()[:2]), Code.MALFORMED),
    "four segments": (lambda: good() + ".x", Code.MALFORMED),
    "over 8 KiB": (lambda: good() + "A" * 8192, Code.TOO_LARGE),
    "over 8 KiB, signed": (with_claims(txn="t" * 8192), Code.TOO_LARGE),
    "not ASCII": (lambda: good()[:-1] + "é", Code.MALFORMED),
    "a lone surrogate": (lambda: good()[:-1] + "\udcff", Code.MALFORMED),
    "Bearer in front": (lambda: "Bearer " + good(), Code.ENCODING),
    "encrypted": (encrypted, Code.ENCRYPTED),
    "general JSON serialisation": (general_json, Code.JSON_SERIALISATION),
    "flattened JSON serialisation": (flattened_json, Code.JSON_SERIALISATION),
    "JSON serialisation after blanks": (lambda: "\n " + flattened_json(), Code.JSON_SERIALISATION),
    # base64url
    "padding": (lambda: good() + "==", Code.ENCODING),
    "a blank at the end": (lambda: good() + " ", Code.ENCODING),
    "a newline at the end": (lambda: good() + "\n", Code.ENCODING),
    "a newline inside": (lambda: good()[:9] + "\n" + good()[9:], Code.ENCODING),
    "the plain base64 alphabet": (
        lambda: ".".join((parts()[0], parts()[1], "+/" + parts()[2][2:])),
        Code.ENCODING,
    ),
    "unused bits set": (trailing_bits, Code.ENCODING),
    "a length that no bytes have": (lambda: ".".join((*parts()[:2], parts()[2] + "AAA")), Code.ENCODING),
    "an empty header": (lambda: "." + ".".join(parts()[1:]), Code.ENCODING),
    "an empty payload": (lambda: f"{parts()[0]}..{parts()[2]}", Code.ENCODING),
    # header as JSON
    "a header that is no JSON": (raw(b"{"), Code.JSON),
    "a header that is a list": (raw(b"[]"), Code.JSON),
    "a header of thousands of brackets": (raw(b"[" * 4000), Code.JSON),
    "a header of thousands of objects": (raw(b'{"a":' * 1100), Code.JSON),
    "a header in UTF-16": (raw(json.dumps(header(KEY)).encode("utf-16")), Code.JSON),
    "a header with a byte order mark": (raw(b"\xef\xbb\xbf" + text(header(KEY))), Code.JSON),
    "a header with an integer of 5000 digits": (raw(b'{"alg":' + b"1" * 5000 + b"}"), Code.JSON),
    "a header key twice": (raw(twice(text(header(KEY)), "alg", "none")), Code.DUPLICATE_KEY),
    "a header key twice, once escaped": (
        raw(text(header(KEY))[:-1] + b',"\\u0061lg":"ES256"}'),
        Code.DUPLICATE_KEY,
    ),
    # header contents
    "alg none": (unsigned, Code.ALGORITHM),
    "alg None": (with_header(alg="None"), Code.ALGORITHM),
    "alg absent": (with_header(alg=None), Code.ALGORITHM),
    "alg as a list": (with_header(alg=["ES256"]), Code.ALGORITHM),
    "alg in small letters": (with_header(alg="es256"), Code.ALGORITHM),
    "alg HS256 with the public key": (with_mac_of_public_key, Code.ALGORITHM),
    "alg ES384": (by_another_curve, Code.ALGORITHM),
    "alg RS256": (with_header(alg="RS256"), Code.ALGORITHM),
    "alg EdDSA": (with_header(alg="EdDSA"), Code.ALGORITHM),
    "typ JWT": (with_header(typ="JWT"), Code.TYPE),
    "typ absent": (with_header(typ=None), Code.TYPE),
    "typ in capitals": (with_header(typ="AT+JWT"), Code.TYPE),
    "typ long form": (with_header(typ="application/at+jwt"), Code.TYPE),
    "header jwk": (by_a_key_it_brings, Code.HEADER_NAMES_KEY),
    "header jku": (with_header(jku="http://127.0.0.1/keys"), Code.HEADER_NAMES_KEY),
    "header x5u": (with_header(x5u="http://127.0.0.1/cert"), Code.HEADER_NAMES_KEY),
    "header x5c": (with_header(x5c=["MII"]), Code.HEADER_NAMES_KEY),
    "header x5t": (with_header(x5t="abc"), Code.HEADER_NAMES_KEY),
    "header x5t#S256": (with_header(**{"x5t#S256": "abc"}), Code.HEADER_NAMES_KEY),
    "header crit": (with_header(crit=["exp"]), Code.HEADER_CRITICAL),
    "header b64": (with_header(b64=False), Code.HEADER_CRITICAL),
    "header b64 and crit": (with_header(b64=True, crit=["b64"]), Code.HEADER_CRITICAL),
    "header cty": (with_header(cty="JWT"), Code.HEADER_UNKNOWN),
    "header zip": (with_header(zip="DEF"), Code.HEADER_UNKNOWN),
    "kid absent": (with_header(kid=None), Code.KEY_UNKNOWN),
    "kid unknown": (with_header(kid=STRANGER.kid), Code.KEY_UNKNOWN),
    "kid a number": (with_header(kid=7), Code.KEY_UNKNOWN),
    "kid a path": (with_header(kid="../../dev/null"), Code.KEY_UNKNOWN),
    # signature
    "signed by another key": (foreign_signature, Code.SIGNATURE),
    "another key under our kid": (lambda: token(STRANGER, {"kid": KEY.kid}), Code.SIGNATURE),
    "claims of another token": (swapped_claims, Code.SIGNATURE),
    "signature absent": (lambda: ".".join(parts()[:2]) + ".", Code.ENCODING),
    "signature of zeros": (lambda: ".".join((*parts()[:2], encode(bytes(64)))), Code.SIGNATURE),
    "signature too short": (lambda: ".".join((*parts()[:2], encode(bytes(63)))), Code.SIGNATURE),
    "signature in DER": (der_signature, Code.SIGNATURE),
    # claims as JSON
    "claims that are no JSON": (raw(raw_claims=b"hello"), Code.JSON),
    "claims that are a list": (raw(raw_claims=b"[1]"), Code.JSON),
    "claims with NaN": (raw(raw_claims=text(claims())[:-1] + b',"x":NaN}'), Code.JSON),
    "claims that are not UTF-8": (raw(raw_claims=b'{"iss":"\xff"}'), Code.JSON),
    "a claim twice": (raw(raw_claims=twice(text(claims()), "aud", AUDIENCE)), Code.DUPLICATE_KEY),
    "a key twice deep inside": (
        raw(raw_claims=text(claims())[:-1] + b',"x":{"y":1,"y":2}}'),
        Code.DUPLICATE_KEY,
    ),
    # claims, one by one
    **{f"no {name}": (with_claims(**{name: None}), Code.CLAIM_MISSING) for name in claims()},
    "a claim too many": (with_claims(admin=True), Code.CLAIM_UNKNOWN),
    "aud as a list": (with_claims(aud=[AUDIENCE]), Code.CLAIM_TYPE),
    "iss as a number": (with_claims(iss=1), Code.CLAIM_TYPE),
    "scope as a list": (with_claims(scope=["read:crash-reports"]), Code.CLAIM_TYPE),
    "workflow as an object": (with_claims(workflow={}), Code.CLAIM_TYPE),
    "exp as a string": (with_claims(exp=str(NOW + 300)), Code.CLAIM_TYPE),
    "exp as a fraction": (with_claims(exp=NOW + 60.5), Code.CLAIM_TYPE),
    "exp as a whole float": (with_claims(exp=float(NOW + 60)), Code.CLAIM_TYPE),
    "exp as true": (with_claims(exp=True), Code.CLAIM_TYPE),
    "exp without end": (with_claims(exp=1 << 64), Code.CLAIM_TYPE),
    "iat below zero": (with_claims(iat=-1), Code.CLAIM_TYPE),
    "iss of another issuer": (with_claims(iss="http://127.0.0.1:8202"), Code.ISSUER),
    "iss with a slash more": (with_claims(iss=ISSUER + "/"), Code.ISSUER),
    "aud of another service": (with_claims(aud="telemetry"), Code.AUDIENCE),
    "aud that is no name": (with_claims(aud="Crash Reporting"), Code.CLAIM_MALFORMED),
    "workflow that is no id": (with_claims(workflow="wf-7829", sub="wf-7829"), Code.CLAIM_MALFORMED),
    "workflow with a newline": (
        with_claims(workflow=WORKFLOW + "\n", sub=WORKFLOW + "\n"),
        Code.CLAIM_MALFORMED,
    ),
    "agent that is no name": (with_claims(agent="../root", client_id="../root"), Code.CLAIM_MALFORMED),
    "jti empty": (with_claims(jti=""), Code.CLAIM_MALFORMED),
    "txn with a blank": (with_claims(txn="a b"), Code.CLAIM_MALFORMED),
    "workflow is not the subject": (with_claims(sub="wf-" + "b" * 20), Code.WORKFLOW),
    "agent is not the client": (with_claims(agent="pr-creator"), Code.AGENT),
    "scope empty": (with_claims(scope=""), Code.SCOPE),
    "scope blank": (with_claims(scope=" "), Code.SCOPE),
    "scope with two blanks": (with_claims(scope="read:a  read:b"), Code.SCOPE),
    "scope word twice": (with_claims(scope="read:a read:a"), Code.SCOPE),
    "scope with a star": (with_claims(scope="*"), Code.SCOPE),
    "scope with a tab": (with_claims(scope="read:a\tread:b"), Code.SCOPE),
    # times
    "lifetime over five minutes": (with_claims(exp=NOW + MAX_LIFETIME_S + 1), Code.LIFETIME),
    "exp at iat": (with_claims(exp=NOW), Code.LIFETIME),
    "exp before iat": (with_claims(exp=NOW - 1), Code.LIFETIME),
    "nbf before iat": (with_claims(nbf=NOW - 1), Code.LIFETIME),
    "nbf at exp": (with_claims(nbf=NOW + 300), Code.LIFETIME),
    "nbf to come": (with_claims(nbf=NOW + 1), Code.NOT_YET),
    "iat to come": (with_claims(iat=NOW + 5, nbf=NOW + 5, exp=NOW + 60), Code.NOT_YET),
    "expired": (with_claims(iat=NOW - 300, nbf=NOW - 300, exp=NOW), Code.EXPIRED),
}


@pytest.mark.parametrize(("forged", "code"), REFUSED.values(), ids=REFUSED.keys())
def test_every_wrong_shape_is_refused_with_its_code(forged: Forged, code: Code) -> None:
    """A token that is wrong in one way is refused with the code of that way."""
    refused = check(forged())
    assert isinstance(refused, Refused)
    assert refused.code is code


def test_every_code_is_the_answer_to_some_wrong_token() -> None:
    """No refusal code exists that no token can meet."""
    assert {code for _, code in REFUSED.values()} == set(Code)


def test_the_forge_makes_good_tokens_too() -> None:
    """The table's starting point is accepted, so each of its rows fails for its own reason."""
    assert isinstance(check(good()), VerifiedToken)


def test_a_good_token_says_what_was_signed() -> None:
    """What `sign` was given comes back from `verify`, claim by claim."""
    said = Claims(
        issuer=ISSUER,
        audience=AUDIENCE,
        workflow=WORKFLOW,
        role="crash-tracker",
        scope=("read:crash-reports", "create-pr"),
        txn="d-" + "x" * 26,
        jti="j-1",
        issued_at=NOW,
        expires_at=NOW + 60,
    )
    verified = check(sign(said, KEY), audience=None, now=NOW + 59)
    assert isinstance(verified, VerifiedToken)
    assert dataclasses.asdict(verified) == {
        "workflow": WORKFLOW,
        "role": "crash-tracker",
        "audience": AUDIENCE,
        "scope": ("read:crash-reports", "create-pr"),
        "txn": "d-" + "x" * 26,
        "jti": "j-1",
        "kid": KEY.kid,
        "issued_at": NOW,
        "expires_at": NOW + 60,
    }


@pytest.mark.parametrize(
    ("now", "accepted"), [(NOW - 1, False), (NOW, True), (NOW + 299, True), (NOW + 300, False)]
)
def test_a_token_counts_from_its_first_second_to_before_its_last(now: int, accepted: bool) -> None:
    """`nbf` is inside the lifetime and `exp` is outside, with no leeway."""
    assert isinstance(check(good(), now=now), VerifiedToken) is accepted


@pytest.mark.parametrize(
    "changes",
    [
        {"scope": ()},
        {"scope": ("read:a", "read:a")},
        {"scope": ("read:a delete:b",)},
        {"expires_at": NOW + MAX_LIFETIME_S + 1},
        {"expires_at": NOW},
        {"workflow": "wf-1"},
        {"audience": "*"},
        {"role": "Root"},
    ],
)
def test_what_would_be_refused_is_not_signed(changes: dict[str, Any]) -> None:
    """`sign` raises for claims that `verify` would refuse, instead of making a useless token."""
    right = Claims(
        issuer=ISSUER,
        audience=AUDIENCE,
        workflow=WORKFLOW,
        role="crash-tracker",
        scope=("read:a",),
        txn="t",
        jti="j",
        issued_at=NOW,
        expires_at=NOW + 1,
    )
    assert sign(right, KEY)
    with pytest.raises(ValueError, match="cannot be signed"):
        sign(dataclasses.replace(right, **changes), KEY)


@pytest.mark.parametrize(
    ("audience", "scope", "possible"),
    [
        ("telemetry", ("read:telemetry",), True),
        ("telemetry", ("read", "create-pr"), True),
        ("telemetry", (), False),
        ("telemetry", ("read:telemetry", "read:telemetry"), False),
        ("telemetry", ("read:telemetry delete",), False),
        ("Telemetry", ("read",), False),
    ],
)
def test_a_grant_is_names_and_words_of_their_kind(
    audience: str, scope: tuple[str, ...], possible: bool
) -> None:
    """`is_grant` tells beforehand which audience and scope a token can carry."""
    assert is_grant(audience, scope) is possible


def test_joserfc_alone_accepts_our_token() -> None:
    """A verifier that is not ours, given only the JWKS, reads the same claims."""
    published = jwk.KeySet.import_key_set(write_jwks([KEY.public()]))  # type: ignore[arg-type]
    read = jwt.decode(good(), published, algorithms=["ES256"])
    assert read.header["typ"] == "at+jwt"
    assert read.claims == claims()
    registry = jwt.JWTClaimsRegistry(
        now=NOW, iss={"essential": True, "value": ISSUER}, aud={"essential": True, "value": AUDIENCE}
    )
    registry.validate(read.claims)


class _Validator(JWTBearerTokenValidator):  # type: ignore[misc]
    """The resource server's half as authlib ships it (RFC 9068 section 4)."""

    def get_jwks(self) -> Any:
        return jwk.KeySet.import_key_set(write_jwks([KEY.public()]))  # type: ignore[arg-type]


def test_authlibs_resource_server_accepts_our_token(monkeypatch: pytest.MonkeyPatch) -> None:
    """Authlib's RFC 9068 validator takes our token for its audience, with its scope, and for no other audience."""
    monkeypatch.setattr("time.time", lambda: NOW + 1)
    ours = _Validator(issuer=ISSUER, resource_server=AUDIENCE)
    ours.validate_token(ours.authenticate_token(good()), ["read:crash-reports"], None)
    other = _Validator(issuer=ISSUER, resource_server="telemetry")
    with pytest.raises(InvalidTokenError):
        other.validate_token(other.authenticate_token(good()), [], None)


def test_a_verified_token_is_born_in_verify_alone() -> None:
    """Neither a call, nor a copy with changes, nor a subclass makes a `VerifiedToken`."""
    verified = check(good())
    assert isinstance(verified, VerifiedToken)
    with pytest.raises(TypeError, match="verify alone"):
        VerifiedToken(seal=object(), **dataclasses.asdict(verified))  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        VerifiedToken(**dataclasses.asdict(verified))
    with pytest.raises(ValueError, match="seal"):
        dataclasses.replace(verified, role="root")  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="no subclasses"):
        type("Mine", (VerifiedToken,), {})
    with pytest.raises(dataclasses.FrozenInstanceError):
        verified.role = "root"  # type: ignore[misc]


def test_nobody_reaches_for_the_seal() -> None:
    """No module but `issuer.token` names the seal that lets a `VerifiedToken` be made."""
    root = Path(__file__).parents[2]
    modules = [path for folder in _program_folders(root) for path in folder.rglob("*.py")]
    assert root / "issuer" / "token.py" in modules
    naming = {
        path
        for path in modules
        if "_SEAL" in path.read_text("utf-8") and "VerifiedToken" in path.read_text("utf-8")
    }
    assert naming == {root / "issuer" / "token.py"}


def _program_folders(root: Path) -> list[Path]:
    return [each for each in root.iterdir() if (each / "__init__.py").is_file()]


def test_keys_print_without_their_secret() -> None:
    """The repr of a signing key holds its name only."""
    assert repr(KEY) == f"SigningKey(kid='{KEY.kid}')"


def test_a_refusal_repeats_nothing_of_the_token() -> None:
    """The message of a refusal is ours: no text of the token reaches a log or a terminal through it."""
    canary = "canary-text"
    for forged in (
        token(KEY, {"kid": canary}),
        token(KEY, {canary: 1}),
        token(KEY, None, **{canary: 1}),
        token(KEY, iss=canary),
        token(KEY, scope=canary + "\t"),
    ):
        refused = check(forged)
        assert isinstance(refused, Refused)
        assert canary not in refused.message


_GOOD = good()


@given(st.text())
def test_no_text_makes_verify_raise(garbage: str) -> None:
    """Any text at all is refused, never an exception."""
    assert isinstance(check(garbage), Refused)


@given(
    place=st.integers(0, len(_GOOD) - 1),
    dropped=st.integers(0, 3),
    inserted=st.text(st.sampled_from(string.ascii_letters + string.digits + "-_.={}\x00\n "), max_size=3),
)
def test_a_mutated_token_is_refused(place: int, dropped: int, inserted: str) -> None:
    """A token with letters changed, lost or added is refused, unless the change restored it."""
    mutated = _GOOD[:place] + inserted + _GOOD[place + dropped :]
    assert isinstance(check(mutated), Refused) or mutated == _GOOD


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)


@given(name=st.sampled_from(sorted(claims())), value=_json)
def test_no_signed_claim_makes_verify_raise(name: str, value: Any) -> None:
    """A truly signed token with any JSON in any claim gives a value, and only good claims verify."""
    compact = seal(KEY, text(header(KEY)), json.dumps({**claims(), name: value}).encode())
    result = check(compact)
    assert isinstance(result, Refused | VerifiedToken)
    if isinstance(result, VerifiedToken):
        assert isinstance(value, str | int)


@given(name=st.sampled_from(["alg", "typ", "kid", "x", "jwk", "crit"]), value=_json)
def test_no_signed_header_makes_verify_raise(name: str, value: Any) -> None:
    """A truly signed token with any JSON in its header is refused, unless that changed nothing."""
    changed = {**header(KEY), name: value}
    result = check(seal(KEY, json.dumps(changed).encode(), text(claims())))
    assert isinstance(result, Refused) or changed == header(KEY)


def test_the_seen_spelling_is_the_only_one() -> None:
    """The signature's bytes have one accepted spelling: decoding and encoding gives the token back."""
    for segment in _GOOD.split("."):
        assert encode(base64.urlsafe_b64decode(segment + "==")) == segment


def test_keys_of_another_kid_do_not_help() -> None:
    """A key is found by its own name only."""
    other: SigningKey = STRANGER
    result = verify(good(), {other.kid: other.public()}, issuer=ISSUER, audience=AUDIENCE, now=NOW)
    assert isinstance(result, Refused)
    assert result.code is Code.KEY_UNKNOWN
