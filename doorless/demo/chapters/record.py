"""Chapter `record`: the log of all this is read back and checked against what the upstreams saw."""

import re

from audit.entry import DecisionEntry
from audit.faults import LogFault
from audit.verify import verify
from doorless.demo.stage import Stage
from doorless.demo.teller import Teller

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
    for service, log in (("crash-reporting", stage.crash_log), ("telemetry", stage.telemetry_log)):
        recorded = sum(entry.input is not None and entry.input["service"] == service for entry in forwarded)
        direct = stage.direct_calls if service == "crash-reporting" else 0
        received = len(log.read_text().splitlines()) - direct
        teller.fact(
            f"{service} received {received} calls through the proxy, the log has {recorded} allows for it",
            as_told=received == recorded,
        )
