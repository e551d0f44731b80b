"""The room as data: what an agent gets, and the bubblewrap command line that gives it that and nothing else.

Pure security code: no process, file or clock is touched here, so that every option can be tested as data.
Whatever is not named in the command line does not exist inside; unclear rooms are refused, never repaired.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from sandbox.folders import RoomRefused, check_agent_folder, check_exposed_folder, is_within

CHANNEL_FOLDER = "/run/doorless"
CHANNEL_SOCKET = "/run/doorless/gw.sock"
INSIDE_PROGRAM = "/run/doorless-inside.py"
FORWARDER_PORT = 8080
AGENT_FOLDER = "/agent"
WORK_FOLDER = "/work"
LOWEST_ROOM_UID = 60_000
DEFAULT_ENVIRONMENT: Mapping[str, str] = {"HOME": WORK_FOLDER, "TMPDIR": "/tmp", "LANG": "C.UTF-8"}  # noqa: S108
_SYSTEM_PATH = ("/usr/local/bin", "/usr/bin", "/bin")
_SHARED_MEMORY_BYTES = 64 * 2**20


@dataclass(frozen=True)
class Limits:
    """Upper bounds of one room. Bytes and seconds; memory is bounded per process, not for the whole room."""

    processes: int = 256
    open_files: int = 1024
    data_bytes: int = 2 * 2**30
    file_bytes: int = 256 * 2**20
    cpu_s: int = 600
    tmp_bytes: int = 256 * 2**20
    work_bytes: int = 256 * 2**20
    output_bytes: int = 2**20
    wall_s: float = 300.0


@dataclass(frozen=True)
class Room:
    """What one agent is given.

    `argv` is its command, `env` its whole environment beside HOME, TMPDIR, LANG and PATH (which it may replace),
    `channel_folder` the host folder that holds gw.sock. `uid` is the workflow's own uid when we are root, None for
    an ordinary user. `agent_folder` is seen read-only at /agent and is the working directory; without it /work is.
    Nothing of `forbidden` (the Doorless home) may become visible. Paths are absolute and resolved.
    """

    argv: tuple[str, ...]
    env: Mapping[str, str]
    channel_folder: PurePosixPath
    uid: int | None = None
    agent_folder: PurePosixPath | None = None
    forbidden: tuple[PurePosixPath, ...] = ()
    limits: Limits = field(default_factory=Limits)


@dataclass(frozen=True)
class Host:
    """Facts about this machine that the command line depends on, gathered by `sandbox.host`."""

    uid: int
    gid: int
    bwrap: str
    setpriv: str
    python: str
    inside: str
    prefixes: tuple[PurePosixPath, ...]
    system_folders: tuple[PurePosixPath, ...]
    system_links: tuple[tuple[str, str], ...]
    public_files: tuple[PurePosixPath, ...]
    homes: tuple[PurePosixPath, ...]

    @property
    def is_root(self) -> bool:
        """Whether rooms get a uid of their own."""
        return self.uid == 0


@dataclass(frozen=True)
class Descriptors:
    """Open descriptors that bubblewrap reads or writes, and closes, before the agent exists."""

    filters: tuple[int, ...]
    info: int
    files: tuple[tuple[str, int], ...]


def bwrap_argv(room: Room, host: Host, descriptors: Descriptors) -> tuple[str, ...]:
    """Return the whole command line, program first. Raises RoomRefused."""
    return (host.bwrap, *bwrap_options(room, host, descriptors), "--", *inner_argv(room, host))


def bwrap_options(room: Room, host: Host, descriptors: Descriptors) -> tuple[str, ...]:
    """Return every option of bubblewrap for this room. Raises RoomRefused.

    The environment is not among them: bubblewrap and setpriv run with an empty one, and the agent's own is
    handed over after the privileges are gone, so that no variable (LD_PRELOAD) can act while they are held.
    """
    check_room(room, host)
    return (
        *_isolation(host),
        *_filters(descriptors),
        *_tree(room, host, descriptors),
        *("--chdir", AGENT_FOLDER if room.agent_folder else WORK_FOLDER),
    )


def inner_argv(room: Room, host: Host) -> tuple[str, ...]:
    """Return what bubblewrap starts: as root the drop to the room's uid, then our first process, then the agent."""
    inside = (
        host.python,
        "-I",
        "-S",
        INSIDE_PROGRAM,
        str(FORWARDER_PORT),
        CHANNEL_SOCKET,
        _rlimits(room.limits),
    )
    return (*_drop(room.uid, host), *inside, "--", *room.argv)


def environment(room: Room, host: Host) -> dict[str, str]:
    """Return the agent's whole environment. Raises RoomRefused for names and values that no environment holds."""
    programs = [f"{prefix}/bin" for prefix in host.prefixes]
    path = ":".join(
        dict.fromkeys([*(place for place in programs if place not in _SYSTEM_PATH), *_SYSTEM_PATH])
    )
    merged = {**DEFAULT_ENVIRONMENT, "PATH": path, **room.env}
    for name, value in merged.items():
        if not name or "=" in name or "\0" in name + value:
            raise RoomRefused(f"the environment variable {name!r} has an impossible name or value")
    return merged


