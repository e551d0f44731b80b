"""Attempts on other processes of the machine: signals, memory, tracing, what they have open. Standard library only."""

import contextlib
import ctypes
import os
import signal
from pathlib import Path

from proof.attempts.calls import call

_ATTACH, _DETACH = 16, 17
_SECRET_BYTES = 39


def kill(pid: str) -> str:
    """End a process of the host."""
    os.kill(int(pid), signal.SIGKILL)
    return "signal sent"


def kill_by_handle(pid: str) -> str:
    """The same by a handle of the process."""
    signal.pidfd_send_signal(os.pidfd_open(int(pid)), signal.SIGKILL)
    return "signal sent"


def trace(pid: str) -> str:
    """Take a process over as a debugger does."""
    call("ptrace", _ATTACH, int(pid), 0, 0)
    os.waitpid(int(pid), 0x40000000)
    call("ptrace", _DETACH, int(pid), 0, 0)
    return "attached"


def read_memory(pid: str, address: str) -> str:
    """Read another process's memory by the call for it."""
    here = ctypes.create_string_buffer(_SECRET_BYTES)
    local = (ctypes.c_size_t * 2)(ctypes.addressof(here), _SECRET_BYTES)
    remote = (ctypes.c_size_t * 2)(int(address), _SECRET_BYTES)
    call("process_vm_readv", int(pid), local, 1, remote, 1, 0)
    return here.raw.decode("latin-1")


def read_memory_file(pid: str, address: str) -> str:
    """Read another process's memory as a file."""
    with Path(f"/proc/{pid}/mem").open("rb", buffering=0) as memory:
        memory.seek(int(address))
        return memory.read(_SECRET_BYTES).decode("latin-1")


def read_of_process(pid: str, name: str) -> str:
    """What /proc shows of another process."""
    return Path(f"/proc/{pid}/{name}").read_bytes()[:65536].decode("latin-1")


def read_descriptor(pid: str) -> list[str]:
    """What another process has open, by way of /proc."""
    found = []
    for place in Path(f"/proc/{pid}/fd").iterdir():
        with contextlib.suppress(OSError):
            if place.is_file():
                found.append(place.read_bytes()[:200].decode("latin-1"))
    return found


def steal_descriptor(pid: str) -> str:
    """A copy of a descriptor of another process."""
    handle = os.pidfd_open(int(pid))
    for number in range(3, 10):
        with contextlib.suppress(OSError):
            return os.pread(call("pidfd_getfd", handle, number, 0), 200, 0).decode("latin-1")
    raise FileNotFoundError(2, "it gave none")


def enter_namespace(pid: str, kind: str) -> str:
    """Join another process in its namespace."""
    call("setns", os.open(f"/proc/{pid}/ns/{kind}", os.O_RDONLY), 0)
    return "joined"


def leave_behind(mark: str) -> list[str]:
    """A process that leaves everything that could end it: its parent, its session, its signals."""
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            for ignored in (signal.SIGHUP, signal.SIGTERM, signal.SIGINT):
                signal.signal(ignored, signal.SIG_IGN)
            null = os.open(os.devnull, os.O_RDWR)
            for number in range(3):
                os.dup2(null, number)
            os.execv("/bin/sh", ["sh", "-c", f": {mark}; while :; do sleep 1; done"])  # noqa: S606
        os._exit(0)
    os.wait()
    return []


def leave_behind_and_stay(mark: str) -> list[str]:
    """The same, and go on ourselves."""
    leave_behind(mark)
    signal.pause()
    return []
