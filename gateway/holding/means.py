"""What holds need from outside, and the one failure of a person's word; nothing else."""

from collections.abc import Callable
from dataclasses import dataclass


class Unheard(Exception):
    """A person's word that does not count; `code` says why."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class Means:
    """What comes from outside: the time in Unix seconds, and names that nobody can guess."""

    now: Callable[[], int]
    hold_id: Callable[[], str]
    nonce: Callable[[], str]
