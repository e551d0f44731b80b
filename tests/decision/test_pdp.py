"""The supervisor with real OPA processes: swapping, healing, refusing, closing."""

import asyncio
import os
import re
import signal
import stat
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from decision.opa_child import ChildError
from decision.pdp import Pdp, restart_delay
from decision.pdp_model import (
    Activated,
    CanaryFailed,
    PdpClosed,
    PdpEvent,
    PdpRestarted,
    Policy,
    PolicyActivated,
    PolicyRefused,
    Refused,
    Unchanged,
)
from decision.socket_decider import SocketDecider
from tests.decision.questions import alive, request, token, until, verdict

pytestmark = pytest.mark.anyio

WRITE = request(scope=("write:notes",), action="write", route="add-note", method="POST")


@pytest.fixture
def anyio_backend() -> tuple[str, dict[str, Any]]:
    """The loop that the gateway runs on; the child's own tests run on plain asyncio."""
    return ("asyncio", {"use_uvloop": True})


class Home:
    """A supervisor on a tiny home, and what it reported."""

    def __init__(self, folder: Path, policies: Path, opa: Path) -> None:
        self.run = folder / "run"
        self.bundles = folder / "bundles"
        self.policies = policies
        self.events: list[PdpEvent] = []
        self.log_is_full = False
        self.pdp = Pdp(policies, self.bundles, self.run, opa, self._report)

    async def _report(self, event: PdpEvent) -> None:
        if self.log_is_full:
            raise OSError("no space left on device")
        self.events.append(event)

    @property
    def policy(self) -> Policy:
        """What is in force."""
        assert self.pdp.current is not None
        return self.pdp.current

    @property
    def pid(self) -> int:
        """The process id of the OPA in force."""
        assert self.pdp._served is not None
        return self.pdp._served.child.pid

    async def asks(self) -> str:
        """What the reader's request is answered now."""
        return verdict(await self.policy.decider.ask(request()))

    def of(self, kind: type[PdpEvent]) -> list[PdpEvent]:
        """The reported events of one kind."""
        return [event for event in self.events if isinstance(event, kind)]

    def edit(self, name: str, old: str, new: str) -> None:
        """Change a file of the policies as an editor does: whole."""
        path = self.policies / name
        text = path.read_text()
        assert old in text
        swap = path.with_suffix(".swap")
        swap.write_text(text.replace(old, new))
        swap.replace(path)

    def let_reader_write(self) -> None:
        """A change of a role that a question shows."""
        self.edit("roles.yaml", "actions: [read]", "actions: [read, write]")


@pytest.fixture
async def home(short_folder: Path, policies: Path, opa: Path) -> AsyncIterator[Home]:
    """A home that is not started; stopped after the test whatever happened."""
    made = Home(short_folder, policies, opa)
    yield made
    await made.pdp.stop()


@pytest.fixture
async def started(home: Home) -> Home:
    """A home that decides."""
    assert isinstance(await home.pdp.start(), Activated)
    return home


async def test_start_brings_the_policies_into_force(home: Home) -> None:
    """Before the start nothing is in force; after it both kinds of question are answered, and it is reported."""
    assert home.pdp.current is None
    result = await home.pdp.start()
    assert isinstance(result, Activated)
    assert await home.asks() == "allow"
    assert verdict(await home.policy.decider.ask(token())) == "allow"
    assert verdict(await home.policy.decider.ask(token("nobody"))) == "token.role_unknown"
    assert home.events == [PolicyActivated(result.revision)]
    assert home.policy.revision == result.revision
    assert set(home.policy.catalogue.services) == {"notes"}


async def test_the_served_tables_are_not_empty(started: Home) -> None:
    """What decides is the compiled roles: without them the reader's grant would be unknown."""
    assert started.policy.configuration.compiled["grants"] == {"reader": {"notes": {"read:notes": True}}}
    assert await started.asks() == "allow"
    assert verdict(await started.policy.decider.ask(WRITE)) == "request.action_not_granted"


