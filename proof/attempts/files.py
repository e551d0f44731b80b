"""Attempts on files and the environment: reading what is not ours, writing where we may not, changing the tree.

Standard library only.
"""

import contextlib
import os
import re
import resource
from pathlib import Path

from proof.attempts.calls import LIBC, call, checked

_NEW_NAMESPACES = {"user and mounts": 0x10000000 | 0x00020000, "mounts": 0x00020000, "network": 0x40000000}
_LONGEST = 65_536
_PLANTED = re.compile(rb"canary-[0-9a-f]{32}")


def read(path: str) -> str:
    """One file."""
    return Path(path).read_bytes()[:_LONGEST].decode("latin-1")


def read_tree(folder: str) -> str:
    """Every file below a folder."""
    found = []
    for top, _, names in os.walk(folder):
        for name in names:
            with contextlib.suppress(OSError):
                found.append(read(f"{top}/{name}"))
    if not found:
        raise FileNotFoundError(2, f"nothing can be read below {folder}")
    return " ".join(found)


def search(places: str, skipped: str) -> list[str]:
    """Everything of the planted shape in every file below these places."""
    found: list[str] = []
    closed = set(skipped.split(","))
    for place in places.split(","):
        for top, below, names in os.walk(place):
            below[:] = [name for name in below if f"{top}/{name}" not in closed]
            for name in names:
                path = Path(top, name)
                with contextlib.suppress(OSError):
                    if path.is_file():
                        found += map(bytes.decode, _PLANTED.findall(path.read_bytes()))
    return found


def environment() -> list[str]:
    """Our own environment."""
    return [f"{name}={value}" for name, value in os.environ.items()]


def environments() -> list[str]:
    """The environment of every process that is shown."""
    found = []
    for place in Path("/proc").glob("[0-9]*/environ"):
        with contextlib.suppress(OSError):
            found.append(place.read_bytes().decode("latin-1"))
    return found


def command_lines(backwards: str) -> str:
    """The command line of any process that is shown and names a folder, which is given backwards to be no find itself."""
    for place in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            words = place.read_bytes().replace(b"\0", b" ").decode("latin-1")
            if backwards[::-1] in words:
                return words[:200]
    raise FileNotFoundError(2, "no command line names it")


def write(folder: str, mark: str) -> str:
    """A new file."""
    Path(folder, mark).write_text(mark, encoding="ascii")
    return "written"


def link_out(folder: str, mark: str) -> str:
    """A new file by way of a symbolic link from a folder of our own."""
    link = Path("/tmp", f"link-{mark}")  # noqa: S108 - the room's own
    link.symlink_to(folder)
    try:
        return write(str(link), mark)
    finally:
        link.unlink()


def root_of_process(path: str) -> str:
    """A file by way of another process's root folder."""
    for place in ("/proc/1/root", "/proc/self/root", f"/proc/{os.getppid()}/root"):
        with contextlib.suppress(OSError):
            return read(f"{place}{path}")
    raise FileNotFoundError(2, "no process's root shows it")


def mount(folder: str) -> str:
    """A file system of our own, over whatever stands there."""
    checked(LIBC.mount(b"tmpfs", os.fsencode(folder), b"tmpfs", 0, None))
    LIBC.umount2(os.fsencode(folder), 2)
    return "mounted"


def mount_new(kind: str) -> str:
    """The same by the newer calls (fsopen)."""
    return f"descriptor {call('fsopen', os.fsencode(kind), 0)}"


def bind(source: str, folder: str) -> str:
    """One folder shown in another's place."""
    checked(LIBC.mount(os.fsencode(source), os.fsencode(folder), None, 4096, None))
    LIBC.umount2(os.fsencode(folder), 2)
    return "bound"


def unmount(folder: str, source: str) -> str:
    """What is mounted over a folder taken away, to see what lies below; where nothing is, put there first."""
    LIBC.mount(os.fsencode(source), os.fsencode(folder), None, 4096, None)
    checked(LIBC.umount2(os.fsencode(folder), 2))
    return "unmounted"


def change_root(folder: str) -> str:
    """Another root folder."""
    os.chroot(folder)
    return "changed"


def namespace(kind: str) -> str:
    """A namespace of our own, in which we would be root."""
    checked(LIBC.unshare(_NEW_NAMESPACES[kind]))
    return f"in a new namespace ({kind})"


def core_limit() -> str:
    """Core dumps, which would write our memory to wherever the host says."""
    try:
        resource.setrlimit(resource.RLIMIT_CORE, (4096, 4096))
    except ValueError as refused:  # how this module tells EPERM
        raise PermissionError(1, str(refused)) from refused
    return "core dumps are on"


def host_name() -> str:
    """The machine's name changed."""
    checked(LIBC.sethostname(b"taken", 5))
    return "changed"
