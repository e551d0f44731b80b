"""Does a room hold on this machine? Builds a real one and looks around from inside.

Belief is not enough: without `Works` from here no agent is started. Leaves nothing behind.
"""

import asyncio
import json
import tempfile
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from sandbox.binary import SandboxUnavailable
from sandbox.folders import RoomRefused
from sandbox.host import gather_host
from sandbox.launch import RoomBroken
from sandbox.output import Stream
from sandbox.remedy import KernelFacts, remedy_for
from sandbox.room import FORWARDER_PORT, LOWEST_ROOM_UID, Host, Limits, Room
from sandbox.run import start

_ANSWER = b"doorless-probe"
_LEAK = "do not run agents on this machine, and report what the probe saw"
# Runs inside, on the standard library. Each finding is one thing that must not be so.
_LOOK = f"""
import json, os, socket, sys
findings = []
def refused(what, *numbers):
    try:
        socket.socket(*numbers).close()
    except OSError:
        return
    findings.append(f"a {{what}} socket can be opened")
for what, *numbers in (("netlink", 16, 3, 0), ("packet", 17, 3, 0), ("vsock", 40, 1, 0), ("alg", 38, 5, 0),
                       ("raw", 2, 3, 1)):
    refused(what, *numbers)
for place in (("192.0.2.1", 9), ("2001:db8::1", 9)):
    try:
        socket.create_connection(place, timeout=1)
    except TimeoutError:
        findings.append(f"packets to {{place[0]}} leave the room")
    except OSError:
        continue
    findings.append(f"{{place[0]}} can be reached")
interfaces = [line.split(":")[0].strip() for line in open("/proc/net/dev") if ":" in line]
if interfaces != ["lo"]:
    findings.append(f"network interfaces are visible: {{interfaces}}")
if [*os.getresuid(), *os.getresgid()] != [int(sys.argv[1])] * 3 + [int(sys.argv[2])] * 3:
    findings.append(f"the uid and gid are {{os.getresuid()}} {{os.getresgid()}}")
if sorted(os.environ) != sorted(sys.argv[3].split(",")):
    findings.append(f"the environment holds {{sorted(os.environ)}}")
status = dict(line.rstrip().split(":", 1) for line in open("/proc/self/status"))
if int(status["CapEff"], 16) or int(status["CapPrm"], 16):
    findings.append("the agent holds capabilities")
if status["NoNewPrivs"].strip() != "1" or status["Seccomp"].strip() != "2":
    findings.append("the system call filter is not in force")
try:
    with socket.create_connection(("127.0.0.1", {FORWARDER_PORT}), timeout=5) as gateway:
        gateway.shutdown(socket.SHUT_WR)
        if gateway.makefile("rb").read() != {_ANSWER!r}:
            findings.append("the gateway's socket answers something else")
except OSError as reason:
    findings.append(f"the gateway's socket cannot be reached: {{reason}}")
print(json.dumps(findings))
"""


@dataclass(frozen=True)
class Works:
    """Rooms hold on this machine; `bwrap` is the program that builds them."""

    bwrap: str


@dataclass(frozen=True)
class Broken:
    """Rooms do not hold here, why, and what a person can do about it. No agent may be started."""

    reason: str
    remedy: str


async def probe(uid: int = LOWEST_ROOM_UID) -> Works | Broken:
    """Build a room and look around in it. `uid` is used as root only; main thread only, as `start`."""
    try:
        host = await asyncio.to_thread(gather_host)
        return await _look(host, uid)
    except SandboxUnavailable as reason:
        return Broken(reason.reason, reason.remedy)
    except RoomBroken as reason:
        return Broken(f"a room cannot be built: {reason}", remedy_for(str(reason), kernel_facts(host)))
    except RoomRefused as reason:
        return Broken(f"a room cannot be built: {reason}", "install Doorless in a folder of its own")


def kernel_facts(host: Host) -> KernelFacts:
    """Return the kernel's switches for user namespaces."""
    return KernelFacts(
        is_root=host.is_root,
        apparmor_restricts=_switch("kernel/apparmor_restrict_unprivileged_userns"),
        unprivileged_clone=_switch("kernel/unprivileged_userns_clone"),
        max_user_namespaces=_switch("user/max_user_namespaces"),
    )


async def _look(host: Host, uid: int) -> Works | Broken:
    with tempfile.TemporaryDirectory(prefix="doorless-probe-") as folder:
        server = await asyncio.start_unix_server(_answer, f"{folder}/gw.sock")
        _open_to_the_room(Path(folder))
        async with server:
            return _judge(await _visit(host, uid, PurePosixPath(folder)), host)


def _open_to_the_room(folder: Path) -> None:
    folder.chmod(0o755)
    (folder / "gw.sock").chmod(0o666)


async def _visit(host: Host, uid: int, folder: PurePosixPath) -> tuple[int, str]:
    inner_uid, inner_gid = (uid, uid) if host.is_root else (host.uid, host.gid)
    names = "DOORLESS_PROBE,HOME,LANG,PATH,TMPDIR"
    room = Room(
        argv=(host.python, "-I", "-S", "-c", _LOOK, str(inner_uid), str(inner_gid), names),
        env={"DOORLESS_PROBE": "1"},
        channel_folder=folder,
        uid=uid if host.is_root else None,
        limits=Limits(wall_s=20),
    )
    said: dict[Stream, str] = {"stdout": "", "stderr": ""}

    def keep(stream: Stream, text: str) -> None:
        said[stream] += text

    async with await start(room, keep, host) as running:
        ended = await running.wait()
    return ended.code, said["stdout"] if ended.code == 0 else said["stderr"] or said["stdout"]


def _judge(visit: tuple[int, str], host: Host) -> Works | Broken:
    code, said = visit
    if code != 0:
        return Broken(f"the probe inside the room failed ({code}): {said.strip()}", _LEAK)
    findings: list[str] = json.loads(said)
    return Broken("; ".join(findings), _LEAK) if findings else Works(host.bwrap)


async def _answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read()
    writer.write(_ANSWER)
    await writer.drain()
    writer.close()


def _switch(name: str) -> int | None:
    try:
        return int(Path("/proc/sys", name).read_text())
    except (OSError, ValueError):
        return None
