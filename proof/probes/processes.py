"""Processes: other processes of the machine, rights, the kernel's calls, and taking more than one's share.

The one group of the room in which a control may be absent: what this kernel does not have cannot be reached.
"""

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


def _on_victim(
    name: str, proves: str, attempt: str, more: dict[str, str] | None = None, witness: Witness = "secret"
) -> RoomProbe:
    return _probe(name, proves, f"processes.{attempt}", {**_VICTIM, **(more or {})}, witness)


_OTHERS: Final = (
    _on_victim("kill", "no process of the host can be ended", "kill", witness="victim"),
    _on_victim("kill-by-handle", "nor by a handle of it", "kill_by_handle", witness="victim"),
    _on_victim("trace", "none can be traced", "trace", witness="word"),
    _on_victim("memory-call", "none's memory can be read", "read_memory", {"address": "{victim_address}"}),
    _on_victim("memory-file", "nor as a file", "read_memory_file", {"address": "{victim_address}"}),
    _on_victim("environ-of", "none's environment can be read", "read_of_process", {"name": "environ"}),
    _on_victim("arguments-of", "none's command line can be read", "read_of_process", {"name": "cmdline"}),
    _on_victim("descriptor-of", "nothing that one has open can be read", "read_descriptor"),
    _on_victim("descriptor-stolen", "nor copied", "steal_descriptor"),
    _on_victim("namespace-of", "its network cannot be joined", "enter_namespace", {"kind": "net"}, "word"),
    SurvivorProbe("survivor", "nothing outlives a room whose agent ends", killed=False),
    SurvivorProbe("survivor-killed", "nothing outlives a room that is ended", killed=True),
)


def _family(name: str, number: int, kind: int, protocol: int) -> RoomProbe:
    arguments = {"family": str(number), "kind": str(kind), "protocol": str(protocol)}
    return _probe(f"socket-{name}", f"no {name} socket can be made", "kernel.open_socket", arguments)


_KERNEL: Final = (
    _probe("capabilities", "no right of root is held or within reach", "kernel.capabilities"),
    _family("vsock", 40, 1, 0),
    _probe("socket-vsock-wide", "nor with a bit that a filter may overlook", "kernel.open_socket_wide", {"family": "40"}),
    _family("alg", 38, 5, 0),
    _family("xdp", 44, 3, 0),
    _family("mptcp", 2, 1, 262),
    _family("sctp", 2, 1, 132),
    _probe("io-uring", "no calls through a ring", "kernel.io_uring"),
    _probe("bpf", "no program for the kernel", "kernel.bpf"),
    _probe("perf", "no processor counters", "kernel.perf"),
    _probe("userfaultfd", "no page faults of one's own", "kernel.userfaultfd"),
    _probe("keyring", "no keyring", "kernel.key"),
    _probe("shared-memory", "no System V shared memory", "kernel.shared_memory"),
    _probe("message-queue", "no message queue", "kernel.message_queue", {"mark": "{mark}"}),
    _probe("file-handle", "no file by its number on the disk", "kernel.file_handle", {"folder": "{agent}", "handle": "{handle}"}, "secret"),
    _probe("module", "no kernel module", "kernel.kernel_module"),
    _probe("device", "no device file", "kernel.device"),
    RoomProbe(
        "old-calls", Group.PROCESSES, "no system calls of the 32-bit kind", "kernel.old_calls", {}, "word", may_die=True
    ),
    _probe("terminal", "nothing can be typed into a terminal", "kernel.type_into_terminal"),
)


def _share(
    name: str, proves: str, attempt: str, arguments: dict[str, str], limits: Limits, witness: Witness = "word"
) -> RoomProbe:
    given = {**arguments, "hold": "{hold}"}
    return RoomProbe(
        name, Group.PROCESSES, proves, f"share.{attempt}", given, witness, beside=True, limits=limits
    )


_SHARES: Final = (
    _share("fork-bomb", "forking is bounded, and hurts nobody", "processes", {"count": "120"}, Limits(processes=64)),
    _share("descriptors", "so are open files", "descriptors", {"count": "300"}, Limits(open_files=128)),
    _share(
        "memory",
        "so is memory",
        "memory",
        {"size": str(256 * _MEGABYTE)},
        Limits(data_bytes=128 * _MEGABYTE),
    ),
    _share(
        "disk",
        "so is the disk",
        "disk",
        {"folder": "/tmp", "size": str(2 * _MEGABYTE)},  # noqa: S108 - the room's own
        Limits(tmp_bytes=_MEGABYTE),
    ),
    _share(
        "file-size",
        "so is one file",
        "disk",
        {"folder": "/tmp", "size": str(2 * _MEGABYTE)},  # noqa: S108
        Limits(file_bytes=_MEGABYTE),
    ),
    _share(
        "connections",
        "a thousand half requests hurt nobody else",
        "hold_connections",
        {"address": "{flooded}", "count": "1000", "mark": "{mark}"},
        Limits(),
        "canary",
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
