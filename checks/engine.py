"""A policy engine for one check: an OPA of our own on one policy folder, asked, and gone.

It is served only once its canaries are right, as everywhere. Promises that nothing of it is left running.
"""

import asyncio
import secrets
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from decision.bundle import build_bundle
from decision.opa_binary import OpaNotFoundError, find_opa
from decision.opa_child import ChildError
from decision.pdp_model import Policy
from decision.served import CanaryError, serve
from decision.yaml_source import ConfigErrors


class NoEngine(Exception):
    """Policy cannot be asked: code, message, remedy."""

    def __init__(self, code: str, message: str, remedy: str) -> None:
        super().__init__(message)
        self.code, self.message, self.remedy = code, message, remedy


@asynccontextmanager
async def starting(
    policies: Path, environment: Mapping[str, str], bundles: Path | None
) -> AsyncIterator[asyncio.Task[Policy]]:
    """An engine that starts while the context goes on; awaiting the task raises `NoEngine` where it cannot.

    `bundles` keeps the bundle, None forgets it.
    """
    async with AsyncExitStack() as stack:
        task = asyncio.create_task(stack.enter_async_context(_engine(policies, environment, bundles)))
        try:
            yield task
        finally:
            # An engine that is still starting is let start: half of one could be left behind.
            await asyncio.gather(task, return_exceptions=True)


@asynccontextmanager
async def _engine(
    policies: Path, environment: Mapping[str, str], bundles: Path | None
) -> AsyncIterator[Policy]:
    with TemporaryDirectory(prefix="dl-opa-") as name:
        folder = Path(name)
        try:
            opa = await asyncio.to_thread(find_opa, environment)
            bundle = await asyncio.to_thread(build_bundle, policies, bundles or folder / "bundles", opa)
            served = await serve(opa, bundle, folder / "opa", secrets.token_urlsafe(32))
        except OpaNotFoundError as error:
            raise NoEngine("opa_missing", "No usable OPA was found.", f"{error}") from None
        except ConfigErrors as error:
            raise NoEngine(
                "policies_invalid", f"{error}", "`doorless policy check` shows all of it."
            ) from None
        except (ChildError, CanaryError, OSError) as error:
            raise NoEngine(
                "opa_failed", f"{error}", "`doorless policy check` shows whether policy is right."
            ) from None
        try:
            yield served.policy
        finally:
            await served.discard()
