"""The order of the measurement, and what is printed at the end: `python -m bench.detectors`.

Reads no clock but for the progress line: the same options give the same figures on every machine.
"""

import argparse
import json
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from rich.console import Console

from bench.detectors import report
from bench.detectors.labelled import stories
from bench.detectors.measuring import Tally, measure
from proof.histories.model import Story

MISSED: Final = 1
_TIMES: Final = 10
_WITHOUT: Final = 12
_QUICK: Final = (1, 2)
_WIDTH: Final = 120


@dataclass(frozen=True, slots=True)
class Settings:
    """How often each fault is tried, how many histories have none, and where the figures go as well."""

    times: int
    without: int
    json: Path | None


def main(argv: Sequence[str]) -> int:
    """Measure and print; the exit code is documented in `--help`."""
    settings = _parse(argv)
    replayed = list(stories(settings.times, settings.without))
    began = time.monotonic()
    tally = measure(replayed)
    _show(replayed, tally, time.monotonic() - began)
    if settings.json is not None:
        text = json.dumps(report.document(tally), indent=1, ensure_ascii=False)
        settings.json.write_text(text + "\n", encoding="utf-8")
    missed = report.misses(tally)
    for line in missed:
        print(line)
    return MISSED if missed else 0


def _parse(argv: Sequence[str]) -> Settings:
    parser = argparse.ArgumentParser(
        prog="python -m bench.detectors",
        description="Replays labelled, made-up histories of 30 days through the meta-workflow's detectors: what is found, "
        "how soon, and what is found where nothing is.",
        epilog="Exit codes: 0 every promise holds, 1 one does not, 2 usage.",
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there as well")
    parser.add_argument("--quick", action="store_true", help="each fault once: a look, not a result")
    given = parser.parse_args(argv)
    times, without = _QUICK if given.quick else (_TIMES, _WITHOUT)
    return Settings(times, without, given.json)


def _show(replayed: Sequence[Story], tally: Tally, seconds: float) -> None:
    console = Console() if sys.stdout.isatty() else Console(width=_WIDTH)
    quiet = sum(not story.faults for story in replayed)
    console.print(
        f"{len(replayed)} histories of {replayed[0].days} days, {quiet} of them without a fault, "
        f"{tally.role_weeks:.0f} role-weeks, {seconds:.0f} s",
        highlight=False,
    )
    console.print(report.faults(tally))
    console.print(report.alarms(tally))
    console.print(f"weeks of a role with more than one false alarm: {tally.crowded_weeks}", highlight=False)
