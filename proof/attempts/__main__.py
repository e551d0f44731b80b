"""`python -m proof.attempts AREA.NAME ARGUMENTS`: makes one attempt and tells how it went, as one line of JSON.

Standard library only, for it runs inside rooms; the same program outside is the control. An attempt returns what it
got hold of, None where only the receiver can know, a list where its finds speak for themselves, or raises `OSError`
with the number that stopped it.
"""

import errno
import importlib
import json
import sys
from typing import Any


def main() -> int:
    """Make the attempt; the exit code is 0 however it went, because the line tells."""
    area, _, name = sys.argv[1].partition(".")
    arguments: dict[str, Any] = json.loads(sys.argv[2])
    attempt = getattr(importlib.import_module(f"proof.attempts.{area}"), name)
    try:
        got = attempt(**arguments)
    except OSError as reason:
        # Some errors carry no number: a name that does not resolve, a deadline.
        number = errno.errorcode.get(reason.errno or 0, type(reason).__name__)
        tell(reached=False, got="", number=number, why=f"{reason.strerror or reason}")
    else:
        told = {None: "only the receiver knows", list: "it looked around"}
        open_end = told.get(got if got is None else type(got), "")
        found = " ".join(got) if isinstance(got, list) else str(got or "")
        tell(reached=not open_end, got=found, number="", why=open_end)
    return 0


def tell(**facts: object) -> None:
    """One line."""
    sys.stdout.write(json.dumps(facts) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
