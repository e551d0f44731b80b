"""Who is asked next: a queue in which workflows take turns, so that one that asks much waits behind itself; pure.

Promises: within a workflow the order of arrival; between workflows one each, round after round.
"""

from collections import OrderedDict, deque
from typing import Generic, TypeVar

Item = TypeVar("Item")


class Turns(Generic[Item]):
    """Items by workflow. The first item of the workflow whose turn it is comes next."""

    def __init__(self) -> None:
        self._lines: OrderedDict[str, deque[Item]] = OrderedDict()

    def __bool__(self) -> bool:
        """Whether anything waits."""
        return bool(self._lines)

    def add(self, workflow: str, item: Item) -> None:
        """Behind everything that waits of its workflow."""
        line = self._lines.get(workflow)
        if line is None:
            line = self._lines[workflow] = deque()
        line.append(item)

    def add_first(self, workflow: str, item: Item) -> None:
        """Before everything."""
        self._lines.setdefault(workflow, deque()).appendleft(item)
        self._lines.move_to_end(workflow, last=False)

    def first(self) -> Item:
        """What comes next; it stays. Something must wait."""
        return next(iter(self._lines.values()))[0]

    def take(self) -> Item:
        """What comes next; it is the other workflows' turn then. Something must wait."""
        workflow, line = next(iter(self._lines.items()))
        item = line.popleft()
        if line:
            self._lines.move_to_end(workflow)
        else:
            del self._lines[workflow]
        return item

    def take_all(self) -> list[Item]:
        """Everything; nothing waits afterwards."""
        items = [item for line in self._lines.values() for item in line]
        self._lines.clear()
        return items
