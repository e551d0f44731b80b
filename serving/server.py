"""One HTTP server of a program that has its own signal handling; uvicorn, without what a part of Doorless never says.

No access log, no `server` header, no websockets. Ends within a few seconds of being told to.
"""

import asyncio
import contextlib
from collections.abc import Iterator

import uvicorn
from starlette.types import ASGIApp

STOP_WITHIN_S = 2
KEEP_ALIVE_S = 30
MOST_CONNECTIONS = 512


class QuietServer(uvicorn.Server):
    """A server that leaves signals to its program. Its sockets listen already: who connects is answered."""

    def __init__(self, app: ASGIApp, http: type[asyncio.Protocol] | str = "httptools") -> None:
        """Serve `app`; `http` is another protocol class where connections are looked at first."""
        super().__init__(
            uvicorn.Config(
                app,
                http=http,
                ws="none",
                lifespan="off",
                log_config=None,
                access_log=False,
                server_header=False,
                proxy_headers=False,
                limit_concurrency=MOST_CONNECTIONS,
                timeout_keep_alive=KEEP_ALIVE_S,
                timeout_graceful_shutdown=STOP_WITHIN_S,
            )
        )

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Nothing: uvicorn would raise them again after its end, which would be an exit code of its own."""
        yield

    def stop(self) -> None:
        """End, soon."""
        self.should_exit = True
