"""Chapter `record`: the log of all this is read back and checked against what the upstreams saw."""

import re

from audit.entry import DecisionEntry
from audit.faults import LogFault
from audit.verify import verify
from doorless.demo.stage import Stage
from doorless.demo.teller import Teller
from gateway.scrub import LiveSecret, Scrubber
from gateway.secret import Secret

TITLE = "The record: the log is read back and checked"

_SECRET = re.compile(rb"eyJ[A-Za-z0-9_-]{10,}\.|canary-[0-9a-f]{16}|PRIVATE KEY|forged-by-the-agent")


def tell(stage: Stage, teller: Teller) -> None:
    """Verify, compare, search."""
    try:
        report = verify(stage.home.log)
    except LogFault as fault:
        teller.fact(f"the log does not hold together: {fault}", as_told=False)
        return
    teller.fact(f"log verify: {report.records} records, no gap, every outcome after its allow", as_told=True)
    _counts(stage, teller)
    journal = b"".join(path.read_bytes() for path in stage.home.log.rglob("*") if path.is_file())
    found = len(_SECRET.findall(journal))
    teller.fact(f"no token, key or canary in its {len(journal):,} bytes: {found} found", as_told=found == 0)
    _canaries(stage, teller, journal)


def _canaries(stage: Stage, teller: Teller, journal: bytes) -> None:
    """The planted keys in any encoding, with the gateway's own matcher, and proof that it would have found one."""
    keys = [file.read_text().strip() for file in stage.home.secrets.iterdir()]
    matcher = Scrubber(LiveSecret("canary", Secret(key)) for key in keys)
    printed = "".join(stage.printed).encode()
    hit = matcher.find(journal) or matcher.find(printed)
    control = all(matcher.find(key.encode().hex().encode()) for key in keys)
    teller.fact(
        f"none of {len(keys)} planted keys in it or in what agents printed, plain or encoded"
        f" (planted in hex, the search finds {'each' if control else 'NOT ALL'})",
        as_told=hit is None and control and bool(printed),
    )


def _counts(stage: Stage, teller: Teller) -> None:
    """What the upstreams received is exactly what was allowed: no call without a durable allow."""
    allowed = {
        stored.entry.id: stored.entry
        for stored in stage.entries()
        if isinstance(stored.entry, DecisionEntry)
        and stored.entry.decision == "allow"
        and stored.entry.kind == "request"
    }
    forwarded = [
        allowed[outcome.decision]
        for outcome in stage.outcomes()
        if outcome.decision in allowed and outcome.forwarded
    ]
    for service, log in (("crash-reporting", stage.logs.crash), ("telemetry", stage.logs.telemetry)):
        recorded = sum(entry.input is not None and entry.input["service"] == service for entry in forwarded)
        direct = stage.direct_calls if service == "crash-reporting" else 0
        received = len(log.read_text().splitlines()) - direct
        teller.fact(
            f"{service} received {received} calls through the proxy, the log has {recorded} allows for it",
            as_told=received == recorded,
        )
