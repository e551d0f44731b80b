"""Request bodies: read whole within a limit, or refused with a status that says why."""

from starlette.exceptions import HTTPException
from starlette.requests import Request

MAX_BODY_BYTES = 16 * 1024


async def read_body(request: Request) -> bytes:
    """The body of the request. Raises `HTTPException` 413 as soon as it is over `MAX_BODY_BYTES`."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BODY_BYTES:
            # The rest is not read: the connection ends with this answer.
            raise HTTPException(413, f"A body has at most {MAX_BODY_BYTES} bytes.", {"connection": "close"})
    return bytes(body)
