"""Keeps the parts of one home running: starts them together, restarts what crashes, stops all in order.

`doorless up` becomes this program (exec) once everything is checked, so that it stays small: no httpx, no pydantic.
It holds the home's lock; when it is killed the kernel kills every part.
"""

import argparse
import asyncio
import fcntl
import os
import signal
import sys
import time
from pathlib import Path

from doorless.child import Child, start_child
from doorless.home import Home
from doorless.parts import ApproversSocket, Part, Plan, Watching, Webhook, Witnessing, parts_of
from doorless.problem import ExitCode, Problem, render
from workflows.failure import Failure

_READY_WITHIN_S = 20.0
_FIRST_PAUSE_S = 0.1
_LONGEST_PAUSE_S = 5.0
_STEADY_S = 30.0
_STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Supervisor:
    """All parts of one home."""

    def __init__(self, parts: tuple[Part, ...]) -> None:
        self._parts = parts
        self.children: dict[str, Child] = {}

    async def start(self) -> None:
        """Start all parts, each when what it needs is ready. Raises `Problem` where one does not get ready."""
        starting: dict[str, asyncio.Task[None]] = {}
        for part in reversed(self._parts):
            starting[part.name] = asyncio.create_task(self._start_one(part, starting.get(part.needs)))
        try:
            await asyncio.gather(*starting.values())
        finally:
            for task in starting.values():
                task.cancel()
            await asyncio.gather(*starting.values(), return_exceptions=True)

    async def watch(self) -> None:
        """Restart what ends, for ever."""
        await asyncio.gather(*(self._keep(part) for part in self._parts))

    async def stop(self) -> None:
        """Stop every part in order, each within its time."""
        for part in self._parts:
            if part.name in self.children:
                await self.children[part.name].stop()

    async def _start_one(self, part: Part, needed: "asyncio.Task[None] | None") -> None:
        if needed is not None:
            await asyncio.wait({needed})
            needed.result()
        self.children[part.name] = child = await start_child(part, say)
        await self._first_ready(child)

    async def _first_ready(self, child: Child) -> None:
        name = child.part.name
        ended = asyncio.ensure_future(child.ended())
        ready = asyncio.ensure_future(child.ready.wait())
        try:
            await asyncio.wait((ready, ended), timeout=_READY_WITHIN_S, return_when=asyncio.FIRST_COMPLETED)
            if ready.done():
                return
            if not ended.done():
                why = f"It was not ready within {_READY_WITHIN_S:.0f} s."
            else:
                why = f"It ended with {_how(ended.result())} before it was ready:"
            said = "\n".join(child.remembered)
            raise Problem(
                f"The {name} did not start.", f"{why}\n{said}".strip(), _START_REMEDY, ExitCode.FAILED
            )
        finally:
            ready.cancel()
            ended.cancel()

    async def _keep(self, part: Part) -> None:
        pause = _FIRST_PAUSE_S
        while True:
            since = time.monotonic()
            code = await self.children[part.name].ended()
            self.children[part.name].kill()
            if time.monotonic() - since > _STEADY_S:
                pause = _FIRST_PAUSE_S
            say(part.name, f"ended with {_how(code)}; restarting in {pause:.1f} s")
            await asyncio.sleep(pause)
            pause = min(pause * 2, _LONGEST_PAUSE_S)
            self.children[part.name] = child = await start_child(part, say)
            await self._ready_again(child)

    async def _ready_again(self, child: Child) -> None:
        """Say when a restarted part is ready; one that never is gets killed, and `_keep` tries again."""
        ready = asyncio.ensure_future(child.ready.wait())
        ended = asyncio.ensure_future(child.process.wait())
        await asyncio.wait((ready, ended), timeout=_READY_WITHIN_S, return_when=asyncio.FIRST_COMPLETED)
        if ready.done():
            say(child.part.name, "ready again")
        elif not ended.done():
            say(child.part.name, f"not ready within {_READY_WITHIN_S:.0f} s; killed")
            child.kill()
        ready.cancel()
        ended.cancel()


_START_REMEDY = "Mend what it says; `doorless doctor` checks what this machine and this home need."