def generated_files(room: Room, host: Host) -> dict[str, str]:
    """Return the files of /etc that are ours: path to text."""
    uid = host.uid if room.uid is None else room.uid
    gid = host.gid if room.uid is None else room.uid
    return {
        "/etc/passwd": f"agent:x:{uid}:{gid}:agent:{WORK_FOLDER}:/bin/sh\n",
        "/etc/group": f"agent:x:{gid}:\n",
        "/etc/hosts": "127.0.0.1 localhost\n::1 localhost\n",
        "/etc/nsswitch.conf": "passwd: files\ngroup: files\nhosts: files\n",
    }


def check_room(room: Room, host: Host) -> None:
    """Refuse a room whose shape is wrong or that would show what it must not. Raises RoomRefused."""
    if not room.argv or not room.argv[0]:
        raise RoomRefused("the agent's command is empty")
    if any("\0" in word for word in room.argv):
        raise RoomRefused("the agent's command holds a NUL character")
    if host.is_root and (room.uid is None or room.uid < LOWEST_ROOM_UID):
        raise RoomRefused(f"as root a room needs a uid of its own from {LOWEST_ROOM_UID} up, not {room.uid}")
    if not host.is_root and room.uid is not None:
        raise RoomRefused("an ordinary user cannot give a room another uid: leave it out")
    if room.agent_folder is not None:
        check_agent_folder(room.agent_folder, host.homes, room.forbidden)
    for folder in (room.channel_folder, *host.prefixes):
        check_exposed_folder(folder, host.homes, room.forbidden)
    for folder in (*host.system_folders, *host.public_files):
        check_exposed_folder(folder, (), room.forbidden)


def _isolation(host: Host) -> tuple[str, ...]:
    user = () if host.is_root else ("--unshare-user",)
    # As root without a user namespace these three are what setpriv needs, and it drops them for good.
    kept = ("CAP_SETUID", "CAP_SETGID", "CAP_SETPCAP") if host.is_root else ()
    return (
        *user,
        *("--unshare-ipc", "--unshare-pid", "--unshare-net", "--unshare-uts", "--unshare-cgroup-try"),
        *("--die-with-parent", "--new-session", "--clearenv", "--hostname", "doorless"),
        *("--cap-drop", "ALL"),
        *(word for capability in kept for word in ("--cap-add", capability)),
    )


def _filters(descriptors: Descriptors) -> Iterator[str]:
    if not descriptors.filters:
        raise RoomRefused("a room without a system call filter is no room")
    yield from ("--info-fd", str(descriptors.info))
    for number in descriptors.filters:
        yield from ("--add-seccomp-fd", str(number))


def _tree(room: Room, host: Host, descriptors: Descriptors) -> Iterator[str]:
    # Order is meaning: writable areas first, so that a prefix below /tmp or /work is mounted over them.
    yield from _writable("/tmp", room.limits.tmp_bytes)  # noqa: S108
    yield from _writable(WORK_FOLDER, room.limits.work_bytes)
    yield from ("--proc", "/proc", "--dev", "/dev")
    yield from _writable("/dev/shm", _SHARED_MEMORY_BYTES)  # noqa: S108
    for folder in host.system_folders:
        yield from _read_only(folder, str(folder))
    for target, link in host.system_links:
        yield from ("--symlink", target, link)
    bound = list(host.system_folders)
    for folder in host.prefixes:
        if not any(is_within(folder, above) for above in bound):
            yield from _read_only(folder, str(folder))
            bound.append(folder)
    for file in host.public_files:
        yield from _read_only(file, str(file))
    for name, number in descriptors.files:
        yield from (*_parents(name), "--perms", "0444", "--file", str(number), name)
    yield from _read_only(PurePosixPath(host.inside), INSIDE_PROGRAM)
    yield from _read_only(room.channel_folder, CHANNEL_FOLDER)
    if room.agent_folder is not None:
        yield from _read_only(room.agent_folder, AGENT_FOLDER)
    # bubblewrap's own / and /dev are tmpfs without a size; an ordinary user owns them, so they are closed.
    yield from ("--remount-ro", "/dev", "--remount-ro", "/")


def _writable(place: str, size: int) -> tuple[str, ...]:
    return ("--perms", "1777", "--size", str(size), "--tmpfs", place)


def _read_only(source: PurePosixPath, place: str) -> Iterator[str]:
    yield from (*_parents(place), "--ro-bind", str(source), place)


def _parents(place: str) -> Iterator[str]:
    # bubblewrap would make missing parents with mode 0700, which the room's own uid cannot enter.
    for parent in reversed(PurePosixPath(place).parents[:-1]):
        yield from ("--perms", "0755", "--dir", str(parent))


def _drop(uid: int | None, host: Host) -> tuple[str, ...]:
    if uid is None:
        return ()
    who = ("--reuid", str(uid), "--regid", str(uid), "--clear-groups")
    return (host.setpriv, *who, "--bounding-set=-all", "--inh-caps=-all", "--no-new-privs", "--")


def _rlimits(limits: Limits) -> str:
    values = {
        "NPROC": limits.processes,
        "NOFILE": limits.open_files,
        "DATA": limits.data_bytes,
        "FSIZE": limits.file_bytes,
        "CPU": limits.cpu_s,
        "CORE": 0,
    }
    return ",".join(f"{name}={value}" for name, value in values.items())
