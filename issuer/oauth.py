"""The OAuth 2 server on authlib's classes: introspection (RFC 7662), revocation (RFC 7009), client authentication.

authlib is synchronous and knows no web framework; this module gives it values and takes values back, and does
no I/O. Whether a token is good is decided by `issuer.token.verify` and by the workflow's record, nowhere else.
A token is revoked by ending its workflow: all tokens of one workflow stand and fall together.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from authlib.oauth2.rfc6749 import AuthorizationServer, InvalidRequestError, OAuth2Request
from authlib.oauth2.rfc6749.authenticate_client import authenticate_client_secret_basic
from authlib.oauth2.rfc7009 import RevocationEndpoint
from authlib.oauth2.rfc7662 import IntrospectionEndpoint

from issuer.resource_servers import ResourceServer, ResourceServers
from issuer.token import Refused, VerifiedToken

BASIC = "client_secret_basic"

Verify = Callable[[str, str], VerifiedToken | Refused]
"""A token and the audience that asks, to what our own verification says now."""


@dataclass(frozen=True, slots=True)
class FormRequest:
    """An endpoint request, already read: the form holds each field once."""

    uri: str
    authorization: str
    form: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class OAuthReply:
    """What authlib answers, and the token that the caller must revoke before it sends that."""

    status: int
    document: Mapping[str, Any]
    headers: Mapping[str, str]
    revoke: VerifiedToken | None = None


class OAuthServer(AuthorizationServer):  # type: ignore[misc]  # authlib ships no types
    """authlib's authorization server with two endpoints and no grants: tokens come over the control API alone."""

    def __init__(
        self,
        issuer: str,
        servers: ResourceServers,
        verify: Verify,
        is_active: Callable[[VerifiedToken], bool],
    ) -> None:
        """`is_active` tells whether the token's workflow is active at this moment."""
        super().__init__()
        self.issuer = issuer
        self.verify = verify
        self.is_active = is_active
        self._servers = servers
        self.register_client_auth_method(BASIC, _basic)
        self.register_endpoint(_Introspection)
        self.register_endpoint(_Revocation)

    def answer(self, endpoint: str, request: FormRequest) -> OAuthReply:
        """The reply of the endpoint `introspection` or `revocation`."""
        reply: OAuthReply = self.create_endpoint_response(endpoint, request)
        return reply

    def query_client(self, client_id: str) -> ResourceServer | None:
        """The resource server of that name."""
        return self._servers.get(client_id)

    def create_oauth2_request(self, request: FormRequest) -> "_Request":
        """Authlib's view of a request."""
        return _Request(request)

    def handle_response(self, status: int, body: Any, headers: Any) -> OAuthReply:
        """A reply as a value; a revocation carries the token to revoke in its body."""
        document = dict(body)
        revoke = document.pop(_REVOKE, None)
        return OAuthReply(status, document, {name.lower(): value for name, value in headers}, revoke)

    def send_signal(self, name: str, *args: Any, **kwargs: Any) -> None:
        """Authlib's notices have no listener here."""


_REVOKE = "revoke"


class _Request(OAuth2Request):  # type: ignore[misc]  # authlib ships no types
    """One request: authlib reads the form and the Authorization header from it."""

    def __init__(self, request: FormRequest) -> None:
        super().__init__("POST", request.uri, headers={"Authorization": request.authorization})
        self._form = request.form

    @property
    def form(self) -> Mapping[str, str]:
        return self._form


class _Introspection(IntrospectionEndpoint):  # type: ignore[misc]  # authlib ships no types
    """Active only if the token verifies now, for the service that asks, and its workflow is active."""

    CLIENT_AUTH_METHODS = (BASIC,)

    def authenticate_token(self, request: _Request, client: ResourceServer) -> VerifiedToken | None:
        return _good_token(self.server, request, client)

    def create_introspection_payload(self, token: VerifiedToken | None) -> dict[str, Any]:
        if token is None:
            return {"active": False}
        return {
            "active": True,
            "token_type": "Bearer",
            "iss": self.server.issuer,
            "aud": token.audience,
            "sub": token.workflow,
            "client_id": token.role,
            "scope": " ".join(token.scope),
            "iat": token.issued_at,
            "nbf": token.issued_at,
            "exp": token.expires_at,
            "jti": token.jti,
            "agent": token.role,
            "workflow": token.workflow,
            "txn": token.txn,
        }


class _Revocation(RevocationEndpoint):  # type: ignore[misc]  # authlib ships no types
    """Names the token to revoke; what is no good token of this client is answered 200 alike (RFC 7009 section 2.2)."""

    CLIENT_AUTH_METHODS = (BASIC,)

    def create_endpoint_response(
        self, request: _Request
    ) -> tuple[int, dict[str, Any], list[tuple[str, str]]]:
        client = self.authenticate_endpoint_client(request)
        token = _good_token(self.server, request, client)
        return 200, {} if token is None else {_REVOKE: token}, []


def _good_token(server: OAuthServer, request: _Request, client: ResourceServer) -> VerifiedToken | None:
    """The token in the form. A hint at its type may be ignored (RFC 7009 section 2.1): there is one type."""
    if "token" not in request.form:
        raise InvalidRequestError("The form holds no token.")
    verified = server.verify(request.form["token"], client.audience)
    if isinstance(verified, Refused) or not server.is_active(verified):
        return None
    return verified


def _basic(query_client: Callable[[str], ResourceServer | None], request: _Request) -> ResourceServer | None:
    try:
        client: ResourceServer | None = authenticate_client_secret_basic(query_client, request)
    except ValueError:
        # authlib lets bytes that are not UTF-8 or not base64 through to the caller as an exception.
        return None
    return client
