"""The gateway's composition: everything is made here by hand, started in order, and stopped in reverse."""

import asyncio
import contextlib
import fcntl
import gc
import logging
import os
import resource
import shutil
import signal
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import uvloop

from audit.client import AuditClient
from audit.entry import EntryInvalid, decision_id
from audit.faults import LogUnavailable
from decision.opa_binary import OpaNotFoundError, find_opa
from decision.opa_child import ChildError
from decision.pdp import Pdp
from decision.pdp_model import Policy, Refused
from gateway.admin import Admin
from gateway.admin_server import serve_admin
from gateway.asking import Asking
from gateway.channels import Channels
from gateway.credentials import CredentialsInvalid, load_credentials
from gateway.git.checks import Checks
from gateway.git.judge import Bench
from gateway.git.proposals import Proposals
from gateway.git.push import Pushes
from gateway.git.repository import base_url
from gateway.holding.account import Accounts
from gateway.holding.approvals import Approvals
from gateway.holding.approvals_api import ApprovalsApi
from gateway.holding.approvers import Approvers, Place, PlaceUnusable, serve_approvers
from gateway.holding.events import HOLD_EVENTS
from gateway.holding.grants_api import GrantsApi
from gateway.holding.holds import LONGEST_S, hold_id
from gateway.holding.means import Means
from gateway.holding.performing import Performing
from gateway.issuer_link import IssuerLink
from gateway.limits import RateLimits
from gateway.log_events import events_since
from gateway.metering import USAGE, Metering
from gateway.obligations import Obligations
from gateway.past_log import OPENED, Openings
from gateway.pdp_events import PdpReporter
from gateway.proxy import Stops
from gateway.record import Recorder
from gateway.request import Stamp
from gateway.self_description import SelfDescription
from gateway.settings import Settings, parse
from gateway.shadow.api import ShadowApi
from gateway.shadow.queue import ShadowQueue
from gateway.shadow.shadow import CandidateHome, Shadow
from gateway.upstream import Upstreams
from gateway.validation import Outputs
from serving.listening import SocketError

EX_UNAVAILABLE = 69
EX_TEMPFAIL = 75
EX_CONFIG = 78
LOG_PATIENCE_S = 10.0
OPEN_FILES = 65_536
"""Each call holds two sockets; what a shell grants at first (often 1,024) is fewer than one channel may use."""

_LOGGER = logging.getLogger("gateway")


class CannotStart(Exception):
    """The gateway cannot serve; `status` is its exit code and the text says what to do."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


def main(arguments: list[str]) -> int:
    """Serve until SIGTERM or SIGINT; the exit code is documented in `--help`."""
    logging.basicConfig(level=logging.WARNING, format="%(name)s: %(message)s", stream=sys.stderr)
    # uvicorn would log each broken-off answer with a stack; the proxy logs and records what matters.
    logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)
    settings = parse(arguments)
    _allow_open_files()
    try:
        with _only_one(settings.run):
            uvloop.run(_serve(settings))
    except CannotStart as error:
        print(f"gateway: {error}", file=sys.stderr)
        return error.status
    except SocketError as error:
        print(f"gateway: {error}", file=sys.stderr)
        return EX_CONFIG
    return 0


def _allow_open_files() -> None:
    """Use what the system grants: without descriptors, one workflow's connections would be everybody's."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = OPEN_FILES if hard == resource.RLIM_INFINITY else min(hard, OPEN_FILES)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, wanted), hard))


async def _serve(settings: Settings) -> None:
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopped.set)
    async with _gateway(settings):
        _settle_memory()
        print("ready", flush=True)
        await stopped.wait()


