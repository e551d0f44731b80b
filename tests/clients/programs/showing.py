"""Runs calls of a client library one after another and prints, as one JSON object, what each of them showed."""

import json
import sys
from collections.abc import Callable


def show(calls: "dict[str, Callable[[], object]]") -> None:
    """Make the calls that the command line names, all where it names none; an exception is shown as it prints."""
    shown = {}
    for name in sys.argv[1:] or calls:
        try:
            shown[name] = f"answered: {calls[name]()}"
        except Exception as refused:  # noqa: BLE001 - whatever it is, it is what is shown
            shown[name] = f"{type(refused).__name__}: {refused}"
    print(json.dumps(shown))
