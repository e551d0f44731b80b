"""Write the stored crash reports again: `python -m tenants.services.crash_reporting.generate [FILE]`.

Made up from the bugs in `bugs/` with a fixed seed over the fourteen days from 2026-11-08. Promise: the same
bytes in every Python version, so that the committed file can be compared with what this writes.
"""

import hashlib
import random
import re
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeVar

import msgspec

from tenants.services.crash_reporting.bugs import go, java, javascript, python
from tenants.services.crash_reporting.bugs.bug import App, Bug, Trend
from tenants.services.crash_reporting.model import Report, Reporter, Status
from tenants.services.crash_reporting.settings import STORED

SEED = 7829
REPORTS = 400
BEGIN = datetime(2026, 11, 8, tzinfo=UTC)
SPAN_S = 14 * 86_400
RELEASED = (0.0, 0.0, 0.3, 0.8)  # when each version came out, as a share of the span

_ALL: tuple[tuple[App, tuple[Bug, ...]], ...] = (
    (python.SHOP_BACKEND, python.BUGS),
    (java.ORDERS_SERVICE, java.BUGS),
    (javascript.STOREFRONT, javascript.BUGS),
    (go.LEDGER_GATEWAY, go.BUGS),
)
_FIRST = ("Ada", "Bela", "Chidi", "Dana", "Emre", "Farah", "Goran", "Hana", "Ines", "Jun", "Kofi", "Lena")
_LAST = ("Example", "Muster", "Placeholder", "Sample", "Specimen", "Testperson")
_Item = TypeVar("_Item")
_BLANK = re.compile(r"\{(ENTRY|[PLCAIUHNX])([0-9]*)\}")


@dataclass(frozen=True, slots=True)
class Made:
    """A report and the bug it comes from; the bug is never stored, only tests may know it."""

    bug: str
    report: Report


class _Dice:
    """Random choices built on random() alone, whose sequence for a seed never changes between versions."""

    def __init__(self, seed: int) -> None:
        self.share = random.Random(seed).random  # noqa: S311 - made-up data, no secret

    def below(self, limit: int) -> int:
        return int(self.share() * limit)

    def choice(self, items: Sequence[_Item]) -> _Item:
        return items[self.below(len(items))]

    def digits(self, base: str, count: int) -> str:
        return "".join(self.choice(base) for _ in range(count))


def made_reports() -> list[Made]:
    """Make all reports, in the order of their time."""
    dice = _Dice(SEED)
    bugs = [(app, bug) for app, bugs in _ALL for bug in bugs]
    total = sum(bug.weight for _, bug in bugs)
    made: list[Made] = []
    passed = 0
    for app, bug in bugs:
        # Rounding the running total gives each bug its share and all of them together exactly REPORTS.
        before, passed = passed, passed + bug.weight
        count = passed * REPORTS // total - before * REPORTS // total
        made.extend(Made(bug.key, _report(app, bug, dice)) for _ in range(count))
    return sorted(made, key=lambda one: (one.report.occurred_at, one.report.id))


def _report(app: App, bug: Bug, dice: _Dice) -> Report:
    moment = _moment(bug, dice)
    version = _version(bug.since, moment, dice)
    users = 1 + int(bug.users * dice.share() ** 3)
    first, last = dice.choice(_FIRST), dice.choice(_LAST)
    statuses: tuple[Status, ...] = ("open",) * 16 + ("triaged",) * 3 + ("closed",)
    return Report(
        id="cr-" + dice.digits("0123456789abcdef", 8),
        occurred_at=(BEGIN + timedelta(seconds=int(moment * SPAN_S))).strftime("%Y-%m-%dT%H:%M:%SZ"),
        app=app.name,
        version=app.versions[version],
        language=app.language,
        os=dice.choice(app.systems),
        users=users,
        occurrences=users + int(users * 2 * dice.share()),
        status=dice.choice(statuses),
        reporter=Reporter(
            name=f"{first} {last}",
            email=f"{first}.{last}{dice.below(900) + 100}@reporter.example".lower(),
        ),
        stack_trace=_Filler(app, version, dice).fill(bug.trace).rstrip("\n") + "\n",
    )


def _moment(bug: Bug, dice: _Dice) -> float:
    """Return when the report came, as a share of the span, following the bug's trend."""
    start = RELEASED[bug.since]
    share = dice.share()
    center = 0.35 + 0.5 * (len(bug.key) % 7) / 7
    shapes: dict[Trend, Callable[[], float]] = {
        "steady": lambda: start + (1 - start) * share,
        "rising": lambda: start + (1 - start) * share**0.4,
        "falling": lambda: start + (1 - start) * share**2.5,
        "burst": lambda: center + 0.06 * share,
        "fresh": lambda: 0.86 + 0.14 * share,
    }
    return shapes[bug.trend]()


def _version(since: int, moment: float, dice: _Dice) -> int:
    """Return the index of a version that was out at that moment; newer ones are in wider use."""
    out = [index for index, released in enumerate(RELEASED) if index >= since and released <= moment]
    return dice.choice([index for index in out for _ in range(2**index)])


class _Filler:
    """Fills the blanks of one report's trace; what belongs to the report is chosen once."""

    def __init__(self, app: App, version: int, dice: _Dice) -> None:
        self._dice = dice
        self._version = version
        self._build = hashlib.sha256(f"{app.name}/{app.versions[version]}".encode()).hexdigest()[:8]
        self._module = dice.digits("0123456789abcdef", 4)
        self._entry = dice.choice(app.entries)
        self._prefix = ""
        self._prefix = self.fill(dice.choice(app.prefixes))

    def fill(self, template: str) -> str:
        return _BLANK.sub(self._value, template.replace("{ENTRY}", self._entry))

    def _value(self, blank: re.Match[str]) -> str:
        number = int(blank[2] or "0")
        dice = self._dice
        fillers: dict[str, Callable[[], str]] = {
            "P": lambda: self._prefix,
            "L": lambda: str(number + self._version * (number % 5)),
            "C": lambda: str(number + self._version * (number % 97)),
            "A": lambda: "0xc" + dice.digits("0123456789abcdef", 9),
            "I": lambda: str(1_000 + dice.below(900_000)),
            "U": lambda: "-".join(dice.digits("0123456789abcdef", length) for length in (8, 4, 4, 4, 12)),
            "H": lambda: self._build,
            "N": lambda: str(1 + dice.below(40)),
            "X": lambda: self._module,
        }
        return fillers[blank[1]]()


def as_lines(made: Sequence[Made]) -> bytes:
    """Return the reports as JSON lines."""
    return b"".join(msgspec.json.encode(one.report) + b"\n" for one in made)


def main(argv: Sequence[str]) -> None:
    """Write the reports to the file named, or over the stored ones."""
    path = Path(argv[0]) if argv else STORED
    path.write_bytes(as_lines(made_reports()))
    print(f"wrote {REPORTS} reports to {path}")


if __name__ == "__main__":
    main(sys.argv[1:])
