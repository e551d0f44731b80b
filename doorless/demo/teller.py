"""Tells the story: one line a step, and a count of what did not end as told.

What a line shows is what was read back from the log or seen on the spot, never what was expected.
"""

import time
from dataclasses import dataclass
from typing import Literal

from rich.console import Console
from rich.table import Table
from rich.text import Text

Shown = Literal["ALLOW", "DENY", "HOLD", "FACT"]

_COLOURS: dict[Shown, str] = {"ALLOW": "green", "DENY": "red", "HOLD": "yellow", "FACT": "cyan"}
_TRIED_WIDTH = 66
_CODE_WIDTH = 30


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that was tried, and how it ended."""

    tried: str
    shown: Shown
    code: str
    id: str
    as_told: bool


@dataclass(slots=True)
class Chapter:
    """One chapter's count."""

    name: str
    title: str
    steps: int = 0
    failed: int = 0
    seconds: float = 0.0


class Teller:
    """Prints steps as they happen and keeps the count by chapter."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._chapters: list[Chapter] = []
        self._began = 0.0

    def begin(self, name: str, title: str) -> None:
        """A new chapter."""
        self._chapters.append(Chapter(name, title))
        self._began = time.monotonic()
        self._console.print(f"\n{title}", style="bold", highlight=False)

    def end(self) -> None:
        """The chapter is told."""
        self._chapters[-1].seconds = time.monotonic() - self._began

    def step(self, step: Step) -> None:
        """Tell one step."""
        chapter = self._chapters[-1]
        chapter.steps += 1
        line = Text("  ")
        line.append(f"{step.shown:<6}", style=_COLOURS[step.shown])
        line.append(f"{step.tried:<{_TRIED_WIDTH}} {step.code:<{_CODE_WIDTH}} {step.id}".rstrip())
        if not step.as_told:
            chapter.failed += 1
            line.append("   NOT AS TOLD", style="bold red")
        self._console.print(line, soft_wrap=True)

    def fact(self, tried: str, *, as_told: bool, code: str = "", place: str = "") -> None:
        """Something that is seen rather than decided."""
        self.step(Step(tried, "FACT", code, place, as_told))

    def quote(self, lines: list[str]) -> None:
        """What an agent printed, indented."""
        for line in lines:
            self._console.print(Text(f"         │ {line}", style="dim"), soft_wrap=True)

    def say(self, text: str) -> None:
        """Progress between the lines."""
        self._console.print(Text(f"  … {text}", style="dim"), soft_wrap=True)

    def close(self) -> int:
        """The table and the count; how many steps did not end as told."""
        table = Table(title="\nwhat was told")
        for heading, justify in (
            ("chapter", "left"),
            ("", "left"),
            ("steps", "right"),
            ("as told", "right"),
            ("s", "right"),
        ):
            table.add_column(heading, justify="right" if justify == "right" else "left")
        for chapter in self._chapters:
            told = chapter.steps - chapter.failed
            table.add_row(
                chapter.name, chapter.title, str(chapter.steps), str(told), f"{chapter.seconds:.1f}"
            )
        self._console.print(table)
        failed = sum(chapter.failed for chapter in self._chapters)
        passed = sum(chapter.steps for chapter in self._chapters) - failed
        self._console.print(f"{passed} passed, {failed} failed", highlight=False)
        return failed
