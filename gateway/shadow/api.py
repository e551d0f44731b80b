"""The shadow as part of the operator's socket: start, see, stop."""

from dataclasses import dataclass
from pathlib import Path

import msgspec
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from audit.faults import LogUnavailable
from decision.yaml_source import ConfigErrors
from gateway.shadow.shadow import Shadow, ShadowRefused


class _Start(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    policies: str
    """An absolute path."""


@dataclass(frozen=True, slots=True)
class ShadowApi:
    """The routes, and what they need."""

    shadow: Shadow

    def routes(self) -> list[Route]:
        """For the operator's application."""
        return [
            Route("/policy/shadow", self.show, methods=["GET"]),
            Route("/policy/shadow", self.start, methods=["POST"]),
            Route("/policy/shadow", self.stop, methods=["DELETE"]),
        ]

    async def show(self, request: Request) -> Response:  # noqa: ARG002 - Starlette's signature
        """What is asked, and what came of it."""
        return JSONResponse(self.shadow.status())

    async def start(self, request: Request) -> Response:
        """Ask a candidate from here on."""
        try:
            asked = msgspec.json.decode(await request.body(), type=_Start)
            await self.shadow.start(Path(asked.policies))
        except msgspec.DecodeError as error:
            return JSONResponse({"code": "body_invalid", "message": str(error)}, 400)
        except ConfigErrors as found:
            return JSONResponse({"errors": [msgspec.to_builtins(error) for error in found.errors]}, 422)
        except ShadowRefused as refused:
            return JSONResponse({"code": refused.code, "message": str(refused)}, 409)
        except LogUnavailable as error:
            return JSONResponse({"code": "log_unavailable", "message": str(error)}, 503)
        return JSONResponse(self.shadow.status())

    async def stop(self, request: Request) -> Response:  # noqa: ARG002 - Starlette's signature
        """Ask no more; what came of it."""
        try:
            await self.shadow.stop()
        except ShadowRefused as refused:
            return JSONResponse({"code": refused.code, "message": str(refused)}, 409)
        return JSONResponse(self.shadow.status())
