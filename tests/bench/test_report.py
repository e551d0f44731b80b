import io
import json

import pytest
from rich.console import Console

from bench.figure import AtLeast, Figure, Section
from bench.report import document, miss_line, number, table


def shown(*sections: Section) -> str:
    out = io.StringIO()
    Console(file=out, width=120).print(table(sections))
    return out.getvalue()


def test_the_table_holds_every_figure(slow: Figure) -> None:
    """Each row shows median, lowest, highest, unit, target and verdict below its section's title."""
    many = Figure("requests_s", "requests/s", "1/s", (2600.0,), AtLeast(2500))
    text = shown(Section("gateway", (many,)), Section("waiting", (slow,)))
    (row,) = [line.split() for line in text.splitlines() if "ms" in line]
    assert row == ["waiting", "2.00", "1.00", "3.00", "ms", "≤", "1.5", "MISS"]
    (row,) = [line.split() for line in text.splitlines() if "requests/s" in line]
    assert row[1:] == ["2,600", "2,600", "2,600", "1/s", "≥", "2,500", "ok"]
    assert text.index("gateway") < text.index("waiting")


def test_a_miss_is_one_line(slow: Figure) -> None:
    """A miss names its figure, what it is and what was promised, on one line."""
    assert miss_line(slow) == "MISS wait_ms: waiting: 2.00 ms, target ≤ 1.5"


def test_a_program_reads_all_runs(slow: Figure) -> None:
    """The JSON document keeps each run beside the median, by key, and says on what it was measured."""
    read = json.loads(json.dumps(document([Section("waits", (slow,))], {"cores": "2"})))
    assert read["about"] == {"cores": "2"}
    assert read["figures"]["wait_ms"] == {
        "section": "waits",
        "name": "waiting",
        "unit": "ms",
        "median": 2.0,
        "runs": [3.0, 1.0, 2.0],
        "target": "≤ 1.5",
        "verdict": "MISS",
    }


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.0213, "0.02"), (9.994, "9.99"), (10.04, "10.0"), (100.4, "100"), (35852.4, "35,852")],
)
def test_numbers_are_shown_as_people_read_them(value: float, text: str) -> None:
    """Small figures keep two decimals, large ones none."""
    assert number(value) == text