async def test_a_flood_of_one_workflow_harms_no_other(started: Home) -> None:
    """Three thousand questions of one workflow, and another's is answered with the first of them.

    In one line it was denied: all before it took longer than a question may wait.
    """
    decider = started.policy.decider
    flood = [asyncio.create_task(decider.ask(request(workflow="wf-flood"))) for _ in range(3000)]
    await asyncio.sleep(0)
    assert verdict(await decider.ask(request(workflow="wf-other"))) == "allow"
    assert sum(each.done() and verdict(each.result()) == "allow" for each in flood) < 300
    await asyncio.gather(*flood)


async def test_others_find_the_engine(started: Home) -> None:
    """Another process asks through the published socket and token; both are its owner's alone."""
    link, secret = started.run / "opa.sock", started.run / "opa.token"
    assert stat.S_IMODE(secret.stat().st_mode) == 0o600
    assert stat.S_IMODE(link.stat().st_mode) == 0o600
    other = SocketDecider(link, secret.read_text())
    assert verdict(await other.ask(token())) == "allow"
    await other.close()
    stranger = SocketDecider(link, "guess")
    assert verdict(await stranger.ask(token())) == "pdp_error"
    await stranger.close()


async def test_the_token_is_nowhere_but_in_its_file(started: Home) -> None:
    """OPA itself is given the digest alone: no argument, variable or file of it holds the token."""
    secret = (started.run / "opa.token").read_bytes()
    process = Path(f"/proc/{started.pid}")
    seen = [process / "cmdline", process / "environ"]
    seen += [path for path in started.run.rglob("*") if path.is_file() and path.name != "opa.token"]
    assert len(seen) > 3
    assert not [path for path in seen if secret in path.read_bytes()]


async def test_swap_under_a_running_stream(started: Home) -> None:
    """A policy is exchanged while questions are asked without pause: not one fails, and the next follows it."""
    stop = asyncio.Event()
    codes: dict[str, int] = {}

    async def stream() -> None:
        while not stop.is_set():
            code = await started.asks()
            codes[code] = codes.get(code, 0) + 1

    askers = [asyncio.create_task(stream()) for _ in range(8)]
    first = started.policy.revision
    old_pid = started.pid
    assert verdict(await started.policy.decider.ask(WRITE)) == "request.action_not_granted"
    started.let_reader_write()
    await until(lambda: started.policy.revision != first)
    assert verdict(await started.policy.decider.ask(WRITE)) == "allow"
    await until(lambda: not alive(old_pid))
    stop.set()
    await asyncio.gather(*askers)
    assert set(codes) == {"allow"}
    assert codes["allow"] > 20


