"""All channels of this gateway: opened for verified tokens, renewed, closed; each step is recorded first."""

import asyncio
import os
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from starlette.types import ASGIApp
from uvicorn.config import Config

from gateway.caller import Caller, TokensDisagree
from gateway.channel import LONGEST_SOCKET_PATH, SOCKET_NAME, Channel
from gateway.past import Past
from gateway.past_log import OPENED, PastUnreadable
from gateway.proxy import Proxy, Stops
from gateway.tenant import Tenant

FIRST_AGENT_UID = 60001
LAST_AGENT_UID = 64000
KEEP_ALIVE_S = 75
FAREWELL_S = 0.1
"""How long the connections of an expelled workflow stay, so that its refusal is still read."""

_WORKFLOW = re.compile(r"wf-[a-z0-9]{1,40}")


class ChannelRefused(Exception):
    """A channel cannot be opened or renewed: a stable code and a text for the one who asked."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class Channels:
    """Opens and closes channels below one folder. `clock` gives Unix seconds; `end` tells the issuer of an end."""

    def __init__(
        self, folder: Path, stops: Stops, clock: Callable[[], float], end: Callable[[str, str], None]
    ) -> None:
        self._folder = folder
        self._stops = stops
        self._clock = clock
        self._end = end
        self._open: dict[str, Channel] = {}

    def all(self) -> tuple[Channel, ...]:
        """Every open channel."""
        return tuple(self._open.values())

    def workflows(self) -> tuple[str, ...]:
        """The workflows that have a channel."""
        return tuple(self._open)

    async def open(self, caller: Caller) -> Channel:
        """Open the channel of a caller. Raises `ChannelRefused`, and `LogUnavailable` where it cannot be recorded."""
        workflow = caller.workflow
        if workflow in self._open:
            raise ChannelRefused("channel_open", f"workflow {workflow} has a channel already")
        folder = self._place(workflow)
        channel = Channel(Tenant(caller), self._free_uid(), folder)
        # Reserved before the first await: two requests for one workflow, or for one uid, never both pass.
        self._open[workflow] = channel
        try:
            past = await self._begun(channel)
            await channel.listen(config_of(Proxy(self._stops, channel.tenant, past, self.expel)))
        except BaseException as error:
            self._abandon(channel)
            if isinstance(error, OSError):
                raise ChannelRefused(
                    "channel_failed", f"the channel's socket cannot be made: {error}"
                ) from error
            raise
        if channel.closed.is_set():
            # It was closed while its socket was being made, so that nobody would ever close that socket.
            self._abandon(channel)
            raise ChannelRefused("channel_closed", f"the channel of {workflow} was closed while it opened")
        self._watch_expiry(channel, caller)
        return channel

    def renew(self, caller: Caller) -> None:
        """Let a channel go on with fresh tokens of the same workflow and role. Raises `ChannelRefused`."""
        channel = self._open.get(caller.workflow)
        if channel is None:
            raise ChannelRefused("channel_unknown", f"workflow {caller.workflow} has no channel")
        if caller.role != channel.tenant.role:
            raise ChannelRefused("tokens_disagree", "the tokens are for another role")
        before = channel.tenant.caller
        channel.renew(replace(caller, started_by=before.started_by if before is not None else ""))
        self._watch_expiry(channel, caller)

    def close(self, workflow: str, reason: str) -> bool:
        """Close one channel now; whether there was one."""
        channel = self._open.pop(workflow, None)
        if channel is None:
            return False
        self._stops.self_description.forget(workflow)
        self._stops.approvals.end(workflow)
        strangers = channel.strangers
        channel.close(reason)
        self._stops.recorder.event_later("channel.closed", workflow, reason=reason, strangers=strangers)
        return True

    def expel(self, workflow: str) -> None:
        """End a workflow to which a secret was about to come back: its tokens now, its connections in a moment."""
        channel = self._open.get(workflow)
        if channel is None:
            return
        channel.tenant.end()
        self._end(workflow, "secret_leak")
        asyncio.get_running_loop().call_later(FAREWELL_S, self.close, workflow, "secret_returned")

    def close_all(self, reason: str) -> tuple[str, ...]:
        """Close every channel now; the workflows whose channels those were."""
        workflows = self.workflows()
        for workflow in workflows:
            self.close(workflow, reason)
        return workflows

    async def _begun(self, channel: Channel) -> Past:
        """Record the opening; what the workflow had done before, if it had a channel already."""
        workflow = channel.tenant.workflow
        receipt = await self._stops.recorder.event(
            OPENED, workflow, role=channel.tenant.role, uid=channel.uid
        )
        try:
            past = await self._stops.openings.past(workflow)
        except PastUnreadable as error:
            raise ChannelRefused("past_unreadable", str(error)) from error
        self._stops.openings.note(workflow, receipt.seq, int(self._clock()))
        return past

    def _abandon(self, channel: Channel) -> None:
        """Undo an opening, whatever of it was done; a newer channel of the same workflow is not touched."""
        if self._open.get(channel.tenant.workflow) is channel:
            del self._open[channel.tenant.workflow]
        channel.close("not_opened")

    def _place(self, workflow: str) -> Path:
        if _WORKFLOW.fullmatch(workflow) is None:
            raise TokensDisagree("not the name of a workflow")
        folder = self._folder / workflow
        if len(os.fsencode(folder / SOCKET_NAME)) > LONGEST_SOCKET_PATH:
            raise ChannelRefused(
                "path_too_long", f"{folder} is too long for a unix socket; use a shorter home"
            )
        return folder

    def _free_uid(self) -> int:
        """A uid of its own for each channel as root; as an ordinary user there is only the user's own."""
        if os.geteuid() != 0:
            return os.geteuid()
        taken = {channel.uid for channel in self._open.values()}
        for uid in range(FIRST_AGENT_UID, LAST_AGENT_UID + 1):
            if uid not in taken:
                return uid
        raise ChannelRefused("too_many_channels", "no uid is left for another workflow")

    def _watch_expiry(self, channel: Channel, caller: Caller) -> None:
        """Cut the channel when its tokens end and nobody renewed them: open streams included."""
        loop = asyncio.get_running_loop()
        remaining = max(0.0, caller.expires_at - self._clock())
        channel.expire_at(loop.time() + remaining, lambda: self._expired(caller.workflow))

    def _expired(self, workflow: str) -> None:
        self.close(workflow, "tokens_expired")


def config_of(application: ASGIApp) -> Config:
    """Uvicorn's settings for strict sockets: no access log, no guesses about proxies, no lifespan, no WebSocket."""
    config = Config(
        app=application,
        interface="asgi3",
        http="httptools",
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        date_header=False,
        timeout_keep_alive=KEEP_ALIVE_S,
    )
    config.load()
    return config
