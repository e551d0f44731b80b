"""A small number for each of many ids, in about twenty bytes each: what makes the check of a large log affordable.

Pure. An id is kept as 64 bits of Python's keyed hash. Of a million ids, two meet with a chance of one in thirty million;
then the second counts as known already. A dict of the ids themselves would take nine times as much.
"""

from array import array
from typing import Final

UNKNOWN: Final = 0
_FIRST_SLOTS: Final = 1 << 10
_EMPTY: Final = 0  # no key is 0
_MASK: Final = (1 << 64) - 1


class CompactStates:
    """Maps ids to numbers from 1 to 255; there is no way to take one out. Open addressing, at most two thirds full."""

    __slots__ = ("_count", "_keys", "_mask", "_states")

    def __init__(self) -> None:
        self._keys = array("Q", bytes(8 * _FIRST_SLOTS))
        self._states = bytearray(_FIRST_SLOTS)
        self._mask = _FIRST_SLOTS - 1
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def get(self, name: str) -> int:
        """The number of that id; UNKNOWN if it has none."""
        return self._states[self._slot(hash(name) & _MASK or 1)]

    def set(self, name: str, state: int) -> None:
        """Give an id a number, or another one."""
        key = hash(name) & _MASK or 1
        slot = self._slot(key)
        if self._keys[slot] == _EMPTY:
            self._count += 1
            if 3 * self._count > 2 * len(self._keys):
                self._grow()
                slot = self._slot(key)
            self._keys[slot] = key
        self._states[slot] = state

    def count(self, state: int) -> int:
        """How many ids have that number (1 to 255)."""
        return self._states.count(state)

    def _slot(self, key: int) -> int:
        """Where the key is, or the empty slot where it belongs."""
        keys, mask = self._keys, self._mask
        slot = key & mask
        while (found := keys[slot]) and found != key:
            slot = (slot + 1) & mask
        return slot

    def _grow(self) -> None:
        keys, states = self._keys, self._states
        self._keys = array("Q", bytes(16 * len(keys)))
        self._states = bytearray(2 * len(keys))
        self._mask = len(self._keys) - 1
        for key, state in zip(keys, states, strict=True):
            if key != _EMPTY:
                slot = self._slot(key)
                self._keys[slot] = key
                self._states[slot] = state
