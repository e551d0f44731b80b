"""Tokens: everything that has been used against JWT verifiers, each as one change to a genuine token.

Where the change is in header or claims the issuer's own key signs it, so that no bad signature hides the flaw.
"""

import hashlib
import hmac
import json
import time
from typing import Any, Final

from proof.forge import Draft, decoded, encoded, segment
from proof.token_probe import TokenProbe

_ZERO: Final = encoded(bytes(64))


def _unsigned(draft: Draft, algorithm: str) -> str:
    return f"{segment({**draft.header, 'alg': algorithm})}.{segment(draft.claims)}."


def _by_public_key(draft: Draft) -> str:
    """The public key, which everybody knows, as the secret of an HMAC."""
    told = f"{segment({**draft.header, 'alg': 'HS256'})}.{segment(draft.claims)}"
    return f"{told}.{encoded(hmac.digest(draft.key.as_pem(private=False), told.encode(), hashlib.sha256))}"


def _own_key_in(draft: Draft, name: str, value: object) -> str:
    return draft.signed({**draft.header, name: value}, draft.claims, key=draft.other)


def _own_jwk(draft: Draft) -> str:
    return _own_key_in(draft, "jwk", draft.other.as_dict(private=False))


def _twice(draft: Draft, name: str, value: Any) -> str:
    """A claim that stands twice: readers disagree on which one counts."""
    text = json.dumps(draft.claims)
    return draft.signed(draft.header, f'{text[:-1]}, "{name}": {json.dumps(value)}}}'.encode())


def _with_signature(draft: Draft, signature: str) -> str:
    return f"{segment(draft.header)}.{segment(draft.claims)}.{signature}"


def _flipped(draft: Draft) -> str:
    head, claims, signature = draft.with_claims().split(".")
    raw = bytearray(decoded(signature))
    raw[10] ^= 1
    return f"{head}.{claims}.{encoded(bytes(raw))}"


def _short(draft: Draft) -> str:
    signature = decoded(draft.with_claims().rpartition(".")[2])
    return _with_signature(draft, encoded(signature[:-4]))


def _other_claims_same_signature(draft: Draft) -> str:
    head, _, signature = draft.with_claims().split(".")
    return f"{head}.{segment({**draft.claims, 'agent': 'roamer', 'client_id': 'roamer'})}.{signature}"


def _other_spelling(draft: Draft) -> str:
    """The last letter of base64 carries bits that nobody reads: a second spelling of the same token."""
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    token = draft.with_claims()
    return token[:-1] + alphabet[alphabet.index(token[-1]) ^ 1]


def _as_json(draft: Draft) -> str:
    head, claims, signature = draft.with_claims().split(".")
    return json.dumps({"protected": head, "payload": claims, "signature": signature})


def _now(offset: int) -> int:
    return int(time.time()) + offset


_SIGNATURES: Final = (
    TokenProbe("unsigned", "a token without a signature proves nothing", lambda d: _unsigned(d, "none")),
    TokenProbe(
        "unsigned-spelled",
        "a token without a signature proves nothing, however none is spelled",
        lambda d: _unsigned(d, "nOnE"),
    ),
    TokenProbe(
        "unsigned-es256", "a token with an empty signature proves nothing", lambda d: _unsigned(d, "ES256")
    ),
    TokenProbe("public-key-as-secret", "an HMAC by the public key proves nothing", _by_public_key),
    TokenProbe(
        "other-algorithm", "a token of another algorithm proves nothing", lambda d: d.with_header(alg="RS256")
    ),
    TokenProbe(
        "longer-algorithm",
        "a token of a longer algorithm proves nothing",
        lambda d: d.with_header(alg="ES384"),
    ),
    TokenProbe(
        "other-key",
        "another key's signature proves nothing",
        lambda d: d.signed(d.header, d.claims, key=d.other),
    ),
    TokenProbe("zero-signature", "a signature of zeros proves nothing", lambda d: _with_signature(d, _ZERO)),
    TokenProbe("short-signature", "a part of a signature proves nothing", _short),
    TokenProbe("flipped-signature", "a signature with one bit changed proves nothing", _flipped),
    TokenProbe(
        "changed-claims", "a signature proves nothing about other claims", _other_claims_same_signature
    ),
)

_HEADERS: Final = (
    TokenProbe("own-jwk", "a token that brings its own key proves nothing", _own_jwk),
    TokenProbe(
        "own-jku",
        "a token that points to its own keys proves nothing",
        lambda d: _own_key_in(d, "jku", "http://10.0.0.1/keys"),
    ),
    TokenProbe(
        "own-x5u",
        "a token that points to its own certificate proves nothing",
        lambda d: _own_key_in(d, "x5u", "http://10.0.0.1/cert"),
    ),
    TokenProbe(
        "own-x5c",
        "a token that brings its own certificate proves nothing",
        lambda d: _own_key_in(d, "x5c", ["MIIB"]),
    ),
    TokenProbe("no-kid", "a token that names no key proves nothing", lambda d: d.with_header(kid=None)),
    TokenProbe(
        "unknown-kid", "a token of an unknown key proves nothing", lambda d: d.with_header(kid="a" * 43)
    ),
    TokenProbe(
        "path-kid",
        "a key's name that is a path opens no file",
        lambda d: d.with_header(kid="../../../../dev/null"),
    ),
    TokenProbe(
        "list-kid",
        "a key's name that is a list proves nothing",
        lambda d: d.with_header(kid=[d.header["kid"]]),
    ),
    TokenProbe(
        "critical", "a token with critical headers proves nothing", lambda d: d.with_header(crit=["exp"])
    ),
    TokenProbe(
        "unencoded", "a token with an unencoded payload proves nothing", lambda d: d.with_header(b64=False)
    ),
    TokenProbe("other-type", "a token of another type proves nothing", lambda d: d.with_header(typ="JWT")),
    TokenProbe("no-type", "a token without a type proves nothing", lambda d: d.with_header(typ=None)),
    TokenProbe(
        "unknown-header", "a token with an unknown header proves nothing", lambda d: d.with_header(zip="DEF")
    ),
)

