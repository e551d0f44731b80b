"""The way back: an upstream's answer streams to the agent up to the first secret in it, and not one byte further.

Judges header values and the body. Trailers never get here; the reason phrase is our own.
"""

from gateway.exchange import Exchange
from gateway.links import Links
from gateway.refusals import DECISION_HEADER
from gateway.scrub import Hit, Scrubber
from gateway.upstream import Answered


async def relay(
    exchange: Exchange, decision: str, answer: Answered, scrubber: Scrubber, links: Links | None = None
) -> Hit | None:
    """Stream an answer to its end; or stop at the first secret in it and say which it was.

    Addresses are exchanged as `links` says, behind the search: what leaves was searched as it came.

    Where the body's length is announced, the head waits for the body's first bytes, so that a secret in them is
    refused before anything was sent. Event streams announce none: their head leaves at once, as does every event.
    Raises what `Answered.chunks` raises; `exchange.status` then tells whether the head was sent.
    """
    hit = scrubber.find(b"\n".join(value for _, value in answer.headers))
    if hit is not None:
        return hit
    shown = answer.headers if links is None else links.headers(answer.headers)
    head = [*shown, (DECISION_HEADER, decision.encode("ascii"))]
    relinked = None if links is None else links.body(answer.headers)
    # The HTTP client has read the length already: it is a number, and the body ends there or breaks off.
    left = next((int(value) for name, value in answer.headers if name == b"content-length"), -1)
    if left < 0:
        await exchange.begin(answer.status, head)
    scan = scrubber.stream()
    async for chunk in answer.chunks():
        left -= len(chunk)
        clean = scan.feed(chunk, last=left == 0)
        if isinstance(clean, Hit):
            return clean
        if not exchange.status:
            await exchange.begin(answer.status, head)
        leaves = clean if relinked is None else relinked.feed(clean, last=left == 0)
        if leaves:
            await exchange.write(leaves)
    if not exchange.status:
        await exchange.begin(answer.status, head)
    rest = scan.end()
    leaves = rest if relinked is None else relinked.feed(rest, last=True)
    if leaves:
        await exchange.write(leaves)
    await exchange.end()
    return None