async def test_who_took_the_old_policy_may_still_ask_it(
    started: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A request that began before the swap is decided by the revision that it began with."""
    monkeypatch.setattr("decision.served._LINGER_S", 20.0)
    old = started.policy
    started.let_reader_write()
    assert isinstance(await started.pdp.reload(), Activated)
    assert started.policy is not old
    await asyncio.sleep(0.1)  # an engine that is stopped at once would be gone by now
    assert verdict(await old.decider.ask(WRITE)) == "request.action_not_granted"


async def test_reload_without_a_change(started: Home) -> None:
    """The same content is the same revision: nothing is started, nothing reported."""
    pid = started.pid
    (started.policies / "roles.yaml").touch()
    (started.policies / ".notes.swp").write_text("an editor's own file")
    result = await started.pdp.reload()
    assert result == Unchanged(started.policy.revision)
    assert started.pid == pid
    assert len(started.events) == 1


BROKEN = {
    "a role": ("roles.yaml", "actions: [read]", "actions: [raed]", 4),
    "a rule": ("request/request.rego", "some word in input.scope", "some word of input.scope", 25),
    "a type": ("request/request.rego", "some word in input.scope", "word := no_such_function(1)", 25),
}


@pytest.mark.parametrize(("name", "old", "new", "line"), BROKEN.values(), ids=BROKEN.keys())
async def test_a_broken_change_keeps_the_old_policy(
    name: str, old: str, new: str, line: int, started: Home
) -> None:
    """A change that does not build is refused once, with file and line; the next change is tried again."""
    revision, pid = started.policy.revision, started.pid
    started.edit(name, old, new)
    await until(lambda: bool(started.of(PolicyRefused)))
    event = started.events[-1]
    assert isinstance(event, PolicyRefused)
    assert event.errors[0].file == str(started.policies / name)
    assert event.errors[0].line == line
    await asyncio.sleep(0.5)  # two looks at the folder
    assert len(started.of(PolicyRefused)) == 1
    assert (started.policy.revision, started.pid) == (revision, pid)
    assert await started.asks() == "allow"
    started.edit(name, new, old)
    started.let_reader_write()
    await until(lambda: started.policy.revision != revision)
    assert verdict(await started.policy.decider.ask(WRITE)) == "allow"


async def test_a_policy_that_allows_everything_is_refused(started: Home) -> None:
    """A change whose canaries are wrong never decides; the refusal says which canary."""
    started.edit("request/request.rego", '"allow": false', '"allow": true')
    result = await started.pdp.reload()
    assert isinstance(result, Refused)
    assert "allowed what nobody was granted" in result.errors[0].message
    assert verdict(await started.policy.decider.ask(WRITE)) == "request.action_not_granted"


async def test_a_policy_that_lost_its_entry_point_is_refused(started: Home) -> None:
    """Undefined looks like success to OPA; it is no policy to us."""
    (started.policies / "token" / "token.rego").unlink()
    result = await started.pdp.reload()
    assert isinstance(result, Refused)
    assert "pdp_undefined" in result.errors[0].message


async def test_a_policy_that_forgot_the_roles_is_refused(started: Home) -> None:
    """A policy that answers a grant of the roles with `not granted` never decides."""
    started.edit("request/request.rego", "data.compiled.grants", "data.compiled.nothing")
    result = await started.pdp.reload()
    assert isinstance(result, Refused)
    assert "does not know a grant" in result.errors[0].message


async def test_a_start_on_broken_policies(home: Home) -> None:
    """A start that is refused decides nothing, says why, and heals with the next change."""
    home.edit("roles.yaml", "actions: [read]", "actions: [raed]")
    result = await home.pdp.start()
    assert isinstance(result, Refused)
    assert home.pdp.current is None
    assert not (home.run / "opa.sock").exists()
    home.edit("roles.yaml", "actions: [raed]", "actions: [read]")
    await until(lambda: home.pdp.current is not None)
    assert await home.asks() == "allow"


async def test_an_activation_that_cannot_be_recorded_is_none(started: Home) -> None:
    """Record, then act: while the log takes nothing, no new policy comes into force."""
    started.log_is_full = True
    revision = started.policy.revision
    started.let_reader_write()
    result = await started.pdp.reload()
    assert isinstance(result, Refused)
    assert "could not be recorded" in result.errors[0].message
    assert started.policy.revision == revision
    assert await started.asks() == "allow"


async def test_a_killed_engine_heals(started: Home) -> None:
    """OPA killed under a stream: questions are denied as unavailable meanwhile, then answered by the same revision."""
    revision, pid = started.policy.revision, started.pid
    codes = set()
    os.kill(pid, signal.SIGKILL)
    async with asyncio.timeout(20):
        while not started.of(PdpRestarted):
            codes.add(await started.asks())
            await asyncio.sleep(0)
    assert "pdp_unavailable" in codes
    assert codes <= {"pdp_unavailable", "allow"}
    assert started.policy.revision == revision
    assert started.pid != pid
    assert await started.asks() == "allow"
    assert started.events[-1] == PdpRestarted(revision, "OPA ended with code -9", 1)
    assert (started.run / "opa.sock").exists()


async def test_a_restart_is_of_the_same_bundle(started: Home) -> None:
    """What the folder holds by now does not matter to a restart: the revision in force comes back."""
    revision = started.policy.revision
    async with started.pdp._changing:  # no reload meanwhile
        started.let_reader_write()
        os.kill(started.pid, signal.SIGKILL)
        await until(lambda: bool(started.of(PdpRestarted)))
        assert started.policy.revision == revision
        assert verdict(await started.policy.decider.ask(WRITE)) == "request.action_not_granted"


async def test_a_hung_engine_heals(started: Home) -> None:
    """OPA stopped with SIGSTOP answers nothing, is noticed, killed and replaced."""
    pid = started.pid
    os.kill(pid, signal.SIGSTOP)
    assert await started.asks() == "pdp_unavailable"
    await until(lambda: bool(started.of(PdpRestarted)))
    assert await started.asks() == "allow"
    assert not alive(pid)
    event = started.events[-1]
    assert isinstance(event, PdpRestarted)
    assert "health" in event.reason


async def test_a_wrong_canary_closes_until_it_is_right(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """A policy in force that answers a known question wrongly decides nothing more until it is right again."""
    monkeypatch.setattr("decision.served.CANARIES_EVERY_S", 0.05)
    await home.pdp.start()
    wrong = True
    monkeypatch.setattr("decision.served.judge", lambda *_: "canary 'made up': wrong" if wrong else None)
    await until(lambda: bool(home.of(PdpClosed)))
    assert await home.asks() == "pdp_unavailable"
    assert not (home.run / "opa.sock").is_symlink()
    assert home.of(CanaryFailed) == [CanaryFailed(home.policy.revision, "canary 'made up': wrong")]
    wrong = False
    await until(lambda: bool(home.of(PdpRestarted)))
    assert await home.asks() == "allow"


async def test_a_reload_ends_the_healing_of_the_old_policy(started: Home) -> None:
    """While a restart fails again and again, a new policy can come into force, and nothing is left of the old."""
    assert started.pdp._served is not None
    started.pdp._served.bundle.path.unlink()  # it can never start again
    os.kill(started.pid, signal.SIGKILL)
    await until(lambda: bool(started.of(PdpClosed)))
    assert await started.asks() == "pdp_unavailable"
    started.let_reader_write()
    await until(lambda: len(started.of(PolicyActivated)) == 2)
    await until(lambda: started.pdp._served is not None and started.policy.revision != _first(started))
    assert await started.asks() == "allow"
    await asyncio.sleep(0.3)
    assert not started.of(PdpRestarted)


async def test_stop_leaves_nothing(home: Home) -> None:
    """After `stop` no process, socket or token of the engine is left, and every question is denied."""
    await home.pdp.start()
    pid = home.pid
    await home.pdp.stop()
    assert not alive(pid)
    assert list(home.run.iterdir()) == []
    assert await home.asks() == "pdp_unavailable"
    await home.pdp.stop()


async def test_stop_in_the_middle_of_a_swap(started: Home) -> None:
    """The engine that was retiring ends too."""
    pids = [started.pid]
    started.let_reader_write()
    await started.pdp.reload()
    pids.append(started.pid)
    await started.pdp.stop()
    assert not any(alive(pid) for pid in pids)


async def test_every_bundle_is_kept(started: Home) -> None:
    """Each revision that was in force lies in the bundles by its digest, with the files it was made of."""
    first = started.policy.revision
    started.let_reader_write()
    await started.pdp.reload()
    second = started.policy.revision
    names = {path.name for path in started.bundles.iterdir()}
    kinds = ("tar.gz", "roles.yaml", "services.yaml")
    assert names == {f"{revision}.{kind}" for revision in (first, second) for kind in kinds}
    assert re.fullmatch("[0-9a-f]{64}", first)
    assert "write" not in (started.bundles / f"{first}.roles.yaml").read_text()


async def test_left_overs_of_a_killed_gateway_are_removed(home: Home) -> None:
    """What an earlier supervisor could not clean up does not disturb the next."""
    (home.run / "opa-7").mkdir(parents=True)
    (home.run / "opa.sock").symlink_to("opa-7/opa.sock")
    await home.pdp.start()
    assert not (home.run / "opa-7").exists()
    assert await home.asks() == "allow"


async def test_a_run_folder_with_a_long_path(tmp_path: Path, policies: Path, opa: Path) -> None:
    """A socket path that the system cannot bind is one clear error, before anything is started."""
    deep = Home(tmp_path / ("long" * 30), policies, opa)
    with pytest.raises(ChildError, match="shorter path"):
        await deep.pdp.start()


def test_restarts_slow_down() -> None:
    """A few restarts a minute are immediate; a storm waits longer and longer, up to five seconds."""
    delays = [restart_delay(count) for count in range(1, 15)]
    assert delays[:3] == [0.0, 0.0, 0.0]
    assert delays == sorted(delays)
    assert delays[3] == 0.1
    assert delays[-1] == 5.0


def _first(home: Home) -> str:
    event = home.of(PolicyActivated)[0]
    assert isinstance(event, PolicyActivated)
    return event.revision
