"""The order of the measurements, the places they use, and what is printed at the end.

One measurement at a time: nothing else of ours runs beside it. Whatever happens, nothing is left running or lying.
"""

import json
import os
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn, TypeVar

import uvloop
from rich.console import Console

from bench import (
    changes,
    engine,
    events,
    holds,
    load,
    log,
    machine,
    outputs,
    parts,
    proposals,
    pushes,
    replay,
    rest,
    restart,
    shadow,
    soak,
)
from bench.failure import CannotMeasure
from bench.figure import Figure, Section, misses
from bench.home import Ports, make_home, up
from bench.load import Counted
from bench.log_check import check_log
from bench.process import on_core
from bench.report import document, miss_line, table
from bench.settings import Effort, Settings, parse
from doorless.home import Home

MISSED = 1
UNMEASURED = 3
INTERRUPTED = 130
_WIDTH = 120

Result = TypeVar("Result")


def main(argv: Sequence[str]) -> int:
    """Measure and print; the exit code is documented in `--help`."""
    settings = parse(argv)
    about = machine.about()
    try:
        with _interruptible():
            machine.check()
            sections = _measure(settings)
    except CannotMeasure as failure:
        print(f"bench: {failure}\n   do: {failure.remedy}", file=sys.stderr)
        return UNMEASURED
    except KeyboardInterrupt:
        print("bench: interrupted; everything was stopped", file=sys.stderr)
        return INTERRUPTED
    return _show(settings, sections, about)


def _show(settings: Settings, sections: tuple[Section, ...], about: dict[str, str]) -> int:
    console = Console() if sys.stdout.isatty() else Console(width=_WIDTH)
    console.print(" · ".join(f"{name}: {value}" for name, value in about.items()), highlight=False)
    console.print(table(sections))
    missed = misses(sections)
    for figure in missed:
        print(miss_line(figure))
    if settings.json is not None:
        text = json.dumps(document(sections, about), indent=1, ensure_ascii=False)
        settings.json.write_text(text + "\n", encoding="utf-8")
    return MISSED if missed else 0


@dataclass(frozen=True, slots=True)
class _Place:
    """Where everything is, and which core is whose."""

    folder: Path
    home: Path
    ports: Ports
    product_core: int
    load_core: int


def _measure(settings: Settings) -> tuple[Section, ...]:
    effort = settings.effort
    product_core, load_core = sorted(os.sched_getaffinity(0))[:2]
    with ExitStack() as stack:
        folder = Path(tempfile.mkdtemp(prefix="dl-", dir=machine.PLACE))
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        folder.chmod(0o755)  # as root, agents and the relay have other uids
        ports = Ports(*machine.free_ports(len(Ports.__dataclass_fields__)))
        place = _Place(folder, folder / "h", ports, product_core, load_core)
        make_home(place.home, ports)
        if settings.soak:
            return (_soaked(place),)
        # First, while the log is empty: a start replays the journal.
        at_rest = _step("at rest and at the start", lambda: rest.measure(place.home, folder, effort))
        loaded = _step("through the gateway", lambda: _loaded(place, effort))
        pushed = _step("pushes and pull requests", lambda: _pushed(place, effort))
        shadowed = _step("a candidate in the shadow", lambda: _shadowed(place, effort))
        waiting = _step("calls that wait", lambda: holds.measure_holds(folder, ports, effort))
        return (*loaded, shadowed, at_rest, *pushed, waiting, *_alone(place, effort))


def _loaded(place: _Place, effort: Effort) -> tuple[Section, Section]:
    """Everything that needs the running product, then the check of its log."""
    folder, ports, core = place.folder, place.ports, place.load_core
    with on_core(core), up(place.home, folder / "up.log", place.product_core) as stack:
        requests, counted = uvloop.run(load.measure(stack, folder, ports, core, effort))
        streams, more = uvloop.run(events.measure(stack, folder, ports, core, effort))
    check_log(Home(place.home).log, Counted(counted.answered, counted.under_way + more.under_way))
    return requests, streams


def _pushed(place: _Place, effort: Effort) -> tuple[Section, Section]:
    """Pushes and pull requests through the running product; the same cores as under load."""
    folder, core = place.folder, place.load_core
    with on_core(core), up(place.home, folder / "up.log", place.product_core) as stack:
        pushed = uvloop.run(pushes.measure_pushes(stack, folder, place.ports, core, effort))
        proposed = uvloop.run(proposals.measure_proposals(stack, folder, place.ports, core, effort))
    return pushed, proposed


def _shadowed(place: _Place, effort: Effort) -> Section:
    """A candidate beside the product: sharing its one core, and with two for both."""
    folder, ports, core = place.folder, place.ports, place.load_core
    rows: list[Figure] = []
    for cores, key, product in (
        ("one core", "one_core", place.product_core),
        ("two cores", "two_cores", None),
    ):
        with up(place.home, folder / "up.log", product) as stack, on_core(core):
            found = uvloop.run(shadow.measure_shadow(stack, folder, ports, core, effort))
            rows += shadow.figures(cores, key, found)
    return Section("a candidate in the shadow", tuple(rows))


def _soaked(place: _Place) -> Section:
    """Memory under a long load, then the check of its log."""
    with on_core(place.load_core), up(place.home, place.folder / "up.log", place.product_core) as stack:
        memory, counted = soak.measure(stack, place.folder, place.ports, place.load_core)
    check_log(Home(place.home).log, counted)
    return memory


def _alone(place: _Place, effort: Effort) -> tuple[Section, ...]:
    """The parts, each without the others."""
    folder, policies = place.folder, place.home / "policies"
    with on_core(place.product_core):
        opa = _step("OPA alone", lambda: uvloop.run(engine.measure(policies, folder, effort)))
        tokens = _step("tokens", lambda: parts.measure_tokens(effort))
        changed = _step("changes", lambda: uvloop.run(changes.measure_changes(folder, effort)))
        handed_in = _step("outputs", lambda: uvloop.run(outputs.measure_outputs(effort)))
    with on_core(place.load_core):
        core = place.product_core
        appends = _step("appends", lambda: uvloop.run(log.measure_appends(folder, core, effort)))
        started = _step("a large log", lambda: restart.measure_restart(folder, core, effort))
    # Each of its two OPAs has a core, as on anybody's machine.
    replayed = _step("replay", lambda: uvloop.run(replay.measure_replay(policies, folder, effort)))
    return opa, appends, started, tokens, changed, handed_in, replayed


def _step(name: str, work: Callable[[], Result]) -> Result:
    began = time.monotonic()
    print(f"  measuring: {name} …", file=sys.stderr, flush=True)
    result = work()
    print(f"  measured:  {name} [{time.monotonic() - began:.1f} s]", file=sys.stderr, flush=True)
    return result


@contextmanager
def _interruptible() -> Iterator[None]:
    """SIGTERM and a lost terminal end a run as Ctrl-C does: everything is stopped on the way out."""
    numbers = (signal.SIGTERM, signal.SIGHUP)
    before = [signal.signal(number, _interrupt) for number in numbers]
    try:
        yield
    finally:
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)


def _interrupt(_number: int, _frame: object) -> NoReturn:
    raise KeyboardInterrupt
