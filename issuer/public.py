"""The public face on a loopback TCP port: keys, introspection, revocation, health.

Open to every process of the machine, so it shows public keys and nothing else to whom it does not know. It
reads requests strictly and hands them to `issuer.oauth`; what revokes, ends the workflow and records it here.
A verifier that knows only the keys accepts a token until its `exp`; one that must refuse the tokens of an ended
workflow at once asks introspection.
"""

from urllib.parse import parse_qsl

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from issuer.bodies import read_body
from issuer.issue import Issuer
from issuer.keyset import write_jwks
from issuer.oauth import FormRequest, OAuthServer
from issuer.replies import json_reply, now, on_http_error
from issuer.resource_servers import ResourceServers
from issuer.token import Refused, VerifiedToken, verify
from issuer.workflows import Ending

_FORM = "application/x-www-form-urlencoded"
_MAX_FIELDS = 16


class Public:
    """The handlers of the public face."""

    def __init__(self, issuer: Issuer, servers: ResourceServers) -> None:
        """`servers` are the services that may ask."""
        self._issuer = issuer
        self._oauth = OAuthServer(issuer.url, servers, self._verify, self._is_active)

    def app(self) -> Starlette:
        """The application: four routes, and nothing else."""
        return Starlette(
            routes=[
                Route("/.well-known/jwks.json", self.jwks, methods=["GET"]),
                Route("/introspect", self.introspect, methods=["POST"]),
                Route("/revoke", self.revoke, methods=["POST"]),
                Route("/health", self.health, methods=["GET"]),
            ],
            exception_handlers={HTTPException: on_http_error},
        )

    async def jwks(self, _request: Request) -> Response:
        """The public keys (RFC 7517). They may be kept for half the time that a new key waits before it signs."""
        keys = write_jwks(self._issuer.keys.published(now()).values())
        return json_reply(200, keys, {"cache-control": f"max-age={self._issuer.keys.window.lead_s // 2}"})

    async def introspect(self, request: Request) -> Response:
        """RFC 7662: whether the token counts now, for the service that asks."""
        reply = self._oauth.answer("introspection", await _read_form(request))
        return json_reply(reply.status, reply.document, reply.headers)

    async def revoke(self, request: Request) -> Response:
        """RFC 7009: end the workflow of the token, and with it all its tokens."""
        reply = self._oauth.answer("revocation", await _read_form(request))
        if reply.revoke is not None:
            await self._issuer.end(reply.revoke.workflow, Ending.REVOKED)
            await self._issuer.revoked(reply.revoke)
        return json_reply(reply.status, reply.document, reply.headers)

    async def health(self, _request: Request) -> Response:
        """That this process answers; no more."""
        return json_reply(200, {"status": "ok"})

    def _verify(self, compact: str, audience: str) -> VerifiedToken | Refused:
        at = now()
        return verify(
            compact, self._issuer.keys.published(at), issuer=self._issuer.url, audience=audience, now=at
        )

    def _is_active(self, token: VerifiedToken) -> bool:
        return self._issuer.workflows.is_active(token.workflow, now())


async def _read_form(request: Request) -> FormRequest:
    """The form of an endpoint request. Raises `HTTPException` 400 for another shape, 413 for a large body."""
    body = await read_body(request)
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != _FORM:
        raise HTTPException(400, f"The content type is {_FORM}.")
    authorizations = request.headers.getlist("authorization")
    if len(authorizations) > 1:
        raise HTTPException(400, "There is one Authorization header.")
    try:
        pairs = parse_qsl(
            body.decode("ascii"),
            keep_blank_values=True,
            strict_parsing=True,
            errors="strict",
            max_num_fields=_MAX_FIELDS,
        )
    except ValueError:
        raise HTTPException(400, "The body is not a form.") from None
    form = dict(pairs)
    if len(form) != len(pairs):
        raise HTTPException(400, "A form field stands twice.")
    # The address is ours and on loopback; what the client wrote into Host plays no part.
    return FormRequest(f"http://127.0.0.1{request.url.path}", "".join(authorizations), form)
