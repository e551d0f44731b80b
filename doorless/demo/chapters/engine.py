"""Chapter `engine`: OPA is killed under a running stream of requests."""

import os
import signal
import time
from pathlib import Path

from doorless.demo.stage import Stage
from doorless.demo.teller import Step, Teller
from doorless.demo.waiting import NeverCame

TITLE = "The engine: OPA is killed while requests run"

_REPORTS = "/crash-reporting/reports?limit=1"


def tell(stage: Stage, teller: Teller) -> None:
    """Kill, be denied, heal."""
    with stage.streaming("dashboard", _REPORTS) as stream:
        first = stream.until(lambda answer: answer["status"] == 200)
        teller.step(Step("GET /crash-reporting/reports", "ALLOW", "", first["decision"], as_told=True))
        opa = _opa(stage)
        os.kill(opa, signal.SIGKILL)
        killed = time.monotonic()
        denied = stream.until(lambda answer: answer["status"] != 200)
        decision = stage.decision(denied["decision"])
        code = decision.reasons[0].code if decision else "NOT RECORDED"
        teller.step(
            Step(
                f"the same, with OPA (pid {opa}) killed",
                "DENY",
                code,
                denied["decision"],
                code == "pdp_unavailable",
            )
        )
        healed = stream.until(lambda answer: answer["status"] == 200)
        took_ms = int((time.monotonic() - killed) * 1000)
        teller.step(
            Step(
                f"the same, {took_ms} ms after the kill, healed by itself",
                "ALLOW",
                "",
                healed["decision"],
                as_told=True,
            )
        )
    denials = [answer for answer in stream.seen if answer["status"] != 200]
    recorded = [stage.decision(answer["decision"]) for answer in denials]
    all_denied = all(entry is not None and entry.decision == "deny" for entry in recorded)
    teller.fact(f"{len(denials)} denied meanwhile, each one recorded", as_told=all_denied)


def _opa(stage: Stage) -> int:
    """The OPA in force: the process that serves the socket which the published link leads to."""
    serving = os.fsencode((stage.home.run / "opa.sock").resolve())
    for process in Path("/proc").glob("[0-9]*"):
        try:
            arguments = (process / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if arguments[0].endswith(b"opa") and any(serving in part for part in arguments):
            return int(process.name)
    raise NeverCame("no OPA of this home is running")
