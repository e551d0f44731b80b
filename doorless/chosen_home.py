"""Which home a command works on: the option, else DOORLESS_HOME, else a clear refusal."""

import os
from pathlib import Path

from doorless.home import Home
from doorless.problem import Problem


def choose_home(option: Path | None) -> Home:
    """The home that a command works on: `--home`, else DOORLESS_HOME; it must exist."""
    named = option or (Path(value) if (value := os.environ.get("DOORLESS_HOME")) else None)
    if named is None:
        raise Problem(
            "No home was named.",
            "This command works on one home, and neither --home nor DOORLESS_HOME says which.",
            "Add `--home HOME`, or `export DOORLESS_HOME=HOME`. `doorless init HOME` makes one.",
        )
    home = Home(named.expanduser().absolute())
    if not home.configuration.is_file():
        raise Problem(
            f"{home.root} is not a home.",
            "It holds no doorless.yaml.",
            f"Make one with `doorless init {named}`, or name another.",
        )
    return home
