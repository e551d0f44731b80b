"""A probe of what comes back: a real service that shows the credential it was given, in one place and one form.

The control asks the service directly, with a credential of its own; it must come back, and be recognised. Through the
gateway not even eight bytes of the credential may.
"""

import asyncio
import contextlib
from dataclasses import dataclass
from typing import Final, Literal

from proof.answers import read_answer
from proof.catalogue import PRISONER, UPSTREAM_PORT
from proof.model import Group, Outcome, Reached, Runs, Stopped, Unsound
from proof.renderings import RENDERINGS
from proof.world import World

Credential = Literal["static", "token"]
FRAGMENT_BYTES: Final = 8
_WAIT_S: Final = 2.0


@dataclass(frozen=True, slots=True)
class ReflectionProbe:
    """One place of an answer, one form of a secret, one kind of credential."""

    place: str
    rendering: str
    credential: Credential
    group: Group = Group.SECRETS

    @property
    def name(self) -> str:
        """What it is called."""
        return f"{self.credential}-{self.place}-{self.rendering}"

    @property
    def proves(self) -> str:
        """What holds where it is proven."""
        what = "a static credential" if self.credential == "static" else "the workflow's token"
        return f"{what} does not come back in the {self.place}, {self.rendering}"

    async def runs(self, world: World) -> Runs:
        """Ask the service, then the gateway on a workflow of its own: a hit ends it."""
        control = await self._direct(world)
        async with world.control.workflow(PRISONER) as workflow:
            if self.credential == "static":
                service = world.layout.static_service
                secret, public = world.layout.static_key.read_bytes().strip(), b""
            else:
                service = world.layout.jwt_service
                secret = workflow.tokens[service].encode("ascii")
                public = without_signature(secret)
            before = len(world.upstream.received)
            raw = await workflow.get(f"/{service}{self._path}", _WAIT_S)
        if not any(secret in request for request in world.upstream.received[before:]):
            return Runs(control, Unsound(f"the service never got the credential: {raw[:200]!r}"))
        return Runs(
            control, self._judged(raw, secret, public, Stopped(f"answered {read_answer(raw).status}"))
        )

    @property
    def _path(self) -> str:
        return f"/reflect/{self.place}/{self.rendering}"

    async def _direct(self, world: World) -> Outcome:
        # Of the credential's own shape and length, and worth nothing.
        secret = world.plants.secrets["handed"].encode("ascii")
        request = b"GET %s HTTP/1.1\r\nhost: x\r\nx-api-key: %s\r\n\r\n" % (
            self._path.encode("ascii"),
            secret,
        )
        reader, writer = await asyncio.open_connection("127.0.0.1", UPSTREAM_PORT)
        writer.write(request)
        raw = b""
        with contextlib.suppress(TimeoutError):
            while chunk := await asyncio.wait_for(reader.read(65_536), 0.1):
                raw += chunk
        writer.close()
        return self._judged(raw, secret, b"", Stopped(f"the service does not show it: {raw[:200]!r}"))

    def _judged(self, raw: bytes, secret: bytes, public: bytes, otherwise: Outcome) -> Outcome:
        answer = read_answer(raw)
        render = RENDERINGS[self.rendering]
        # Headers, body, and the raw bytes for what stands behind a body.
        fragment = fragment_in((answer.headers, answer.body, raw), render(secret), secret, render(public))
        return Reached(f"{fragment!r} came back") if fragment else otherwise


def without_signature(token: bytes) -> bytes:
    """A token that proves nothing, and is as long: header and claims are no secret, the signature is."""
    told, _, signature = token.rpartition(b".")
    return told + b"." + b"A" * len(signature)


def fragment_in(texts: tuple[bytes, ...], rendered: bytes, secret: bytes, public: bytes = b"") -> bytes:
    """A piece of the rendered secret that stands for `FRAGMENT_BYTES` of it and is in one of the texts, or nothing.

    What stands in `public` too is no find: a part of a token that everybody may know, in the same form.
    """
    width = max(FRAGMENT_BYTES, round(FRAGMENT_BYTES * len(rendered) / len(secret)))
    pieces = (rendered[at : at + width] for at in range(len(rendered) - width + 1))
    secrets = (piece for piece in pieces if piece not in public)
    return next((piece for piece in secrets if any(piece in text for text in texts)), b"")
