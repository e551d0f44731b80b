"""The system call filter of every room, as BPF programs for bubblewrap.

Two programs, and the kernel takes the stricter answer: an allow-list of names (all else does not exist, ENOSYS), and
a list of terminal requests that are refused although ioctl is allowed. Promises: sockets only of the unix and
internet families, stream and datagram; no new namespace; no other ABI. Never loads anything into this process.
"""

import errno
import functools
import os
from typing import Any, Final

from sandbox.binary import SandboxUnavailable
from sandbox.syscalls import ALLOWED

_LOW_32 = 0xFFFF_FFFF  # the kernel reads these arguments as int: what stands above (1<<32|40) must not matter
_FAMILIES: Final = {"unix": 1, "inet": 2, "inet6": 10}
_STREAM, _DATAGRAM = 1, 2
# Of a socket's type only these flags may stand beside the kind: SOCK_CLOEXEC, SOCK_NONBLOCK.
_KIND = _LOW_32 & ~(0o2000000 | 0o4000)
# TCP and UDP only: SCTP, MPTCP, UDP-Lite and ICMP are kernel code that no agent needs.
_PROTOCOLS: Final = {_STREAM: (0, 6), _DATAGRAM: (0, 17)}
# clone may not make a namespace; clone3 hides its flags in memory, so it does not exist and libc falls back.
_NEW_NAMESPACES = 0x7E02_0000
_TERMINAL_REQUESTS: Final = {"TIOCSTI": 0x5412, "TIOCLINUX": 0x541C}
_PERSONALITIES = (0x0, _LOW_32)


@functools.cache
def filter_programs() -> tuple[bytes, ...]:
    """Return the BPF programs, built once per process. Raises SandboxUnavailable (libseccomp missing, other CPU)."""
    try:
        import pyseccomp
    except (ImportError, RuntimeError, OSError) as reason:
        raise SandboxUnavailable(
            f"libseccomp cannot be used ({reason})", "install the package libseccomp2"
        ) from reason
    if pyseccomp.system_arch() not in (pyseccomp.Arch.X86_64, pyseccomp.Arch.AARCH64):
        raise SandboxUnavailable("no system call filter for this processor", "use an x86-64 or arm64 machine")
    return (_allow_list(pyseccomp), _terminal_requests(pyseccomp))


def _allow_list(library: Any) -> bytes:
    program = _new(library, library.ERRNO(errno.ENOSYS))
    for name in ALLOWED:
        number = library.resolve_syscall(library.Arch.NATIVE, name)
        if number >= 0:  # a name that this CPU or libseccomp does not know stays refused
            program.add_rule(library.ALLOW, number)
    _allow_sockets(library, program, "socket")
    _allow_sockets(library, program, "socketpair")
    program.add_rule(library.ALLOW, "clone", library.Arg(0, library.MASKED_EQ, _NEW_NAMESPACES, 0))
    for value in _PERSONALITIES:
        program.add_rule(library.ALLOW, "personality", _low(library, 0, value))
    return _export(program)


def _allow_sockets(library: Any, program: Any, call: str) -> None:
    # unix sockets ignore the protocol, but for them too only 0 and the kinds below pass.
    for kind, protocols in _PROTOCOLS.items():
        for family in _FAMILIES.values():
            for protocol in protocols:
                program.add_rule(
                    library.ALLOW,
                    call,
                    _low(library, 0, family),
                    library.Arg(1, library.MASKED_EQ, _KIND, kind),
                    _low(library, 2, protocol),
                )


def _terminal_requests(library: Any) -> bytes:
    program = _new(library, library.ALLOW)
    for request in _TERMINAL_REQUESTS.values():
        program.add_rule(library.ERRNO(errno.EPERM), "ioctl", _low(library, 1, request))
    return _export(program)


def _new(library: Any, default: int) -> Any:
    program = library.SyscallFilter(default)
    program.set_attr(library.Attr.ACT_BADARCH, library.KILL_PROCESS)
    return program


def _low(library: Any, position: int, value: int) -> Any:
    return library.Arg(position, library.MASKED_EQ, _LOW_32, value)


def _export(program: Any) -> bytes:
    with os.fdopen(os.memfd_create("doorless-filter"), "w+b") as memory:
        program.export_bpf(memory)
        memory.seek(0)
        return memory.read()
