"""Which key signs and which are published at a given second: a pure function of the ring's records.

A new key is published for a lead before it signs, so that a verifier which reads the JWKS that often knows it by
then. An old key stays published until the last token it may have signed has expired. Nothing here needs a timer,
so a restart at any moment changes nothing.
"""

from dataclasses import dataclass
from itertools import pairwise
from typing import Annotated, Literal

import msgspec

from issuer.token import MAX_LIFETIME_S

LEAD_S = 60


@dataclass(frozen=True, slots=True)
class Window:
    """How long a rotation takes, in seconds: from published to signing, and from replaced to forgotten."""

    lead_s: int = LEAD_S
    stay_s: int = MAX_LIFETIME_S
    """At least the longest life of a token, or good tokens are refused."""


WINDOW = Window()


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

    def pruned(self, now: int, window: Window = WINDOW) -> "Ring":
        """Without the keys whose every token has expired: those replaced `window.stay_s` ago or earlier."""
        kept = [
            each
            for each, successor in zip(self.keys, self.keys[1:], strict=False)
            if now < successor.signs_from + window.stay_s
        ]
        return Ring(keys=(*kept, self.keys[-1]))

    def rotated(self, new_kid: str, now: int, window: Window = WINDOW) -> "Ring":
        """With a new key that is published now and signs in `window.lead_s` seconds."""
        return Ring(keys=(*self.pruned(now, window).keys, KeyRecord(new_kid, now + window.lead_s)))