_CLAIMS: Final = (
    TokenProbe(
        "other-issuer",
        "another issuer's token proves nothing",
        lambda d: d.with_claims(iss="http://elsewhere"),
    ),
    TokenProbe(
        "audience-list",
        "a token for several services proves nothing",
        lambda d: d.with_claims(aud=[d.claims["aud"]]),
    ),
    TokenProbe("no-audience", "a token for no service proves nothing", lambda d: d.with_claims(aud=None)),
    TokenProbe(
        "other-subject",
        "a token about two workflows proves nothing",
        lambda d: d.with_claims(sub="wf-" + "a" * 20),
    ),
    TokenProbe(
        "other-workflow",
        "another workflow's token proves nothing here",
        lambda d: d.with_claims(sub="wf-" + "a" * 20, workflow="wf-" + "a" * 20),
    ),
    TokenProbe(
        "other-client", "a token of two roles proves nothing", lambda d: d.with_claims(client_id="roamer")
    ),
    TokenProbe("empty-scope", "a token without a scope proves nothing", lambda d: d.with_claims(scope="")),
    TokenProbe(
        "scope-twice",
        "a token with a scope word twice proves nothing",
        lambda d: d.with_claims(scope="read:words read:words"),
    ),
    TokenProbe("no-id", "a token without an id proves nothing", lambda d: d.with_claims(jti=None)),
    TokenProbe(
        "unknown-claim", "a token with an unknown claim proves nothing", lambda d: d.with_claims(admin=True)
    ),
    TokenProbe(
        "claim-twice", "a token with a claim twice proves nothing", lambda d: _twice(d, "agent", "roamer")
    ),
    TokenProbe(
        "claims-list",
        "a token whose claims are a list of pairs proves nothing",
        lambda d: d.signed(d.header, json.dumps(list(d.claims.items())).encode()),
    ),
    TokenProbe(
        "claims-nan",
        "a token whose claims are not quite JSON proves nothing",
        lambda d: d.signed(d.header, json.dumps(dict(d.claims, iat=float("nan"))).encode()),
    ),
)

_TIMES: Final = (
    TokenProbe(
        "expired",
        "an expired token proves nothing",
        lambda d: d.with_claims(iat=_now(-99), nbf=_now(-99), exp=_now(-1)),
    ),
    TokenProbe(
        "not-yet",
        "a token that has not begun proves nothing",
        lambda d: d.with_claims(nbf=_now(60), exp=_now(120)),
    ),
    TokenProbe(
        "too-long",
        "a token of over five minutes proves nothing",
        lambda d: d.with_claims(exp=d.claims["iat"] + 301),
    ),
    TokenProbe("endless", "a token without an end proves nothing", lambda d: d.with_claims(exp=None)),
    TokenProbe(
        "text-time", "a time that is text proves nothing", lambda d: d.with_claims(exp=str(d.claims["exp"]))
    ),
    TokenProbe(
        "broken-time",
        "a time that is no whole number proves nothing",
        lambda d: d.with_claims(exp=d.claims["exp"] + 0.5),
    ),
    TokenProbe("true-time", "a time that is a truth value proves nothing", lambda d: d.with_claims(nbf=True)),
    TokenProbe(
        "huge-time",
        "a time that not every reader can hold proves nothing",
        lambda d: d.with_claims(exp=1 << 70),
    ),
)

_FORMS: Final = (
    TokenProbe("padded", "a padded spelling of a token proves nothing", lambda d: f"{d.with_claims()}=="),
    TokenProbe(
        "blank-behind", "a blank behind a token makes it prove nothing", lambda d: f"{d.with_claims()}\n"
    ),
    TokenProbe("other-spelling", "a second spelling of the same bits proves nothing", _other_spelling),
    TokenProbe("four-segments", "a token of four segments proves nothing", lambda d: f"{d.with_claims()}.AA"),
    TokenProbe(
        "five-segments",
        "a token of five segments, as an encrypted one has, proves nothing",
        lambda d: f"{d.with_claims()}.AA.AA",
    ),
    TokenProbe("json-form", "a token in JSON form proves nothing", _as_json),
    TokenProbe("too-large", "a token over 8 KiB proves nothing", lambda d: d.with_claims(txn="a" * 9000)),
    TokenProbe("nothing", "an empty token proves nothing", lambda _: ""),
)

TOKENS: Final = (*_SIGNATURES, *_HEADERS, *_CLAIMS, *_TIMES, *_FORMS)
