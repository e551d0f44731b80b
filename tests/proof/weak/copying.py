"""A proxy that copies an upstream's bytes to the agent as they stand. Planted in a damaged copy of the gateway."""

import asyncio
import contextlib
from typing import Any

from decision.model import Allow
from gateway.call import Call
from gateway.caller import Caller
from gateway.outcome import Outcome

_SILENCE_S = 0.3


async def copied(upstreams: Any, call: Call, caller: Caller, allow: Allow, exchange: Any) -> Outcome:
    """Send the call with its credential, and everything that comes back to whoever asked."""
    credential = upstreams._credentials.fetch(allow.terms.credential, caller, call.service.name)
    name, value = credential.header()
    upstream = call.service.upstream
    reader, writer = await asyncio.open_connection(upstream.host, upstream.port)
    writer.write(b"GET %s HTTP/1.1\r\nhost: x\r\n%s: %s\r\n\r\n" % (call.path, name.encode(), value.encode()))
    agent = exchange._send.__self__.transport
    with contextlib.suppress(TimeoutError):
        while chunk := await asyncio.wait_for(reader.read(65_536), _SILENCE_S):
            agent.write(chunk)
    writer.close()
    agent.close()
    return Outcome(forwarded=True, result="completed", status=200, bytes_in=0, bytes_out=0, ms=0)
