"""Standing grants: what persons approved beforehand, for one role on one route and for a time; pure.

Never for what cannot be undone: that is refused here where it is given, and policy does not hear it. Times are Unix
seconds and come in as arguments.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import msgspec

from audit.entry import EventEntry
from decision.question import Approval, RequestQuestion

LONGEST_S = 24 * 3600
"""No grant lasts longer: a restart reads the log that far back."""
GIVEN = "grant.given"
REVOKED = "grant.revoked"


@dataclass(frozen=True, slots=True)
class Grant:
    """A person's yes to every call of a role on a route that policy would hold under `template`."""

    grant: str
    at: int
    by: str
    template: str
    role: str
    service: str
    route: str
    expires_at: int
    revision: str

    def approval(self, digest: str, revision: str) -> Approval:
        """The fact that it is about one call."""
        return Approval(
            hold=self.grant,
            template=self.template,
            approvers=(self.by,),
            call_sha256=digest,
            nonce=self.grant,
            approved_at=self.at,
            expires_at=self.expires_at,
            revision_matches=self.revision == revision,
            standing=True,
        )


class GrantTerms(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a person grants; `for_s` in seconds."""

    template: str
    role: str
    service: str
    route: str
    for_s: int


class Standing:
    """The grants that stand."""

    def __init__(self) -> None:
        self._grants: dict[str, Grant] = {}

    def give(self, grant: Grant) -> None:
        """It stands from now on. Raises ValueError for one that lasts too long."""
        if not 0 < grant.expires_at - grant.at <= LONGEST_S:
            raise ValueError(f"the grant {grant.grant} lasts longer than {LONGEST_S} seconds, or not at all")
        self._grants[grant.grant] = grant

    def revoke(self, grant: str) -> None:
        """It stands no more."""
        self._grants.pop(grant, None)

    def get(self, grant: str, now: int) -> Grant | None:
        """The grant of that name, while it stands."""
        found = self._grants.get(grant)
        return found if found is not None and now < found.expires_at else None

    def all(self, now: int) -> Iterator[Grant]:
        """Those that stand; what is over is forgotten."""
        self._grants = {name: grant for name, grant in self._grants.items() if now < grant.expires_at}
        return iter(self._grants.values())

    def of(self, question: RequestQuestion, now: int) -> Grant | None:
        """The one that a call falls under; the newest of several."""
        asked = (question.role, question.service, question.route)
        found = [
            grant for grant in self._grants.values() if (grant.role, grant.service, grant.route) == asked
        ]
        return next((grant for grant in reversed(found) if now < grant.expires_at), None)

    def restore(self, entry: EventEntry) -> None:
        """Take up one event of the log. Raises ValueError for one that is damaged."""
        if entry.event == GIVEN:
            self.give(msgspec.convert(dict(entry.detail), Grant))
        elif entry.event == REVOKED:
            self.revoke(str(entry.detail.get("grant")))
