"""The questions with known answers, asked of policies and engines that are wrong: at start, at each change, each minute."""

import asyncio
import os
import shutil
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from decision.opa_binary import find_opa
from decision.pdp import Pdp
from decision.pdp_model import (
    Activated,
    CanaryFailed,
    PdpClosed,
    PdpEvent,
    PdpRestarted,
    PolicyRefused,
    Refused,
)
from tests.decision.questions import request, until, verdict
from tests.faults.load import account
from tests.faults.stack import HERE
from tests.faults.test_opa_answers import Front

pytestmark = pytest.mark.anyio

TINY = HERE.parent / "decision" / "tiny_policies"
DOCUMENT = '{"version": "1", "allow": %s, "reasons": [%s], "obligations": [], "hold": null, "cacheable_s": 0}'
REASON = '{"code": "request.closed", "message": "no", "remedy": "none", "rule": "x"}'
YES = "package request\n\ndecision := " + DOCUMENT % ("true", "") + "\n"
NO = "package request\n\ndecision := " + DOCUMENT % ("false", REASON.replace("closed", "role_unknown")) + "\n"
VETO = "package request\n\ndecision := " + DOCUMENT % ("false", REASON) + "\n"
MORE_ROLES = """
  second:
    services: [notes]
    actions: [read]
    data: [notes]
"""


@pytest.fixture
def anyio_backend() -> tuple[str, dict[str, Any]]:
    """The loop that the gateway runs on."""
    return ("asyncio", {"use_uvloop": True})


class Engine:
    """A supervisor whose OPA can lie, on tiny policies with two roles."""

    def __init__(self, folder: Path, short: Path) -> None:
        self.policies = shutil.copytree(TINY, folder / "policies")
        roles = self.policies / "roles.yaml"
        roles.write_text(roles.read_text() + MORE_ROLES)
        self.mode = folder / "mode"
        self.events: list[PdpEvent] = []
        program = folder / "opa"
        words = (sys.executable, str(HERE / "opa_front.py"), str(find_opa(os.environ)), str(self.mode))
        program.write_text(f'#!/bin/sh\nexec {" ".join(words)} "$@"\n')
        program.chmod(0o755)
        self.pdp = Pdp(self.policies, folder / "bundles", short, program, self._report)

    async def _report(self, event: PdpEvent) -> None:
        self.events.append(event)

    async def asks(self) -> str:
        """What a granted request is answered now."""
        assert self.pdp.current is not None
        return verdict(await self.pdp.current.decider.ask(request()))

    def of(self, kind: type[PdpEvent]) -> list[PdpEvent]:
        """The reported events of one kind."""
        return [event for event in self.events if isinstance(event, kind)]

    def rego(self, text: str) -> None:
        """Replace the policy on requests."""
        (self.policies / "request" / "request.rego").write_text(text)


@pytest.fixture
async def engine(tmp_path: Path, short_folder: Path) -> AsyncIterator[Engine]:
    """Not started yet."""
    made = Engine(tmp_path, short_folder / "run")
    yield made
    await made.pdp.stop()


def undefined_for(role: str) -> str:
    """The tiny policy, which says nothing at all where this role asks."""
    text = (TINY / "request" / "request.rego").read_text().replace("default decision := {", "decision := {")
    opened, _, rest = text.partition("\n}\n")
    first = f'{opened}\n}} if {{\n\tinput.role != "{role}"\n\tnot granted\n}}\n'
    granted = "granted if {\n\tsome word in input.scope\n\tdata.compiled.grants[input.role][input.service][word]\n}\n"
    allowed = rest.partition("} if {")[0] + f'}} if {{\n\tinput.role != "{role}"\n\tgranted\n}}\n'
    return first + "\n" + granted + allowed


WRONG = {
    "yes to everything": (YES, "allowed what nobody was granted"),
    "no to everything": (NO, "does not know a grant"),
    "undefined for one role": (undefined_for("second"), "canary 'request of second': policy did not answer"),
    "no policy on requests": ("package request\n\nother := 1\n", "pdp_undefined"),
    "yes as a text": ('package request\n\ndecision := "yes"\n', "decision_invalid"),
}


@pytest.mark.parametrize(("rego", "says"), WRONG.values(), ids=WRONG.keys())
async def test_a_wrong_policy_never_starts(engine: Engine, rego: str, says: str) -> None:
    """A start on a policy that answers a canary wrongly brings nothing into force, and says which and how.

    Guard removed (`check_canaries` asked nothing): all five were activated.
    """
    engine.rego(rego)
    refused = await engine.pdp.start()
    assert isinstance(refused, Refused)
    assert says in refused.errors[0].message
    assert engine.pdp.current is None


@pytest.mark.parametrize(("rego", "says"), [*WRONG.values()][:3], ids=[*WRONG][:3])
async def test_a_wrong_change_never_decides(engine: Engine, rego: str, says: str) -> None:
    """A change to such a policy is refused by itself, with a record, and the old policy goes on deciding.

    Guard removed (`check_canaries` asked nothing): all three came into force.
    """
    assert isinstance(await engine.pdp.start(), Activated)
    engine.rego(rego)
    await until(lambda: bool(engine.of(PolicyRefused)))
    [event] = engine.of(PolicyRefused)
    assert isinstance(event, PolicyRefused)
    assert says in event.errors[0].message
    assert await engine.asks() == "allow"


async def test_a_policy_that_vetoes_everything_is_policy(engine: Engine) -> None:
    """Denying every request by a rule that names its own reason is an operator's right, not a fault."""
    assert isinstance(await engine.pdp.start(), Activated)
    engine.rego(VETO)
    assert isinstance(await engine.pdp.reload(), Activated)
    assert await engine.asks() == "request.closed"


@pytest.mark.parametrize("lie", ["yes", "empty", "500"])
async def test_an_engine_that_turns_wrong_is_closed(
    engine: Engine, lie: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Asked again while it serves, an engine that has begun to lie is closed, and serves when it is right again.

    Guard removed (`_answers_wrongly` waited for ever): none of the three was ever found out.
    """
    monkeypatch.setattr("decision.served.CANARIES_EVERY_S", 0.1)
    assert isinstance(await engine.pdp.start(), Activated)
    engine.mode.write_text(lie)
    await until(lambda: bool(engine.of(CanaryFailed)) and bool(engine.of(PdpClosed)))
    assert await engine.asks() == "pdp_unavailable"
    await asyncio.sleep(0.3)  # restarts are tried meanwhile, and fail
    assert await engine.asks() == "pdp_unavailable"
    engine.mode.unlink()
    await until(lambda: bool(engine.of(PdpRestarted)))
    assert await engine.asks() == "allow"


def test_canaries_are_asked_each_minute() -> None:
    """The period is a minute."""
    from decision.served import CANARIES_EVERY_S

    assert CANARIES_EVERY_S == 60.0


@pytest.mark.long
@pytest.mark.timeout(180)
def test_a_running_gateway_closes_within_a_minute(tmp_path: Path) -> None:
    """In a real home an engine that begins to say yes to everything is found out by the next minute's canaries.

    What it allowed until then is recorded, and was allowed by policy's engine: no other part could know better.
    """
    front = Front(tmp_path)
    with front.home.load(4) as load:
        front.lie("yes")
        lied = time.monotonic()
        load.wait(lambda: load.codes()["pdp_unavailable"], "the minute", 75)
        print(f"closed after {time.monotonic() - lied:.1f} s")
        front.be_honest()
        load.recovered()
    account(load)
    front.home.close()
