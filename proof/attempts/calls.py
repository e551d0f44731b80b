"""System calls that Python has no name for, by their numbers on x86-64 and arm64. Standard library only."""

import ctypes
import os
import platform

LIBC = ctypes.CDLL(None, use_errno=True)
ARM = platform.machine() == "aarch64"
_CALLS = {
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "pidfd_getfd": (438, 438),
    "io_uring_setup": (425, 425),
    "bpf": (321, 280),
    "perf_event_open": (298, 241),
    "userfaultfd": (323, 282),
    "add_key": (248, 217),
    "shmget": (29, 194),
    "mq_open": (240, 180),
    "name_to_handle_at": (303, 264),
    "open_by_handle_at": (304, 265),
    "init_module": (175, 105),
    "setns": (308, 268),
    "fsopen": (430, 430),
}


def call(name: str, *arguments: object) -> int:
    """Make one call. Raises `OSError`."""
    # As long as a register: what ctypes takes for an int would leave its upper half to chance.
    wide = [ctypes.c_long(each) if isinstance(each, int) else each for each in arguments]
    return checked(LIBC.syscall(ctypes.c_long(_CALLS[name][ARM]), *wide))


def checked(result: int) -> int:
    """The result, or the `OSError` that it stands for."""
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return result
