"""Which secrets must not come back on one channel: every static credential, and what the workflow's tokens hold.

One value for each channel. The scrubber is built when tokens change, not for each request.
"""

from collections.abc import Iterable, Iterator

from gateway.caller import Caller
from gateway.credentials import WORKFLOW_JWT
from gateway.scrub import LiveSecret, Scrubber
from gateway.secret import Secret

_KID_CHARACTERS = 24
"""The end of a token's header, which is mostly its `kid`: all tokens of one key share it, and nothing else has it."""


class LiveSecrets:
    """The live secrets of one channel, and the scrubber that finds them."""

    def __init__(self, static: tuple[LiveSecret, ...]) -> None:
        self._static = static
        self._tokens: dict[Secret, int] = {}
        """When each expires, in Unix seconds."""
        self.latest = Scrubber(static)
        """What finds all that is known now."""

    def scrubber(self, caller: Caller, now: int) -> Scrubber:
        """What finds every static credential, the tokens of `caller`, and its earlier ones until they expire.

        It finds tokens of other workflows too, by the key that signed them. `now` is Unix seconds.
        """
        if all(grant.token in self._tokens for grant in caller.grants.values()):
            return self.latest
        known = {token: expires_at for token, expires_at in self._tokens.items() if expires_at > now}
        known.update({grant.token: grant.expires_at for grant in caller.grants.values()})
        self._tokens = known
        self.latest = Scrubber((*self._static, *_of_tokens(known)))
        return self.latest


def _of_tokens(tokens: Iterable[Secret]) -> Iterator[LiveSecret]:
    for token in tokens:
        yield LiveSecret(WORKFLOW_JWT, token)
        header = token.reveal().partition(".")[0]
        yield LiveSecret(WORKFLOW_JWT, Secret(header[-_KID_CHARACTERS:]))
