"""Processes: other processes of the machine, rights, the kernel's calls, and taking more than one's share.

The one group of the room in which a control may be absent: what this kernel does not have cannot be reached.
"""

from dataclasses import replace
from typing import Final

from proof.model import Group
from proof.process_probes import OutputProbe, SurvivorProbe
from proof.room_probe import RoomProbe, Witness
from sandbox.room import Limits

_VICTIM: Final = {"pid": "{victim_pid}"}
_MEGABYTE: Final = 2**20


def _probe(
    name: str, proves: str, attempt: str, arguments: dict[str, str] | None = None, witness: Witness = "word"
) -> RoomProbe:
    return RoomProbe(name, Group.PROCESSES, proves, attempt, arguments or {}, witness)


def _door(
    name: str, proves: str, attempt: str, arguments: dict[str, str] | None = None, witness: Witness = "word"
) -> RoomProbe:
    """One that not every kernel has, or opens to anybody."""
    return replace(_probe(name, proves, attempt, arguments, witness), switchable=True, may_die=True)


def _on_victim(
    name: str, proves: str, attempt: str, more: dict[str, str] | None = None, witness: Witness = "secret"
) -> RoomProbe:
    return _probe(name, proves, f"processes.{attempt}", {**_VICTIM, **(more or {})}, witness)


def _traced(
    name: str, proves: str, attempt: str, more: dict[str, str] | None = None, witness: Witness = "secret"
) -> RoomProbe:
    """One that asks for a tracer's rights, which a kernel may give to nobody (Yama's ptrace_scope)."""
    return replace(_on_victim(name, proves, attempt, more, witness), switchable=True)


_OTHERS: Final = (
    _on_victim("kill", "no process of the host can be ended", "kill", witness="victim"),
    _on_victim(
        "kill-by-handle",
        "no process of the host can be ended by a handle of it",
        "kill_by_handle",
        witness="victim",
    ),
    _traced("trace", "no process of the host can be traced", "trace", witness="word"),
    _traced(
        "memory-call", "no other process's memory can be read", "read_memory", {"address": "{victim_address}"}
    ),
    _traced(
        "memory-file",
        "no other process's memory can be read as a file",
        "read_memory_file",
        {"address": "{victim_address}"},
    ),
    _on_victim(
        "environ-of", "no other process's environment can be read", "read_of_process", {"name": "environ"}
    ),
    _on_victim(
        "arguments-of", "no other process's command line can be read", "read_of_process", {"name": "cmdline"}
    ),
    _on_victim("descriptor-of", "nothing that another process has open can be read", "read_descriptor"),
    _traced("descriptor-stolen", "no descriptor of another process can be copied", "steal_descriptor"),
    _on_victim(
        "namespace-of",
        "another process's network cannot be joined",
        "enter_namespace",
        {"kind": "net"},
        "word",
    ),
    SurvivorProbe("survivor", "nothing outlives a room whose agent ends", killed=False),
    SurvivorProbe("survivor-killed", "nothing outlives a room that is ended", killed=True),
)


def _family(name: str, number: int, kind: int, protocol: int) -> RoomProbe:
    arguments = {"family": str(number), "kind": str(kind), "protocol": str(protocol)}
    return _door(f"socket-{name}", f"no {name} socket can be made", "kernel.open_socket", arguments)


_KERNEL: Final = (
    _probe("capabilities", "no right of root is held or within reach", "kernel.capabilities"),
    _family("vsock", 40, 1, 0),
    _door(
        "socket-vsock-wide",
        "no vsock socket by a bit that a filter may overlook",
        "kernel.open_socket_wide",
        {"family": "40"},
    ),
    _family("alg", 38, 5, 0),
    _family("xdp", 44, 3, 0),
    _family("mptcp", 2, 1, 262),
    _family("sctp", 2, 1, 132),
    _door("io-uring", "no system calls through a ring", "kernel.io_uring"),
    _door("bpf", "no program can be given to the kernel", "kernel.bpf"),
    _door("perf", "no processor counters can be opened", "kernel.perf"),
    _door("userfaultfd", "no page faults can be handled by an agent", "kernel.userfaultfd"),
    _door("keyring", "no keyring can be used", "kernel.key"),
    _door("shared-memory", "no System V shared memory can be made", "kernel.shared_memory"),
    _door("message-queue", "no message queue can be made", "kernel.message_queue", {"mark": "{mark}"}),
    _door(
        "file-handle",
        "no file can be opened by its number on the disk",
        "kernel.file_handle",
        {"folder": "{agent}", "handle": "{handle}"},
        "secret",
    ),
    _door("module", "no kernel module is read", "kernel.kernel_module"),
    _door("device", "no device file can be made", "kernel.device"),
    _door("old-calls", "no system calls of the 32-bit kind", "kernel.old_calls"),
    _door("terminal", "nothing can be typed into a terminal", "kernel.type_into_terminal"),
)


def _share(
    name: str,
    proves: str,
    attempt: str,
    arguments: dict[str, str],
    limits: Limits,
    *,
    witness: Witness = "word",
) -> RoomProbe:
    given = {**arguments, "hold": "{hold}"}
    return RoomProbe(
        name, Group.PROCESSES, proves, f"share.{attempt}", given, witness, beside=True, limits=limits
    )


_SHARES: Final = (
    _share(
        "fork-bomb",
        "processes are bounded, and a fork bomb hurts no neighbour",
        "processes",
        {"count": "120"},
        Limits(processes=64),
    ),
    _share(
        "descriptors",
        "open files are bounded, and using them up hurts no neighbour",
        "descriptors",
        {"count": "300"},
        Limits(open_files=128),
    ),
    _share(
        "memory",
        "memory is bounded, and filling it hurts no neighbour",
        "memory",
        {"size": str(256 * _MEGABYTE)},
        Limits(data_bytes=128 * _MEGABYTE),
    ),
    _share(
        "disk",
        "the disk is bounded, and filling it hurts no neighbour",
        "disk",
        {"folder": "/tmp", "size": str(2 * _MEGABYTE)},  # noqa: S108 - the room's own
        Limits(tmp_bytes=_MEGABYTE),
    ),
    _share(
        "file-size",
        "one file is bounded, and filling it hurts no neighbour",
        "disk",
        {"folder": "/tmp", "size": str(2 * _MEGABYTE)},  # noqa: S108
        Limits(file_bytes=_MEGABYTE),
    ),
    _share(
        "connections",
        "a thousand half requests hurt no neighbour",
        "hold_connections",
        {"address": "{flooded}", "count": "1000", "mark": "{mark}"},
        Limits(),
        witness="canary",
    ),
    RoomProbe(
        "deadline",
        Group.PROCESSES,
        "a room ends at its deadline",
        "share.stay",
        {"seconds": "{stay}"},
        "word",
        may_die=True,
        limits=Limits(wall_s=1.0),
    ),
    OutputProbe(),
)

PROCESSES: Final = (*_OTHERS, *_KERNEL, *_SHARES)