@contextlib.asynccontextmanager
async def _gateway(settings: Settings) -> AsyncIterator[None]:
    """Everything, started in order; whatever has been started is stopped, also when the next part fails."""
    async with contextlib.AsyncExitStack() as stack:
        try:
            credentials = load_credentials(settings.credentials)
            opa = settings.opa or find_opa(os.environ)
        except (CredentialsInvalid, OpaNotFoundError) as error:
            raise CannotStart(EX_CONFIG, str(error)) from error
        log = await _connect_log(settings.audit_socket)
        stack.push_async_callback(log.close)
        shadowed = ShadowQueue()
        recorder = Recorder(log, lambda: time.time_ns() // 1_000_000, shadowed)
        pdp = Pdp(settings.policies, settings.bundles, settings.run, opa, PdpReporter(recorder))
        stack.push_async_callback(pdp.stop)
        await _start_pdp(pdp)
        shadow = Shadow(CandidateHome(opa, settings.bundles, settings.run), shadowed, recorder)
        stack.push_async_callback(shadow.close)
        issuer = IssuerLink(settings.issuer_socket, settings.issuer_url, time.time)
        stack.push_async_callback(issuer.close)
        upstreams = Upstreams(credentials)
        stack.push_async_callback(upstreams.close)
        limits = RateLimits(time.time)
        bench = Bench(
            policy=lambda: _in_force(pdp),
            recorder=recorder,
            checks=Checks(settings.checks_socket),
            credentials=credentials,
            stamp=_stamp,
            monotonic=time.monotonic,
            home=settings.git / "home",
        )
        approvals = Approvals(recorder, _means())
        stack.callback(approvals.close)
        openings = Openings(settings.audit_socket)
        metering = Metering(recorder)
        await _restore(approvals, openings, metering, settings.audit_socket)
        git = _git_folder(settings.git)
        pushes = Pushes(git, bench)
        proposals = Proposals(bench, pushes.read, upstreams, git / "pushes")
        outputs = Outputs(settings.checks_socket)
        stops = Stops(
            policy=lambda: _in_force(pdp),
            obligations=Obligations(credentials, limits),
            recorder=recorder,
            upstreams=upstreams,
            approvals=approvals,
            asking=Asking(outputs, approvals, metering, proposals, recorder),
            proposals=proposals,
            metering=metering,
            pushes=pushes,
            secrets=credentials.secrets(),
            openings=openings,
            self_description=SelfDescription(limits, time.monotonic),
            reserved_query=credentials.query_names(),
            stamp=_stamp,
            monotonic=time.monotonic,
        )
        channels = Channels(_fresh_folder(settings.channels), stops, time.time, issuer.end_later)
        stack.callback(channels.close_all, "gateway_stopped")
        following = asyncio.create_task(issuer.follow(channels.workflows, channels.close))
        stack.callback(following.cancel)
        api = ApprovalsApi(
            approvals,
            Performing(stops),
            Accounts(settings.audit_socket, recorder),
            lambda: _in_force(pdp),
        )
        admin = Admin(
            channels,
            issuer,
            pdp,
            lambda: _status(pdp, log, channels),
            api,
            GrantsApi(approvals.granting, lambda: _in_force(pdp)),
            ShadowApi(shadow),
        )
        await stack.enter_async_context(serve_admin(admin.application(), settings.admin_socket))
        await stack.enter_async_context(_approvers(settings, api, lambda: _in_force(pdp)))
        await recorder.event("gateway.started", revision=_in_force(pdp).revision)
        yield
        recorder.event_later("gateway.stopped")


@contextlib.asynccontextmanager
async def _approvers(
    settings: Settings, api: ApprovalsApi, policy: Callable[[], Policy]
) -> AsyncIterator[None]:
    """The socket of approvers beside the operator, where one is configured."""
    if settings.approvals_socket is None:
        yield
        return
    approvers = Approvers(replace(api, own_only=True), policy)
    try:
        async with serve_approvers(approvers, Place(settings.approvals_socket, settings.approvals_group)):
            yield
    except PlaceUnusable as error:
        raise CannotStart(EX_CONFIG, f"the approvers' socket cannot be used: {error}") from error


async def _restore(approvals: Approvals, openings: Openings, metering: Metering, log: Path) -> None:
    """Take up the holds, the workflows and the spent tokens of the process before this one."""
    since_ms = (int(time.time()) - LONGEST_S) * 1000
    try:
        found = await asyncio.to_thread(events_since, log, since_ms, (*HOLD_EVENTS, OPENED, USAGE))
    except (LogUnavailable, EntryInvalid) as error:
        raise CannotStart(EX_UNAVAILABLE, f"what was cannot be read from the audit log: {error}") from error
    events = [event for _, event in found]
    approvals.restore(event for event in events if event.event.startswith(HOLD_EVENTS))
    openings.restore(found)
    metering.restore(event for event in events if event.event == USAGE)


def _means() -> Means:
    return Means(
        now=lambda: int(time.time()),
        hold_id=lambda: hold_id(os.urandom(16)),
        nonce=lambda: os.urandom(16).hex(),
    )


def _stamp() -> Stamp:
    return Stamp(decision_id(os.urandom(16)), int(time.time()))


def _settle_memory() -> None:
    """Keep the collector off the hot path: what was made at start stays, and young objects are looked at seldom.

    Requests make little that counting references does not free; with Python's own thresholds (700, 10, 10) the
    collector took 8 % of the gateway's time under load.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


def _in_force(pdp: Pdp) -> Policy:
    """The policy in force. There is always one after a start that succeeded; a closed one denies everything."""
    policy = pdp.current
    if policy is None:
        raise CannotStart(EX_CONFIG, "no policy is in force")
    return policy


async def _start_pdp(pdp: Pdp) -> None:
    try:
        result = await pdp.start()
    except ChildError as error:
        raise CannotStart(EX_CONFIG, str(error)) from error
    if isinstance(result, Refused):
        errors = "\n".join(str(error) for error in result.errors)
        raise CannotStart(EX_CONFIG, f"the policies cannot be used; correct them and start again\n{errors}")


async def _connect_log(socket: Path) -> AuditClient:
    """The log's writer may still be replaying its journal: wait for it, but not for ever."""
    deadline = time.monotonic() + LOG_PATIENCE_S
    while True:
        try:
            return await AuditClient.connect(socket)
        except LogUnavailable as error:
            if time.monotonic() > deadline:
                raise CannotStart(EX_UNAVAILABLE, f"the audit log cannot be reached: {error}") from error
            await asyncio.sleep(0.02)


@contextlib.contextmanager
def _only_one(run: Path) -> Iterator[None]:
    """Hold the run folder: a second gateway on it would serve the same channels with other counters."""
    run.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (run / "gateway.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            message = f"another gateway serves {run}; stop it first, or use another home"
            raise CannotStart(EX_TEMPFAIL, message) from error
        yield


def _git_folder(folder: Path) -> Path:
    """The folder of git's work, without the pushes that a gateway that was killed left half-way."""
    for name in ("mirrors", "pushes", "home"):
        (folder / name).mkdir(mode=0o700, parents=True, exist_ok=True)
    for left_over in (folder / "pushes").iterdir():
        shutil.rmtree(left_over, ignore_errors=True)
    return folder


def _fresh_folder(folder: Path) -> Path:
    """The folder of channels, empty: what a gateway that was killed left behind leads nowhere."""
    folder.mkdir(mode=0o700, exist_ok=True)
    for channel in folder.iterdir():
        for left_over in channel.iterdir():
            left_over.unlink()
        channel.rmdir()
    return folder


def _status(pdp: Pdp, log: AuditClient, channels: Channels) -> dict[str, Any]:
    policy = _in_force(pdp)
    return {
        "revision": policy.revision,
        "log_connected": log.connected,
        "lost_outcomes": log.lost_outcomes.count,
        "channels": len(channels.all()),
        "services": {
            service.name: {
                "errors": service.errors,
                "git": base_url(service.git.upstream) if service.git else "",
            }
            for service in policy.catalogue.services.values()
        },
    }
