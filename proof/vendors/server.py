"""`python -m proof.vendors.server --listen 127.0.0.1:N`: stand-ins for three model providers on loopback, for tests and the demo.

They speak the vendors' documented wire formats, each below its own path, and want a key like them; no model is behind
them. The name of the model decides how it behaves (`minds`).
"""

import argparse
import asyncio
import hmac
import json
import socket
import sys
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from proof.vendors.minds import Saying, say
from proof.vendors.wire import Anthropic, Api, Gemini, OpenAI

_SILENT_S = 120.0
_BAD, _UNAUTHORIZED, _NOT_FOUND, _TOO_MANY, _FAILED = 400, 401, 404, 429, 500


@dataclass(frozen=True, slots=True)
class Vendors:
    """All three; `key` is what they take, empty: they ask for none."""

    key: str = ""

    def application(self) -> Starlette:
        """Every path of every vendor that the stand-ins have."""
        return Starlette(
            routes=[
                Route("/openai/v1/chat/completions", self.openai, methods=["POST"]),
                Route("/anthropic/v1/messages", self.anthropic, methods=["POST"]),
                Route("/gemini/{version:str}/models/{call}", self.gemini, methods=["POST"]),
            ]
        )

    async def openai(self, request: Request) -> Response:
        """Chat Completions."""
        key = _bearer(request)
        body = await request.json()
        return await self._answer(OpenAI(), key, body, str(body["model"]), streamed=bool(body.get("stream")))

    async def anthropic(self, request: Request) -> Response:
        """Messages."""
        body = await request.json()
        if "anthropic-version" not in request.headers:
            return _failed(Anthropic(), _BAD, "anthropic-version: header is required")
        key = request.headers.get("x-api-key") or _bearer(request)
        return await self._answer(
            Anthropic(), key, body, str(body["model"]), streamed=bool(body.get("stream"))
        )

    async def gemini(self, request: Request) -> Response:
        """Google: `generateContent` and `streamGenerateContent`."""
        model, _, verb = request.path_params["call"].partition(":")
        key = request.headers.get("x-goog-api-key", "")
        return await self._answer(
            Gemini(), key, await request.json(), model, streamed=verb == "streamGenerateContent"
        )

    async def _answer(
        self, api: Api, key: str, body: dict[str, Any], model: str, *, streamed: bool
    ) -> Response:
        if not hmac.compare_digest(key.encode(), self.key.encode() or key.encode()):
            return _failed(api, _UNAUTHORIZED, "This key is not ours.")
        said = say(model, api.shown(body))
        if said is None:
            return _failed(api, _NOT_FOUND, f"There is no model {model}.")
        if said.manner == "error":
            return _failed(api, _FAILED, "The stand-in fails, as it was asked to.")
        if said.manner == "limited":
            return _failed(api, _TOO_MANY, "Too many requests.")
        if said.manner == "silent":
            await asyncio.sleep(_SILENT_S)
        if streamed:
            return StreamingResponse(_stream(api.events(model, said), said), media_type="text/event-stream")
        return JSONResponse(api.whole(model, said))


def _bearer(request: Request) -> str:
    return request.headers.get("authorization", "").removeprefix("Bearer ")


async def _stream(events: Iterator[bytes], said: Saying) -> AsyncIterator[bytes]:
    for place, event in enumerate(events):
        if place == 2 and said.manner == "stalls":  # noqa: PLR2004 - in the middle of it
            await asyncio.sleep(_SILENT_S)
        if place == 2 and said.manner == "breaks":  # noqa: PLR2004 - in the middle of it
            yield b"data: {\n\n"
            return
        yield event


def _failed(api: Api, status: int, message: str) -> Response:
    return Response(json.dumps(api.error(status, message)), status, media_type="application/json")


def main(argv: Sequence[str]) -> int:
    """Serve until SIGTERM."""
    parser = argparse.ArgumentParser(prog="python -m proof.vendors.server", description=__doc__)
    parser.add_argument(
        "--listen", required=True, metavar="HOST:PORT", help="on loopback; port 0 takes a free one"
    )
    parser.add_argument("--key-file", type=Path, help="holds the key that is asked for")
    given = parser.parse_args(argv)
    key = given.key_file.read_text().strip() if given.key_file else ""
    host, _, port = given.listen.rpartition(":")
    app = Vendors(key).application()
    config = uvicorn.Config(app, log_level="warning", lifespan="off", timeout_graceful_shutdown=1)
    with socket.create_server((host, int(port))) as listener:
        asyncio.run(_Announcing(config).serve(sockets=[listener]))
    return 0


class _Announcing(uvicorn.Server):
    """One that says when and where it answers."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """As uvicorn does it."""
        await super().startup(sockets)
        host, port = (sockets or [])[0].getsockname()[:2]
        print(f"ready http://{host}:{port}", flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
