"""What the log says of the load afterwards: a figure counts only where every request left its durable records."""

from pathlib import Path

from audit.verify import LogDisagrees, Report, verify
from bench.failure import CannotMeasure
from bench.load import Counted

_KEEP = "Nothing of this run counts. `make test` first; then look at the gateway's outcomes."


def check_log(folder: Path, counted: Counted) -> Report:
    """Verify the whole log and hold it against what the load saw. Raises `CannotMeasure` where they disagree."""
    try:
        report = verify(folder)
    except LogDisagrees as wrong:
        raise CannotMeasure(f"the log does not verify: {wrong}", _KEEP) from wrong
    disagreement = compare(report, counted)
    if disagreement:
        raise CannotMeasure(disagreement, _KEEP)
    return report


def compare(report: Report, counted: Counted) -> str:
    """Why the log does not fit the load; empty where it does.

    Each answer that wrk counted has an allow and a completed outcome. A call that a run's end cut off may have any
    outcome or, where it was cut before the act, none.
    """
    allowed = report.decisions.get(("request", "allow"), 0)
    completed = report.outcomes.get("completed", 0)
    most = counted.answered + counted.under_way
    for what, number in (("allows", allowed), ("completed outcomes", completed)):
        if not counted.answered <= number <= most:
            return f"the log holds {number} {what}, the load saw {counted.answered} answers (at most {most} calls)"
    others = sum(number for key, number in report.decisions.items() if key[0] != "token") - allowed
    return f"the log holds {others} requests that were not allowed" if others else ""
