"""What calls cost that wait for a person: memory of the gateway, and how long a person waits for their list.

Ten thousand of them stand in the log before the gateway starts, as after a restart; it is asked by the command itself.
"""

import asyncio
import os
import pwd
import subprocess
import time
from dataclasses import replace
from pathlib import Path

from audit.client import AuditClient
from audit.entry import EventEntry, decision_id
from bench import process
from bench.failure import CannotMeasure
from bench.figure import Section
from bench.home import Ports, doorless, environment, make_home, up
from bench.settings import Effort
from bench.targets import figure
from doorless.home import Home
from gateway.holding.events import NAMES, detail_of
from gateway.holding.holds import Opened, hold_id

HOLDS = 10_000
_SETTLE_S = 1.5


def measure_holds(folder: Path, ports: Ports, effort: Effort) -> Section:
    """In a home of its own. Raises `CannotMeasure`."""
    root, log = folder / "w", folder / "up.log"
    make_home(root, ports)
    empty = []
    with up(root, log) as stack:
        time.sleep(_SETTLE_S)
        empty.append(process.own_megabytes(stack.part("gateway")))
        asyncio.run(_open_all(Home(root).audit_socket))
    grown, listed, told = [], [], []
    for _ in range(effort.starts):
        with up(root, log) as stack:
            time.sleep(_SETTLE_S)
            grown.append(process.own_megabytes(stack.part("gateway")) - empty[0])
            listed.append(_seconds(root, f"{HOLDS} wait"))
            told.append(_seconds(root, f'"count": {HOLDS}', "--json"))
    return Section(
        f"{HOLDS:,} calls that wait for a person",
        (
            figure("holds_memory_mb", "the gateway's own memory, more than without them", "MB", grown),
            figure("holds_list_s", "`doorless approvals list`, the first 100 and the count", "s", listed),
            figure("holds_json_s", "`doorless approvals list --json`, all of them", "s", told),
        ),
    )


async def _open_all(socket: Path) -> None:
    client = await AuditClient.connect(socket)
    try:
        now = int(time.time())
        events = [_event(number, now) for number in range(HOLDS)]
        for first in range(0, HOLDS, 500):
            await asyncio.gather(*(client.append(event) for event in events[first : first + 500]))
    finally:
        await client.close()


def _event(number: int, now: int) -> EventEntry:
    opened = replace(
        _EXAMPLE,
        hold=hold_id(os.urandom(16)),
        at=now,
        digest=os.urandom(32).hex(),
        decision=decision_id(os.urandom(16)),
        workflow=f"wf-bench{number // 100:03}",
        target=f"DELETE /items/{number}",
        expires_at=now + 24 * 3600,
    )
    return EventEntry(
        time=now * 1000, event=NAMES[Opened], workflow=opened.workflow, detail=detail_of(opened)
    )


_EXAMPLE = Opened(
    hold="",
    at=0,
    digest="",
    decision="",
    workflow="",
    role="bench",
    service="items",
    route="purge",
    target="",
    body_bytes=0,
    template="irreversible",
    approvers=(pwd.getpwuid(os.getuid()).pw_name,),
    needed=1,
    expires_at=0,
    revision="ab" * 32,
    why="The route purge of items cannot be undone, so a person must approve it.",
)


def _seconds(root: Path, expected: str, *words: str) -> float:
    """From the start of the command to its end, the second time: its modules are compiled, as where it is in use."""
    argv = doorless("approvals", "list", "--home", str(root), *words)
    compiled = {**environment(), "PYTHONPYCACHEPREFIX": str(root / "compiled")}
    compiled.pop("PYTHONDONTWRITEBYTECODE", None)
    for _ in range(2):
        began = time.monotonic()
        done = subprocess.run(argv, env=compiled, capture_output=True, text=True, check=False)
        took = time.monotonic() - began
    if done.returncode or expected not in done.stdout:
        raise CannotMeasure(f"the list was not whole: {done.stderr.strip()[-300:]}", "`doorless doctor`")
    return took
