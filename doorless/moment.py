"""Points in time as people write them: `2026-01-31`, `2026-01-31T08:00`, `2026-01-31T08:00:00+01:00`; pure."""

import datetime as dt

from doorless.problem import Problem


def milliseconds(text: str) -> int:
    """The moment since the epoch; without an offset it is UTC. Raises `Problem` for anything else."""
    try:
        moment = dt.datetime.fromisoformat(text)
    except ValueError:
        raise Problem(
            f"{text!r} is no point in time.",
            "It is a date, or a date and a time, as ISO 8601 writes them.",
            "Write for example 2026-01-31, or 2026-01-31T08:00 (UTC).",
        ) from None
    moment = moment if moment.tzinfo is not None else moment.replace(tzinfo=dt.UTC)
    return int(moment.timestamp() * 1000)
