"""How the demo waits: until something is seen, and never for ever."""

import time
from collections.abc import Callable
from typing import TypeVar

PATIENCE_S = 30.0

T = TypeVar("T")


class NeverCame(Exception):
    """Something that the story waits for did not happen in time."""


def wait_for(found: Callable[[], T]) -> T:
    """The first true result. Raises `NeverCame`."""
    deadline = time.monotonic() + PATIENCE_S
    while not (result := found()):
        if time.monotonic() > deadline:
            raise NeverCame("it did not happen in time")
        time.sleep(0.02)
    return result
