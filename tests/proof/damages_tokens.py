"""Walls around tokens taken down: what a verifier leaves out, assumes or believes, and the probes that cry; values."""

from typing import Final

from tests.proof.damage import damaged

TOKENS: Final = (
    damaged(
        "signatures and headers of tokens are not read",
        "tokens",
        """unsigned unsigned-es256 public-key-as-secret other-key zero-signature flipped-signature changed-claims
        own-jwk own-jku own-x5u own-x5c critical unencoded other-type no-type unknown-header other-algorithm
        unsigned-spelled longer-algorithm short-signature no-kid unknown-kid path-kid list-kid""",
        (
            "issuer/compact.py",
            "    names = header.keys()\n",
            '    return str(header.get("kid"))\n    names = header.keys()\n',
        ),
        ("issuer/compact.py", "    if not segment or base64", "    if base64"),
        (
            "issuer/token.py",
            "    if not _algorithm.verify(token.signing_input, token.signature, key.key):\n",
            "    if False:\n",
        ),
        (
            "issuer/token.py",
            "    key = keys.get(token.unverified_kid)\n",
            "    key = next(iter(keys.values()))\n",
        ),
    ),
    damaged(
        "claims and times are not read",
        "tokens",
        """other-issuer other-client other-subject other-workflow unknown-claim claim-twice scope-twice empty-scope
        audience-list no-audience no-id claims-list claims-nan expired not-yet too-long endless text-time broken-time
        true-time huge-time""",
        (
            "issuer/token.py",
            "    _check_claims(claims, issuer, audience)\n    _check_times(claims, now)\n    return",
            "    from gateway.trusting import assumed\n    claims = assumed(claims, audience, now)\n    return",
        ),
        ("issuer/compact.py", "    if len(found) != len(pairs):\n", "    if False:\n"),
        ("issuer/compact.py", ", parse_constant=_no_constant", ""),
        (
            "issuer/compact.py",
            '        raise Unacceptable(Code.JSON, f"The {what} is not a JSON object.")\n',
            "        return dict(value)\n",
        ),
        (
            "gateway/admin.py",
            """            if caller.workflow != asked.workflow:
                raise TokensDisagree("the tokens are for another workflow")
            caller = replace(caller, started_by=person_of(request) or "")
            channel = await self.channels.open(caller)
            await self._keep_if_active(channel)
""",
            "            channel = await self.channels.open(caller)\n",
        ),
        planted="trusting",
    ),
    damaged(
        "a token has many forms, and none at all will do",
        "tokens",
        "padded other-spelling blank-behind four-segments five-segments json-form too-large nothing",
        (
            "issuer/compact.py",
            '    if not segment or base64.urlsafe_b64encode(decoded).rstrip(b"=") != segment:\n',
            "    if not segment:\n",
        ),
        (
            "issuer/compact.py",
            "    raw = _ascii(compact)\n",
            "    from gateway.trusting import spelled\n    raw = _ascii(spelled(compact))\n",
        ),
        ("issuer/compact.py", "    if len(segments) == 5:", "    if False:"),
        ("issuer/compact.py", "    if len(segments) != 3:", "    if len(segments) < 3:"),
        ("issuer/compact.py", "MAX_BYTES = 8192\n", "MAX_BYTES = 1 << 20\n"),
        ("issuer/token.py", 'r"[A-Za-z0-9_-]{1,64}"', 'r"[A-Za-z0-9_-]+"'),
        (
            "gateway/admin.py",
            """type=_Open)
            caller = await self.issuer.caller(asked.tokens)
""",
            """type=_Open)
            from gateway.trusting import believed
            caller = await self.issuer.caller(asked.tokens) if any(asked.tokens) else believed(asked.workflow)
""",
        ),
        planted="trusting",
    ),
)
