"""The process that attempts go for: takes the agents' uid, lets itself be traced, holds a secret, waits.

Standard library only. Arguments: uid, secret, a file to hold open. Prints the secret's address in its memory.
"""

import contextlib
import ctypes
import os
import signal
import sys

_PR_SET_DUMPABLE, _PR_SET_PTRACER = 4, 0x59616D61
_ANYBODY = ctypes.c_ulong(-1)


def main() -> None:
    """Wait until somebody ends us."""
    uid, secret, file = sys.argv[1:]
    held = ctypes.create_string_buffer(secret.encode())
    descriptor = os.open(file, os.O_RDONLY)
    os.set_inheritable(descriptor, True)
    if os.geteuid() == 0:
        os.setgroups([])
        os.setresgid(int(uid), int(uid), int(uid))
        os.setresuid(int(uid), int(uid), int(uid))
    libc = ctypes.CDLL(None)
    libc.prctl(_PR_SET_DUMPABLE, 1, 0, 0, 0)
    with contextlib.suppress(OSError):
        libc.prctl(_PR_SET_PTRACER, _ANYBODY, 0, 0, 0)
    sys.stdout.write(f"{ctypes.addressof(held)}\n")
    sys.stdout.flush()
    while True:
        signal.pause()


if __name__ == "__main__":
    main()
