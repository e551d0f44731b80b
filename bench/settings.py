"""What the command line may choose, and how much measuring it stands for.

Two options: where to write the figures for a program, and a short look for somebody who is changing code.
"""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Effort:
    """How often and how long is measured. Seconds are those of one run."""

    rounds: int
    load_s: int
    alone_s: int
    part_s: float
    """Of a part alone: decisions, appends, tokens, events."""
    starts: int
    """How often the whole stack, and one agent, are started."""


FULL = Effort(rounds=3, load_s=6, alone_s=4, part_s=1.5, starts=5)
QUICK = Effort(rounds=1, load_s=2, alone_s=1, part_s=0.5, starts=1)


@dataclass(frozen=True, slots=True)
class Settings:
    """What was asked for."""

    effort: Effort
    json: Path | None
    soak: bool
    """Measure memory over minutes of load, and nothing else."""


def parse(argv: Sequence[str]) -> Settings:
    """Settings from the arguments after the program's name. Ends the process with 2 on wrong ones."""
    parser = argparse.ArgumentParser(
        prog="python -m bench",
        description="Measures speed and memory on this machine, without a network, in less than four minutes.",
        epilog="Exit codes: 0 every promised figure holds, 1 one misses, 2 usage, 3 nothing could be measured.",
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there as well")
    parser.add_argument("--quick", action="store_true", help="one short run of each: a look, not a result")
    parser.add_argument("--soak", action="store_true", help="only this: memory over six minutes of load")
    read = parser.parse_args(argv)
    return Settings(QUICK if read.quick else FULL, read.json, read.soak)
