"""Attempts on the kernel itself: rights, and calls that no agent needs. Standard library only."""

import contextlib
import ctypes
import errno
import fcntl
import mmap
import os
import signal
import struct
import termios
from pathlib import Path

from proof.attempts.calls import ARM, LIBC, call, checked


def capabilities() -> str:
    """Any right of root, held or within reach."""
    status = dict(
        line.split(":\t", 1) for line in Path("/proc/self/status").read_text().splitlines() if ":\t" in line
    )
    held = {
        name: status[name]
        for name in ("CapEff", "CapPrm", "CapInh", "CapAmb", "CapBnd")
        if int(status[name], 16)
    }
    with contextlib.suppress(OSError):
        os.setresuid(0, 0, 0)
    if not held and os.geteuid():
        raise PermissionError(1, "no capability, and no way to become root")
    return f"{held}, uid {os.geteuid()}"


def open_socket(family: str, kind: str, protocol: str) -> str:
    """A socket of a family that no agent needs."""
    descriptor = LIBC.socket(ctypes.c_int(int(family)), ctypes.c_int(int(kind)), ctypes.c_int(int(protocol)))
    checked(descriptor)
    return "open"


def open_socket_wide(family: str) -> str:
    """The same with a bit above those that the kernel reads: a filter that compares all of them is passed by."""
    number = 198 if ARM else 41
    descriptor = LIBC.syscall(
        ctypes.c_long(number), ctypes.c_long(1 << 32 | int(family)), ctypes.c_long(1), ctypes.c_long(0)
    )
    checked(descriptor)
    return "open"


def io_uring() -> str:
    """System calls through a ring, which a filter does not see."""
    return f"descriptor {call('io_uring_setup', 4, ctypes.create_string_buffer(256))}"


def bpf() -> str:
    """A map of the kernel's own programs (BPF_MAP_CREATE, an array of one)."""
    wanted = ctypes.create_string_buffer(struct.pack("=IIIII", 2, 4, 4, 1, 0) + bytes(100))
    return f"descriptor {call('bpf', 0, wanted, 20)}"


def perf() -> str:
    """The processor's counters (a software clock, of ourselves)."""
    wanted = ctypes.create_string_buffer(struct.pack("=IIQ", 1, 112, 0) + bytes(112))
    return f"descriptor {call('perf_event_open', wanted, 0, -1, -1, 0)}"


def userfaultfd() -> str:
    """Page faults handled by ourselves: the tool of many kernel exploits."""
    return f"descriptor {call('userfaultfd', 1)}"


def key() -> str:
    """The kernel's keyrings, which no namespace keeps apart."""
    return f"key {call('add_key', b'user', b'doorless-proof', b'canary', 6, ctypes.c_int(-2))}"


def shared_memory() -> str:
    """System V shared memory."""
    return f"segment {call('shmget', 0, 4096, 0o1600)}"


def message_queue(mark: str) -> str:
    """A POSIX message queue."""
    return f"descriptor {call('mq_open', mark.encode(), 0o102, 0o600, None)}"


def handle_of(path: str) -> str:
    """A file's number on its disk, as hexadecimal digits; anybody may ask for it."""
    handle = ctypes.create_string_buffer(struct.pack("=Ii", 128, 0) + bytes(128))
    call("name_to_handle_at", -100, path.encode(), handle, ctypes.byref(ctypes.c_int()), 0)
    return handle.raw.hex()


def file_handle(folder: str, handle: str) -> str:
    """A file by its number on the disk that `folder` is on, past every folder on its way (what "shocker" did)."""
    place = os.open(folder, os.O_RDONLY)
    wanted = ctypes.create_string_buffer(bytes.fromhex(handle))
    return os.read(call("open_by_handle_at", place, wanted, 0), 200).decode("latin-1")


def kernel_module() -> str:
    """A kernel module: the kernel says "bad format" where it would take one at all."""
    try:
        call("init_module", ctypes.create_string_buffer(64), 64, b"")
    except OSError as refused:
        if refused.errno != errno.ENOEXEC:
            raise
    return "the kernel read it"


def device() -> str:
    """A device file of our own: the machine's memory."""
    place = f"/tmp/device-{os.getpid()}"  # noqa: S108 - the room's own
    os.mknod(place, 0o20600, os.makedev(1, 1))
    os.unlink(place)  # noqa: PTH108
    return "made"


def old_calls() -> str:
    """System calls of the 32-bit kind, whose numbers a filter may not know (int 0x80: getpid)."""
    if ARM:
        raise OSError(38, "there is no such gate on this processor")
    child = os.fork()
    if not child:
        code = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
        code.write(b"\xb8\x14\x00\x00\x00\xcd\x80\xc3")
        function = ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(code)))
        os._exit(0 if function() == os.getpid() else 1)
    status = os.waitpid(child, 0)[1]
    if status == 0:
        return "the kernel answered"
    if os.waitstatus_to_exitcode(status) == -signal.SIGSEGV:
        raise OSError(38, "this kernel has no 32-bit calls")
    raise PermissionError(1, f"ended with {os.waitstatus_to_exitcode(status)}")


def type_into_terminal() -> str:
    """Characters typed into the terminal that controls us (TIOCSTI), as if a person had."""
    child = os.fork()
    if not child:
        os.setsid()
        _, theirs = os.openpty()
        try:
            fcntl.ioctl(theirs, termios.TIOCSCTTY, 0)
            fcntl.ioctl(theirs, termios.TIOCSTI, b"x")
        except OSError as refused:
            os._exit(refused.errno or 1)
        os._exit(0)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if code:
        raise OSError(code, os.strerror(code))
    return "typed"
