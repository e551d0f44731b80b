"""Spans of time as people write them: `90`, `90s`, `5m`, `1h`, `7d`; pure."""

import re

from doorless.problem import Problem

_SECONDS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86_400}
_FORM = re.compile(r"([1-9][0-9]{0,5})([smhd]?)")


def seconds(text: str) -> int:
    """The span in seconds. Raises `Problem` for anything else."""
    form = _FORM.fullmatch(text)
    if form is None:
        raise Problem(
            f"{text!r} is not a span of time.",
            "It is a whole number with s, m, h or d behind it.",
            "Write for example 90s, 5m, 1h or 7d.",
        )
    return int(form[1]) * _SECONDS[form[2]]
