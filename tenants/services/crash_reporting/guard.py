"""Who may come in: every route but /health passes here with the scope word that it wants.

Order: one bearer token, its local check, its scope, then the issuer's word. Promise: unknown means no; an issuer
that cannot be asked is 503, never a pass.
"""

import sys
import time
from collections.abc import Callable

from joserfc.jwk import ECKey
from starlette.requests import Request

from tenants.services.crash_reporting.issuer import Issuer, IssuerUnavailableError
from tenants.services.crash_reporting.tokens import Claims, Expected, Refused, key_id, verify
from tenants.services.problems import Problem


class Guard:
    """The check of one service: one issuer, one audience."""

    def __init__(
        self, issuer: Issuer, issuer_url: str, audience: str, clock: Callable[[], float] = time.time
    ) -> None:
        """`clock` gives unix seconds."""
        self._issuer = issuer
        self._issuer_url = issuer_url
        self._audience = audience
        self._clock = clock

    async def admit(self, request: Request, scope_word: str) -> Claims:
        """Return the verified claims; `scope_word` "" asks for any valid token. Raises Problem 401, 403 or 503."""
        token = _bearer(request)
        try:
            claims = await self._verified(token)
            if scope_word and scope_word not in claims.scope:
                raise Problem(
                    403,
                    "insufficient_scope",
                    f"This route needs the scope {scope_word}.",
                    {"scope": scope_word},
                    challenge=f'Bearer error="insufficient_scope", scope="{scope_word}"',
                )
            if not await self._issuer.is_active(token):
                raise _unauthenticated(
                    "token_inactive", "The issuer says that this token is no longer active."
                )
        except IssuerUnavailableError as error:
            print(f"issuer unavailable: {error}", file=sys.stderr, flush=True)
            raise Problem(
                503, "issuer_unavailable", "The issuer cannot be asked now; nothing is served."
            ) from None
        return claims

    async def _verified(self, token: str) -> Claims:
        key = await self._key(token)
        if isinstance(key, ECKey):
            outcome = verify(token, key, Expected(self._issuer_url, self._audience, int(self._clock())))
        else:
            outcome = key
        match outcome:
            case Claims():
                return outcome
            case Refused(code, detail):
                raise _unauthenticated(code, detail)

    async def _key(self, token: str) -> ECKey | Refused:
        match key_id(token):
            case Refused() as refused:
                return refused
            case name:
                key = await self._issuer.key(name)
                return key or Refused(
                    "token_key", "The token is signed with a key that its issuer does not publish."
                )


def _bearer(request: Request) -> str:
    """Return the one bearer token (RFC 6750, 2.1); raises Problem 401."""
    values = request.headers.getlist("authorization")
    if len(values) != 1:
        raise _unauthenticated("token_missing", "Exactly one Authorization header is wanted.")
    scheme, _, token = values[0].partition(" ")
    if scheme.lower() != "bearer" or not token or not token.isascii() or " " in token:
        raise _unauthenticated(
            "token_missing", "The Authorization header must be: Bearer, one space, the token."
        )
    return token


def _unauthenticated(code: str, detail: str) -> Problem:
    """Build the 401 with RFC 6750's challenge (section 3.1)."""
    return Problem(401, code, detail, challenge='Bearer error="invalid_token"')
