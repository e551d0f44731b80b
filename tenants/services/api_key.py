"""One static key in X-Api-Key, for services that ask for nothing better. Compared in constant time."""

import hmac

from starlette.requests import Request

from tenants.services.problems import Problem

_CHALLENGE = 'ApiKey header="X-Api-Key"'


def check_key(request: Request, wanted: bytes) -> None:
    """Raise `Problem` (401) unless the request brings exactly this key, once."""
    values = request.headers.getlist("x-api-key")
    if len(values) != 1:
        raise Problem(401, "key_missing", "Exactly one X-Api-Key header is wanted.", challenge=_CHALLENGE)
    if not hmac.compare_digest(values[0].encode("latin-1"), wanted):
        raise Problem(401, "key_wrong", "The API key is not this service's key.", challenge=_CHALLENGE)
