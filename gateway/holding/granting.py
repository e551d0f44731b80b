"""Giving standing grants and taking them back: recorded before one counts, and not counted from the word on that ends it."""

from dataclasses import asdict

from gateway.holding.means import Means, Unheard
from gateway.holding.standing import GIVEN, REVOKED, Grant, GrantTerms, Standing
from gateway.record import Recorder


class Granting:
    """The standing grants of one gateway."""

    def __init__(self, recorder: Recorder, means: Means) -> None:
        self._recorder = recorder
        self._means = means
        self.standing = Standing()

    async def give(self, terms: GrantTerms, by: str, revision: str) -> Grant:
        """A grant as that person. Raises ValueError for one that lasts too long, LogUnavailable: it does not stand."""
        now = self._means.now()
        grant = Grant(
            grant=self._means.hold_id().replace("h-", "g-", 1),
            at=now,
            by=by,
            template=terms.template,
            role=terms.role,
            service=terms.service,
            route=terms.route,
            expires_at=now + terms.for_s,
            revision=revision,
        )
        Standing().give(grant)  # looked at before it is recorded
        await self._recorder.event(GIVEN, **asdict(grant))
        self.standing.give(grant)
        return grant

    async def revoke(self, grant: str, by: str) -> None:
        """Take one back: it counts no more from here on, whatever the log does. Raises `Unheard`, LogUnavailable."""
        if self.standing.get(grant, self._means.now()) is None:
            raise Unheard("grant.unknown")
        self.standing.revoke(grant)
        await self._recorder.event(REVOKED, grant=grant, at=self._means.now(), by=by)

    def all(self) -> list[Grant]:
        """Those that stand now."""
        return list(self.standing.all(self._means.now()))
