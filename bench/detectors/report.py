"""What was measured of the detectors: a table of faults, a table of alarms, a line for each promise that does not hold."""

import statistics
from collections.abc import Iterator
from typing import Any, Final

from rich.box import SIMPLE_HEAD
from rich.table import Table

from bench.detectors.labelled import GRADED, Graded
from bench.detectors.measuring import Found, Tally

LEAST_RECALL: Final = 0.9
MOST_FALSE_ALARMS: Final = 1.0
"""For each role and week, by all detectors together."""


def faults(tally: Tally) -> Table:
    """Recall and delay, by kind and size of fault."""
    shown = _table("fault", "size", "faults", "recall", "median delay", "longest", "promised", "")
    for grade, size, found in _cells(tally):
        promised = _is_promised(grade, size)
        shown.add_row(
            f"{grade.kind} ({grade.detector})",
            f"{size:g} {grade.unit}",
            str(found.faults),
            f"{found.recall:.2f}",
            f"{statistics.median(found.delays_h):.0f} h" if found.delays_h else "-",
            f"{max(found.delays_h):.0f} h" if found.delays_h else "-",
            f"≥ {LEAST_RECALL}" if promised else "",
            ("ok" if found.recall >= LEAST_RECALL else "MISS") if promised else "",
        )
    return shown


def alarms(tally: Tally) -> Table:
    """Precision and false alarms, by detector."""
    shown = _table("detector", "findings", "precision", "false alarms a role and week", "promised", "")
    for detector in sorted({grade.detector for grade in GRADED}):
        shown.add_row(
            detector,
            str(tally.alarms.get(detector, 0)),
            f"{tally.precision(detector):.2f}",
            f"{tally.false_alarms(detector):.3f}",
            "",
            "",
        )
    everything = tally.all_false_alarms
    verdict = "ok" if everything <= MOST_FALSE_ALARMS else "MISS"
    total = str(sum(tally.alarms.values()))
    shown.add_row("all", total, "", f"{everything:.3f}", f"≤ {MOST_FALSE_ALARMS:g}", verdict)
    return shown


def misses(tally: Tally) -> list[str]:
    """One line for each promise that does not hold."""
    found = [
        f"MISS {grade.kind} {size:g} {grade.unit}: recall {cell.recall:.2f}, promised {LEAST_RECALL}"
        for grade, size, cell in _cells(tally)
        if _is_promised(grade, size) and cell.recall < LEAST_RECALL
    ]
    if tally.all_false_alarms > MOST_FALSE_ALARMS:
        found.append(f"MISS false alarms: {tally.all_false_alarms:.2f} for each role and week, promised 1")
    return found


def document(tally: Tally) -> dict[str, Any]:
    """The same for a program."""
    return {
        "faults": [
            {
                "kind": grade.kind,
                "detector": grade.detector,
                "size": size,
                "unit": grade.unit,
                "faults": cell.faults,
                "recall": cell.recall,
                "delays_h": [round(delay, 1) for delay in sorted(cell.delays_h)],
                "promised": LEAST_RECALL if _is_promised(grade, size) else None,
            }
            for grade, size, cell in _cells(tally)
        ],
        "detectors": {
            detector: {
                "findings": tally.alarms.get(detector, 0),
                "precision": tally.precision(detector),
                "false_alarms_role_week": tally.false_alarms(detector),
            }
            for detector in sorted({grade.detector for grade in GRADED})
        },
        "false_alarms_role_week": tally.all_false_alarms,
        "role_weeks": tally.role_weeks,
        "role_weeks_with_more_than_one": tally.crowded_weeks,
    }


def _cells(tally: Tally) -> Iterator[tuple[Graded, float, Found]]:
    for grade in GRADED:
        for size in grade.sizes:
            yield grade, size, tally.found.get((grade.kind, size), Found())


def _is_promised(grade: Graded, size: float) -> bool:
    return grade.promised is not None and size >= grade.promised


def _table(first: str, *others: str) -> Table:
    shown = Table(box=SIMPLE_HEAD, pad_edge=False, header_style="bold")
    shown.add_column(first)
    for name in others:
        shown.add_column(name, justify="right")
    return shown
