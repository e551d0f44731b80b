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
    TokenProbe("unsigned", "no token without a signature", lambda d: _unsigned(d, "none")),
    TokenProbe("unsigned-spelled", "however none is spelled", lambda d: _unsigned(d, "nOnE")),
    TokenProbe("unsigned-es256", "nor with an empty signature", lambda d: _unsigned(d, "ES256")),
    TokenProbe("public-key-as-secret", "no HMAC by the public key", _by_public_key),
    TokenProbe("other-algorithm", "no other algorithm's name", lambda d: d.with_header(alg="RS256")),
    TokenProbe("longer-algorithm", "nor of another length", lambda d: d.with_header(alg="ES384")),
    TokenProbe("other-key", "no other key's signature", lambda d: d.signed(d.header, d.claims, key=d.other)),
    TokenProbe("zero-signature", "no signature of zeros", lambda d: _with_signature(d, _ZERO)),
    TokenProbe("short-signature", "no part of one", lambda d: d.with_claims()[:-4]),
    TokenProbe("flipped-signature", "not one bit changed in it", _flipped),
    TokenProbe("changed-claims", "nor in what it signs", _other_claims_same_signature),
)

_HEADERS: Final = (
    TokenProbe("own-jwk", "a token brings no key", _own_jwk),
    TokenProbe("own-jku", "nor points to one", lambda d: _own_key_in(d, "jku", "http://10.0.0.1/keys")),
    TokenProbe("own-x5u", "nor to a certificate", lambda d: _own_key_in(d, "x5u", "http://10.0.0.1/cert")),
    TokenProbe("own-x5c", "nor brings one", lambda d: _own_key_in(d, "x5c", ["MIIB"])),
    TokenProbe("no-kid", "its key is named", lambda d: d.with_header(kid=None)),
    TokenProbe("unknown-kid", "and known", lambda d: d.with_header(kid="a" * 43)),
    TokenProbe("path-kid", "and no path", lambda d: d.with_header(kid="../../../../dev/null")),
    TokenProbe("list-kid", "and one", lambda d: d.with_header(kid=[d.header["kid"]])),
    TokenProbe("critical", "nothing critical is waved through", lambda d: d.with_header(crit=["exp"])),
    TokenProbe("unencoded", "the payload is encoded", lambda d: d.with_header(b64=False)),
    TokenProbe("other-type", "its type is that of access tokens", lambda d: d.with_header(typ="JWT")),
    TokenProbe("no-type", "and it has one", lambda d: d.with_header(typ=None)),
    TokenProbe("unknown-header", "its header says nothing else", lambda d: d.with_header(zip="DEF")),
)

_CLAIMS: Final = (
    TokenProbe("other-issuer", "it is our issuer's", lambda d: d.with_claims(iss="http://elsewhere")),
    TokenProbe("audience-list", "for one service", lambda d: d.with_claims(aud=[d.claims["aud"]])),
    TokenProbe("no-audience", "that is named", lambda d: d.with_claims(aud=None)),
    TokenProbe("other-subject", "about one workflow", lambda d: d.with_claims(sub="wf-" + "a" * 20)),
    TokenProbe("other-workflow", "this one", lambda d: d.with_claims(sub="wf-" + "a" * 20, workflow="wf-" + "a" * 20)),
    TokenProbe("other-client", "of one role", lambda d: d.with_claims(client_id="roamer")),
    TokenProbe("empty-scope", "with a scope", lambda d: d.with_claims(scope="")),
    TokenProbe("scope-twice", "of words that stand once", lambda d: d.with_claims(scope="read:words read:words")),
    TokenProbe("no-id", "and an id", lambda d: d.with_claims(jti=None)),
    TokenProbe("unknown-claim", "and nothing else", lambda d: d.with_claims(admin=True)),
    TokenProbe("claim-twice", "nothing twice", lambda d: _twice(d, "agent", "roamer")),
    TokenProbe("claims-list", "as one object", lambda d: d.signed(d.header, b"[]")),
    TokenProbe("claims-nan", "of JSON", lambda d: d.signed(d.header, json.dumps(dict(d.claims, iat=float("nan"))).encode())),
)

_TIMES: Final = (
    TokenProbe("expired", "it has not expired", lambda d: d.with_claims(iat=_now(-99), nbf=_now(-99), exp=_now(-1))),
    TokenProbe("not-yet", "it has begun", lambda d: d.with_claims(nbf=_now(60), exp=_now(120))),
    TokenProbe("too-long", "it lives five minutes at most", lambda d: d.with_claims(exp=d.claims["iat"] + 301)),
    TokenProbe("endless", "it ends", lambda d: d.with_claims(exp=None)),
    TokenProbe("text-time", "times are numbers", lambda d: d.with_claims(exp=str(d.claims["exp"]))),
    TokenProbe("broken-time", "whole ones", lambda d: d.with_claims(exp=d.claims["exp"] + 0.5)),
    TokenProbe("true-time", "and no truths", lambda d: d.with_claims(nbf=True)),
    TokenProbe("huge-time", "that every reader can hold", lambda d: d.with_claims(exp=1 << 70)),
)

_FORMS: Final = (
    TokenProbe("padded", "it has one spelling: no padding", lambda d: f"{d.with_claims()}=="),
    TokenProbe("blank-behind", "no blank behind it", lambda d: f"{d.with_claims()}\n"),
    TokenProbe("other-spelling", "no bits that nobody reads", _other_spelling),
    TokenProbe("four-segments", "three segments", lambda d: f"{d.with_claims()}.AA"),
    TokenProbe("five-segments", "no encrypted token", lambda d: f"{segment(d.header)}.AA.AA.AA.AA"),
    TokenProbe("json-form", "no JSON form", _as_json),
    TokenProbe("too-large", "no more than 8 KiB", lambda d: d.with_claims(txn="a" * 9000)),
    TokenProbe("nothing", "and not nothing", lambda _: ""),
)

TOKENS: Final = (*_SIGNATURES, *_HEADERS, *_CLAIMS, *_TIMES, *_FORMS)
