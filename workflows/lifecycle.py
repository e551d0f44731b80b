"""The life of one workflow, in the six steps of its design: task, token, channel, agent, requests, end.

Whatever happens in between, the agent is stopped, then the workflow ended at the issuer, then the channel closed.
If this process is killed: the room dies with it, and the closed lease ends channel and tokens.
"""

import asyncio
import signal
import time
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager
from typing import Protocol

from workflows.environment import Work
from workflows.failure import Failure
from workflows.gateway_client import GatewayClient, Lease
from workflows.issuer_client import IssuerClient
from workflows.model import Channel, Ended, EndReason, Parts, Started, Task
from workflows.renewal import keep_renewed

_GRACE_S = 2.0
_CLOCK_S = 1.0
"""Deadlines are whole seconds: who looks first, the gateway or we, is decided by less than this."""
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Agent(Protocol):
    """A started agent: `sandbox.run.Running`, or a process without a room."""

    async def wait(self) -> int:
        """Its exit code; 128 + n where signal n ended it."""
        ...

    async def stop(self, grace_s: float) -> None:
        """End it and everything that it started, surely: SIGTERM, and after `grace_s` SIGKILL."""
        ...


class Rooms(Protocol):
    """Where agents run."""

    async def prepare(self, task: Task) -> None:
        """Find out whether this task's agent can run here, before any token exists. Raises `SandboxBroken`."""
        ...

    async def start(self, task: Task, channel: Channel, work: Work, shapes: dict[str, str]) -> Agent:
        """Start the task's program with nothing but this channel. Raises `SandboxBroken`, `CannotStart`."""
        ...


async def run_workflow(task: Task, parts: Parts, rooms: Rooms) -> Ended:
    """Carry the task out and end everything; raises `Failure` where the agent could not be started at all.

    The order at the end is law: the agent is surely gone, then the tokens are revoked, then the channel closes.
    """
    async with AsyncExitStack() as stack:
        stop = stack.enter_context(_stop_requests())
        issuer = await stack.enter_async_context(IssuerClient(parts.issuer_socket))
        gateway = await stack.enter_async_context(GatewayClient(parts.gateway_socket))
        await rooms.prepare(task)
        started = await issuer.start(task)
        ended = Ended(started.workflow, EndReason.FAILED, None)
        try:
            lease = await stack.enter_async_context(gateway.channel(started.workflow, started.tokens))
            agent = await _start_agent(task, started, lease, gateway, rooms)
            try:
                ended = await _until_end(agent, lease, stop, started, (issuer, gateway))
            finally:
                await agent.stop(_GRACE_S)
        finally:
            note = await _end(issuer, ended)
        return Ended(ended.workflow, ended.reason, ended.exit_code, ended.signal, ended.note or note)


async def _start_agent(
    task: Task, started: Started, lease: Lease, gateway: GatewayClient, rooms: Rooms
) -> Agent:
    services = tuple(token.audience for token in started.tokens)
    known = await gateway.services()
    work = Work(started.workflow, started.role, task.text, services, started.expires_at, known.git)
    return await rooms.start(task, lease.channel, work, known.shapes)


async def _until_end(
    agent: Agent,
    lease: Lease,
    stop: asyncio.Future[int],
    started: Started,
    clients: tuple[IssuerClient, GatewayClient],
) -> Ended:
    """Wait for the first of: the agent's own end, a signal, the lost lease, impossible renewal, the deadline."""
    workflow, expires_at = started.workflow, started.expires_at
    finished = asyncio.ensure_future(agent.wait())
    lost = asyncio.ensure_future(lease.lost())
    renewal = asyncio.ensure_future(keep_renewed(*clients, workflow, expires_at, started.tokens))
    waiting = (finished, lost, renewal)
    try:
        await asyncio.wait(
            (*waiting, stop),
            timeout=max(0.0, expires_at - time.time()),
            return_when=asyncio.FIRST_COMPLETED,
        )
        if finished.done():
            code = finished.result()
            return Ended(workflow, EndReason.FAILED if code else EndReason.COMPLETED, code)
        if stop.done():
            return Ended(workflow, EndReason.FAILED, None, signal=stop.result())
        if lost.done():
            return _lost(workflow, lost.result(), late=time.time() >= expires_at - _CLOCK_S)
        if renewal.done():
            why = renewal.result()
            return Ended(workflow, EndReason.FAILED, None, note=f"{why.what} {why.why}")
        return Ended(workflow, EndReason.TIMEOUT, None)
    finally:
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)


def _lost(workflow: str, reason: str, *, late: bool) -> Ended:
    """What the gateway's reason for closing the channel means for the workflow; `late`: at its deadline."""
    match reason.removeprefix("workflow_"):
        case "revoked" | "stopped":
            return Ended(workflow, EndReason.REVOKED, None)
        case "timeout":
            return Ended(workflow, EndReason.TIMEOUT, None)
        case "tokens_expired" if late:  # tokens live at most as long as the workflow
            return Ended(workflow, EndReason.TIMEOUT, None)
        case _:
            return Ended(
                workflow, EndReason.LEASE_LOST, None, note=f"The gateway closed the channel ({reason})."
            )


async def _end(issuer: IssuerClient, ended: Ended) -> str:
    try:
        await issuer.end(ended.workflow, ended.reason)
    except Failure as failure:
        # The agent's result stands all the same: the lease closes next, and that closes the channel; what tokens
        # there are stay at the gateway and expire within five minutes.
        return f"{failure.what} {failure.why}"
    return ""


@contextmanager
def _stop_requests() -> Iterator[asyncio.Future[int]]:
    """A future that holds the first SIGINT, SIGTERM or SIGHUP; while it is here none of them ends us roughly."""
    loop = asyncio.get_running_loop()
    stop: asyncio.Future[int] = loop.create_future()

    def request(number: int) -> None:
        if not stop.done():
            stop.set_result(number)

    for number in _SIGNALS:
        loop.add_signal_handler(number, request, number)
    try:
        yield stop
    finally:
        for number in _SIGNALS:
            loop.remove_signal_handler(number)
