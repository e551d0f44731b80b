"""What a candidate policy is still to be asked, behind the answers that were given: bounded, and never waited for; pure.

Promises that offering costs the same whoever takes, that nothing is kept while nobody takes, and that what does not
fit is counted and gone.
"""

from collections import deque
from dataclasses import dataclass
from typing import Final

from decision.model import Decision, Deny, Source
from decision.question import ChangeQuestion, RequestQuestion

MOST_WAITING: Final = 4_096
"""Questions of requests take about a kilobyte."""


@dataclass(frozen=True, slots=True)
class Answered:
    """A question that the policy in force has answered; the answer is recorded."""

    id: str
    """Of the decision."""
    question: RequestQuestion | ChangeQuestion
    decision: Decision
    revision: str
    """Of the policy in force."""


class ShadowQueue:
    """Open while a candidate is asked. Used on one event loop."""

    def __init__(self, most: int = MOST_WAITING) -> None:
        self._most = most
        self._waiting: deque[Answered] = deque()
        self.open = False
        self.skipped = 0
        """What did not fit since it was opened."""
        self.not_compared = 0
        """What the gateway decided in place of policy since then."""

    def __len__(self) -> int:
        """How many wait."""
        return len(self._waiting)

    def begin(self) -> None:
        """From here on what is offered is kept."""
        self.open, self.skipped, self.not_compared = True, 0, 0

    def end(self) -> None:
        """From here on it is not, and nothing waits."""
        self.open = False
        self._waiting.clear()

    def offer(
        self, decision_id: str, question: RequestQuestion | ChangeQuestion, decision: Decision, revision: str
    ) -> None:
        """Keep a question that the policy `revision` has answered, if there is room, and if it was policy that did."""
        if not self.open:
            return
        if isinstance(decision, Deny) and decision.source is Source.GATEWAY:
            self.not_compared += 1
        elif len(self._waiting) < self._most:
            self._waiting.append(Answered(decision_id, question, decision, revision))
        else:
            self.skipped += 1

    def take(self, most: int) -> list[Answered]:
        """The oldest ones: of requests up to `most`, or one change by itself."""
        taken: list[Answered] = []
        while self._waiting and len(taken) < most:
            change = isinstance(self._waiting[0].question, ChangeQuestion)
            if change and taken:
                break
            taken.append(self._waiting.popleft())
            if change:
                break
        return taken