def say(part: str, line: str) -> None:
    """One line of a part for the operator, on stderr."""
    sys.stderr.write(f"{part:<7} | {line}\n")
    sys.stderr.flush()


def _how(code: int) -> str:
    return f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"


def take_lock(home: Home) -> int:
    """Hold the home for this process; the descriptor. Raises `Problem` where another holds it."""
    number = os.open(home.lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        holder = os.pread(number, 32, 0).decode("ascii", "replace").strip() or "unknown"
        os.close(number)
        raise Problem(
            f"This home runs already: {home.root}",
            f"Its lock is held by process {holder}; two gateways on one home would split its log and limits.",
            f"Use the running one, or stop it (`kill {holder}`) and try again.",
        ) from None
    os.ftruncate(number, 0)
    os.pwrite(number, f"{os.getpid()}\n".encode(), 0)
    return number


async def supervise(plan: Plan, began: float) -> int:
    """Run until SIGTERM, SIGINT or SIGHUP; the exit code. A second signal kills instead of stopping."""
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    supervisor = Supervisor(parts_of(plan))
    for number in _STOP_SIGNALS:
        loop.add_signal_handler(number, stop.set)
    work = asyncio.ensure_future(_start_and_watch(supervisor, plan, began))
    waiting = asyncio.ensure_future(stop.wait())
    await asyncio.wait((work, waiting), return_when=asyncio.FIRST_COMPLETED)
    failed = work.exception() if work.done() else None
    work.cancel()
    waiting.cancel()
    await asyncio.gather(work, waiting, return_exceptions=True)
    await supervisor.stop()
    if failed is not None:
        raise failed
    return ExitCode.OK


async def _start_and_watch(supervisor: Supervisor, plan: Plan, began: float) -> None:
    await supervisor.start()
    took = time.time() - began
    sys.stdout.write(f"ready in {took:.1f} s: home {plan.home.root}, issuer {plan.issuer_url}\n")
    sys.stdout.flush()
    await supervisor.watch()


def _read_plan(argv: list[str]) -> tuple[Plan, float]:
    parser = argparse.ArgumentParser(prog="python -m doorless.supervisor", description=__doc__)
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--issuer-listen", required=True)
    parser.add_argument("--issuer-url", required=True)
    parser.add_argument("--credentials", type=Path, required=True)
    parser.add_argument("--opa", type=Path, required=True)
    parser.add_argument("--setpriv", required=True)
    parser.add_argument("--bots-listen", default="")
    parser.add_argument("--log-listen", default="")
    parser.add_argument("--policy-tools-listen", default="")
    parser.add_argument("--webhook", default="")
    parser.add_argument("--webhook-secret", type=Path)
    parser.add_argument("--approvals-socket", default="")
    parser.add_argument("--approvals-group", default="")
    parser.add_argument("--witness", action="append", default=[], help="KEY=ADDRESS; may be repeated")
    parser.add_argument("--quorum", type=int, default=1)
    parser.add_argument("--alarm-after-s", type=int, default=60)
    parser.add_argument("--began", type=float, required=True, help="Unix seconds when `doorless up` began")
    read = parser.parse_args(argv)
    plan = Plan(
        home=Home(read.home),
        issuer_listen=read.issuer_listen,
        issuer_url=read.issuer_url,
        credentials=read.credentials,
        opa=read.opa,
        python=sys.executable,
        setpriv=read.setpriv,
        bots_listen=read.bots_listen,
        watching=Watching(read.log_listen, read.policy_tools_listen) if read.log_listen else None,
        approvers=ApproversSocket(read.approvals_socket, read.approvals_group)
        if read.approvals_socket
        else None,
        webhook=Webhook(read.webhook, read.webhook_secret) if read.webhook else None,
        witnessing=Witnessing(tuple(read.witness), read.quorum, read.alarm_after_s),
    )
    return plan, read.began


def main() -> int:
    """Take the lock and supervise; the exit code."""
    plan, began = _read_plan(sys.argv[1:])
    try:
        take_lock(plan.home)
        return asyncio.run(supervise(plan, began))
    except Failure as failure:
        sys.stderr.write(render(failure))
        return failure.code if isinstance(failure, Problem) else ExitCode.FAILED


if __name__ == "__main__":
    sys.exit(main())
