"""A stand-in for the gateway: passes `/service/path` on with the service's credential, or refuses as told."""

import http.client
import json
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

Credential = Callable[[], tuple[str, str]]


class PassThrough:
    """Services by name: base URL, and what gives the header that stands for the credential.

    `refusal` (status, body) answers instead of the service where set.
    """

    def __init__(self, services: dict[str, tuple[str, Credential]]) -> None:
        self._services = services
        self.refusal: tuple[int, bytes] | None = None
        self.seen: list[tuple[str, dict[str, str]]] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def refuse(self, status: int, document: dict[str, Any]) -> None:
        self.refusal = (status, json.dumps(document).encode())

    def answer(self, target: str) -> tuple[int, bytes]:
        if self.refusal is not None:
            return self.refusal
        service, _, rest = target[1:].partition("/")
        base, credential = self._services[service]
        connection = http.client.HTTPConnection(urlsplit(base).netloc, timeout=30)
        try:
            connection.request("GET", "/" + rest, headers=dict([credential()]))
            reply = connection.getresponse()
            return reply.status, reply.read()
        finally:
            connection.close()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        proxy = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                proxy.seen.append((self.path, {name.lower(): value for name, value in self.headers.items()}))
                status, body = proxy.answer(self.path)
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_arguments: object) -> None:
                """Stay silent."""

        return Handler
