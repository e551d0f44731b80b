"""Which key signs and which are published at a given second: a pure function of the ring's records.

A new key is published for `LEAD_S` seconds before it signs, so that a verifier which reads the JWKS that often
knows it by then. An old key stays published until the last token it may have signed has expired. Nothing here
needs a timer, so a restart at any moment changes nothing.
"""

from itertools import pairwise
from typing import Annotated, Literal

import msgspec

from issuer.token import MAX_LIFETIME_S

LEAD_S = 60


class KeyRecord(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A key by its thumbprint, and the unix second from which it signs."""

    kid: Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9_-]{43}\Z")]
    signs_from: Annotated[int, msgspec.Meta(ge=0)]


class Ring(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The keys in the order in which they sign; never empty, each once."""

    keys: Annotated[tuple[KeyRecord, ...], msgspec.Meta(min_length=1)]
    v: Literal[1] = 1

    def __post_init__(self) -> None:
        """Refuses a ring whose order or names contradict each other."""
        in_order = all(before.signs_from <= after.signs_from for before, after in pairwise(self.keys))
        if not in_order or len({each.kid for each in self.keys}) != len(self.keys):
            raise ValueError("the keys of a ring stand in order, each once")

    def signing(self, now: int) -> str:
        """The kid that signs at `now`: the newest whose time has come (the oldest, if a clock ran backwards)."""
        ready = [each.kid for each in self.keys if each.signs_from <= now]
        return ready[-1] if ready else self.keys[0].kid

    def pending(self, now: int) -> str | None:
        """The kid that is published and does not sign yet, if there is one."""
        newest = self.keys[-1]
        return newest.kid if newest.signs_from > now else None

    def pruned(self, now: int) -> "Ring":
        """Without the keys whose every token has expired: those replaced `MAX_LIFETIME_S` ago or earlier."""
        kept = [
            each
            for each, successor in zip(self.keys, self.keys[1:], strict=False)
            if now < successor.signs_from + MAX_LIFETIME_S
        ]
        return Ring(keys=(*kept, self.keys[-1]))

    def rotated(self, new_kid: str, now: int) -> "Ring":
        """With a new key that is published now and signs in `LEAD_S` seconds."""
        return Ring(keys=(*self.pruned(now).keys, KeyRecord(new_kid, now + LEAD_S)))
