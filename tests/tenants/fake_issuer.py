"""A small real issuer for tests: JWKS and introspection over HTTP, able to be down, slow, wrong, or to say no."""

import base64
import json
import secrets
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs

from joserfc import jwt
from joserfc.jwk import ECKey

AUDIENCE = "crash-reporting"
EVERY_SCOPE = "read:crash-reports read:stack-traces write:crash-reports read:reporter-contacts"


class FakeIssuer:
    """One issuer on a free loopback port. `answer` replaces every answer; `moved` redirects introspection, `released` holds answers back."""

    def __init__(self) -> None:
        self.secret = secrets.token_urlsafe(24)
        self.keys = {"first": ECKey.generate_key("P-256")}
        self.active = True
        self.answer: tuple[int, bytes] | None = None
        self.released = threading.Event()
        self.released.set()
        self.moved = False
        self.introspected: list[dict[str, list[str]]] = []
        self.jwks_requests = 0
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def close(self) -> None:
        self.released.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def reset(self) -> None:
        self.active, self.answer, self.moved = True, None, False
        self.released.set()
        self.introspected.clear()

    def header(self, **changes: Any) -> dict[str, Any]:
        return _changed({"alg": "ES256", "typ": "at+jwt", "kid": "first"}, changes)

    def claims(self, **changes: Any) -> dict[str, Any]:
        now = int(time.time())
        claims = {
            "iss": self.url,
            "aud": AUDIENCE,
            "sub": "wf-canary",
            "client_id": "crash-tracker",
            "scope": EVERY_SCOPE,
            "iat": now,
            "nbf": now,
            "exp": now + 300,
            "jti": secrets.token_hex(8),
        }
        return _changed(claims, changes)

    def token(self, header: dict[str, Any] | None = None, key: ECKey | None = None, **claims: Any) -> str:
        """Sign a token; `None` as a claim's value leaves the claim out."""
        signed_with = key or self.keys["first"]
        return jwt.encode(header or self.header(), self.claims(**claims), signed_with, default_type=None)

    def jwks(self) -> bytes:
        keys = [
            {**key.as_dict(private=False), "kid": name, "use": "sig", "alg": "ES256"}
            for name, key in self.keys.items()
        ]
        return json.dumps({"keys": keys}).encode()

    def introspect(self, authorization: str, form: dict[str, list[str]]) -> tuple[int, bytes]:
        expected = base64.b64encode(f"{AUDIENCE}:{self.secret}".encode()).decode()
        if authorization != f"Basic {expected}":
            return 401, b'{"error": "invalid_client"}'
        self.introspected.append(form)
        return 200, json.dumps({"active": self.active}).encode()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        issuer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                issuer.jwks_requests += 1
                self._send(200, issuer.jwks())

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                if issuer.moved and self.path == "/introspect":
                    self._send(307, b"", ("Location", "/moved"))
                    return
                self._send(*issuer.introspect(self.headers.get("Authorization", ""), parse_qs(body)))

            def _send(self, status: int, body: bytes, *extra: tuple[str, str]) -> None:
                issuer.released.wait(30)
                status, body = issuer.answer or (status, body)
                try:
                    self.send_response(status)
                    self.send_header("Content-Type", "application/json")
                    self.send_header("Content-Length", str(len(body)))
                    for name, value in extra:
                        self.send_header(name, value)
                    self.end_headers()
                    self.wfile.write(body)
                except OSError:
                    self.close_connection = True

            def log_message(self, *_arguments: object) -> None:
                """Stay silent."""

        return Handler


def _changed(values: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in {**values, **changes}.items() if value is not None}
