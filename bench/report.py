"""How figures are shown: one table for a person, a line for each miss, one JSON document for a program.

Measures nothing and judges nothing.
"""

from collections.abc import Iterable, Mapping
from typing import Any, assert_never

from rich.box import SIMPLE_HEAD
from rich.table import Table

from bench.figure import AtLeast, AtMost, Figure, Section, Target

_STYLE = {"ok": "green", "MISS": "bold red", "": ""}
_EXACT_FROM = 100  # figures from here on are shown as whole numbers
_TENTHS_FROM = 10


def table(sections: Iterable[Section]) -> Table:
    """All figures: the median, the lowest and the highest run, what was promised, and whether it holds."""
    shown = Table(box=SIMPLE_HEAD, pad_edge=False, header_style="bold")
    shown.add_column("figure")
    for column in ("median", "lowest", "highest"):
        shown.add_column(column, justify="right")
    shown.add_column("unit")
    shown.add_column("target", justify="right")
    shown.add_column("")
    for section in sections:
        shown.add_row(f"[bold]{section.title}[/bold]")
        for figure in section.figures:
            shown.add_row(*_cells(figure), f"[{style}]{figure.verdict}" if (style := _style(figure)) else "")
        shown.add_section()
    return shown


def miss_line(figure: Figure) -> str:
    """One line that says which promise does not hold, and by what."""
    return f"MISS {figure.key}: {figure.name}: {number(figure.median)} {figure.unit}, target {_promise(figure.target)}"


def document(sections: Iterable[Section], about: Mapping[str, str]) -> dict[str, Any]:
    """The same for a program; `about` says on what it was measured."""
    return {
        "about": dict(about),
        "figures": {
            figure.key: {
                "section": section.title,
                "name": figure.name,
                "unit": figure.unit,
                "median": figure.median,
                "runs": list(figure.values),
                "target": _promise(figure.target),
                "verdict": figure.verdict,
            }
            for section in sections
            for figure in section.figures
        },
    }


def number(value: float) -> str:
    """A figure as people read it: three digits that mean something."""
    if value >= _EXACT_FROM:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= _TENTHS_FROM else f"{value:.2f}"


def _cells(figure: Figure) -> tuple[str, ...]:
    runs = (figure.median, min(figure.values), max(figure.values))
    return (f"  {figure.name}", *map(number, runs), figure.unit, _promise(figure.target))


def _style(figure: Figure) -> str:
    return _STYLE[figure.verdict]


def _promise(target: Target | None) -> str:
    match target:
        case None:
            return ""
        case AtMost(limit):
            return f"≤ {limit:,g}"
        case AtLeast(limit):
            return f"≥ {limit:,g}"
        case _ as never:
            assert_never(never)
