"""What one workflow has done so far, as facts for policy: counted while it happens, or again from the log; pure.

Promises that counting costs the same however much was done, that memory holds names of the catalogue only, and that a
call is seen by every call that is described after it: whichever of two that must not meet comes second sees the first.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Self

from decision.model import Allow, Decision, Deny, Hold, Source
from decision.question import History, RequestQuestion
from gateway.call import Call

READ = "read"
SAFE_METHODS = frozenset({"GET", "HEAD"})
"""Those that only fetch (RFC 9110, section 9.2.1)."""


@dataclass(frozen=True, slots=True)
class Touch:
    """What a call touches, by the catalogue."""

    service: str
    action: str
    data: str
    reads: bool

    @classmethod
    def of(cls, question: RequestQuestion) -> Self:
        """What this call touches; it reads where its action or its method says so."""
        reads = question.action == READ or question.method in SAFE_METHODS
        return cls(question.service, question.action, question.data, reads)


class _Names:
    """A set of names, each as often as somebody holds it; `sorted` is made anew only when the set changes."""

    __slots__ = ("_held", "sorted")

    def __init__(self) -> None:
        self._held: dict[str, int] = {}
        self.sorted: tuple[str, ...] = ()

    def add(self, name: str) -> None:
        held = self._held.get(name, 0)
        self._held[name] = held + 1
        if not held:
            self.sorted = tuple(sorted(self._held))

    def drop(self, name: str) -> None:
        held = self._held[name] - 1
        if held:
            self._held[name] = held
        else:
            del self._held[name]
            self.sorted = tuple(sorted(self._held))


class Past:
    """One workflow's. Used on one event loop; no method waits, so what each changes, changes at once."""

    def __init__(self) -> None:
        self._requests = self._allowed = self._denials = self._in_a_row = self._bytes_sent = 0
        self._services, self._data, self._data_read, self._under_way = _Names(), _Names(), _Names(), _Names()
        self._allowed_ones: set[str] = set()
        """Decision ids of calls under way that were allowed: what those touch stays touched."""

    def history(self) -> History:
        """What was done until now."""
        return History(
            requests=self._requests,
            allowed=self._allowed,
            denials=self._denials,
            denials_in_a_row=self._in_a_row,
            services=self._services.sorted,
            data=self._data.sorted,
            data_read=self._data_read.sorted,
            under_way=self._under_way.sorted,
            bytes_sent=self._bytes_sent,
        )

    @contextmanager
    def under_way(self, call: Call) -> Iterator[None]:
        """A call from the moment when it was described until it is over; meanwhile it counts as touching.

        What was not allowed until then was not touched.
        """
        touch = Touch.of(call.question)
        self._under_way.add(touch.action)
        self._hold(touch)
        try:
            yield
        finally:
            self._under_way.drop(touch.action)
            if call.id in self._allowed_ones:
                self._allowed_ones.remove(call.id)
            else:
                self._let_go(touch)

    def decided(self, call: Call, decision: Decision) -> None:
        """The decision on a call under way was recorded."""
        match decision:
            case Allow():
                self._allowed_ones.add(call.id)
                self._count_allowed()
            case Deny(source=Source.POLICY):
                self.denied()
            case Deny() | Hold():
                self._requests += 1

    def denied(self) -> None:
        """A denial by policy, or a refusal before policy, was recorded."""
        self._requests += 1
        self._denials += 1
        self._in_a_row += 1

    def sent(self, count: int) -> None:
        """So many bytes of a call that is over went to a service."""
        self._bytes_sent += count

    def recall_allowed(self, touch: Touch) -> None:
        """The log tells of a call that was allowed."""
        self._count_allowed()
        self._hold(touch)

    def recall_other(self) -> None:
        """The log tells of a decision that neither allowed a call nor is a denial that counts."""
        self._requests += 1

    def _count_allowed(self) -> None:
        self._requests += 1
        self._allowed += 1
        self._in_a_row = 0

    def _hold(self, touch: Touch) -> None:
        self._services.add(touch.service)
        if touch.data:
            self._data.add(touch.data)
            if touch.reads:
                self._data_read.add(touch.data)

    def _let_go(self, touch: Touch) -> None:
        self._services.drop(touch.service)
        if touch.data:
            self._data.drop(touch.data)
            if touch.reads:
                self._data_read.drop(touch.data)
