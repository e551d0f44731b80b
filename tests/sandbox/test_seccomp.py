"""The filter in force, from inside real rooms: what is refused, and what ordinary programs still need."""

import errno
import json
import platform
import shutil
from pathlib import Path

import pyseccomp
import pytest

from sandbox.seccomp import filter_programs
from sandbox.syscalls import ALLOWED
from tests.sandbox.rooms import Rooms

SOCKETS = {
    "vsock": (40, 1, 0),
    "vsock behind high bits": (1 << 32 | 40, 1, 0),
    "netlink": (16, 3, 0),
    "packet": (17, 3, 0),
    "alg": (38, 5, 0),
    "xdp": (44, 3, 0),
    "bluetooth": (31, 3, 0),
    "kcm": (41, 2, 0),
    "raw": (2, 3, 1),
    "raw v6": (10, 3, 58),
    "sctp": (2, 1, 132),
    "mptcp": (2, 1, 262),
    "icmp ping": (2, 2, 1),
    "unix seqpacket": (1, 5, 0),
    "packet hidden in the type": (2, 10, 0),
}
# Name of the call and its arguments; the number is this machine's own.
CALLS: dict[str, tuple[str, tuple[int, ...]]] = {
    "clone3": ("clone3", (0, 0)),
    "unshare user": ("unshare", (0x1000_0000,)),
    "setns": ("setns", (0, 0)),
    "clone new user": ("clone", (0x1000_0000 | 17, 0, 0, 0, 0)),
    "clone new net": ("clone", (0x4000_0000 | 17, 0, 0, 0, 0)),
    "personality without address randomness": ("personality", (0x4_0000,)),
    **{
        name: (name, (0, 0, 0, 0, 0))
        for name in [
            "mount",
            "umount2",
            "fsopen",
            "move_mount",
            "open_tree",
            "pivot_root",
            "chroot",
            "ptrace",
            "process_vm_readv",
            "process_vm_writev",
            "pidfd_getfd",
            "kcmp",
            "bpf",
            "perf_event_open",
            "userfaultfd",
            "io_uring_setup",
            "io_uring_enter",
            "io_uring_register",
            "add_key",
            "request_key",
            "keyctl",
            "kexec_load",
            "init_module",
            "finit_module",
            "delete_module",
            "open_by_handle_at",
            "fanotify_init",
            "syslog",
            "reboot",
            "swapon",
            "settimeofday",
            "shmget",
            "msgget",
            "semget",
            "mq_open",
            "acct",
            "quotactl",
        ]
    },
}
TRY = (
    "import ctypes,json,sys\n"
    "libc = ctypes.CDLL(None, use_errno=True)\n"
    "for name, numbers in json.loads(sys.argv[1]).items():\n"
    " ctypes.set_errno(0)\n"
    " answer = libc.syscall(*(ctypes.c_long(n) for n in numbers))\n"
    " print(json.dumps([name, answer, ctypes.get_errno()]))\n"
)
SOCKET_CALL = pyseccomp.resolve_syscall(pyseccomp.Arch.NATIVE, "socket")


def test_sockets_of_other_families_are_refused(rooms: Rooms) -> None:
    """Only unix, IPv4 and IPv6 sockets with plain TCP or UDP can be made, whatever the high bits say."""
    calls = {name: (SOCKET_CALL, *numbers) for name, numbers in SOCKETS.items()}
    result = rooms.python(TRY, json.dumps(calls))
    answers = [json.loads(line) for line in result.stdout.splitlines()]
    assert answers == [[name, -1, errno.ENOSYS] for name in SOCKETS]


def test_ordinary_sockets_work(rooms: Rooms) -> None:
    """Streams and datagrams of the three families, and pairs, can be made."""
    code = (
        "import socket\n"
        "for family in (1, 2, 10):\n"
        " for kind in (1, 2): socket.socket(family, kind).close()\n"
        "socket.socketpair(); print(socket.getaddrinfo('localhost', 80) != [])\n"
    )
    assert rooms.python(code).stdout == "True\n"


def test_dangerous_calls_do_not_exist(rooms: Rooms) -> None:
    """Namespaces, mounts, tracing, keys, io_uring, modules and unknown calls all answer ENOSYS."""
    native = pyseccomp.Arch.NATIVE
    calls = {name: (pyseccomp.resolve_syscall(native, call), *words) for name, (call, words) in CALLS.items()}
    assert all(numbers[0] > 0 for numbers in calls.values())
    calls["a call of the future"] = (1000,)
    result = rooms.python(TRY, json.dumps(calls))
    assert result.code == 0
    assert [json.loads(line) for line in result.stdout.splitlines()] == [
        [name, -1, errno.ENOSYS] for name in calls
    ]


@pytest.mark.skipif(platform.machine() != "x86_64", reason="x32 exists on x86-64 only")
def test_another_abi_kills(rooms: Rooms) -> None:
    """A call by the x32 numbers ends the caller with SIGSYS."""
    result = rooms.python(
        "import ctypes\nctypes.CDLL(None).syscall(ctypes.c_long(0x40000000 | 39))\nprint('alive')"
    )
    assert (result.code, result.stdout) == (159, "")


def test_terminal_injection_is_refused(rooms: Rooms) -> None:
    """TIOCSTI and TIOCLINUX answer EPERM, high bits or not, while other terminal requests work."""
    code = (
        "import ctypes,os\n"
        "libc = ctypes.CDLL(None, use_errno=True)\n"
        "main, side = os.openpty()\n"
        "assert libc.ioctl(side, ctypes.c_ulong(0x540e), 0) == 0\n"  # ours now, so the kernel itself would allow it
        "for request in (0x5412, 0x5412 | 1 << 32, 0x541c, 0x5413):\n"
        " ctypes.set_errno(0)\n"
        " libc.ioctl(side, ctypes.c_ulong(request), ctypes.create_string_buffer(64)); print(ctypes.get_errno())\n"
    )
    assert rooms.python(code).stdout.split() == ["1", "1", "1", "0"]


def test_python_works(rooms: Rooms) -> None:
    """Threads, subprocesses, process pools, asyncio and temporary files work."""
    code = (
        "import asyncio, concurrent.futures as f, subprocess, tempfile\n"
        "def work(n): return n * n\n"
        "async def shell():\n"
        " p = await asyncio.create_subprocess_exec('echo', 'async', stdout=-1); return (await p.communicate())[0]\n"
        "with f.ThreadPoolExecutor() as p: print(list(p.map(work, [1, 2])))\n"
        "with f.ProcessPoolExecutor(2) as p: print(list(p.map(work, [3, 4])))\n"
        "with tempfile.NamedTemporaryFile(): print(subprocess.run(['echo', 'sub'], capture_output=True).stdout)\n"
        "print(asyncio.run(shell()))\n"
    )
    result = rooms.python(code)
    assert result.stdout.split("\n")[:-1] == ["[1, 4]", "[9, 16]", "b'sub\\n'", "b'async\\n'"], result.stderr


def test_git_works(rooms: Rooms) -> None:
    """With git one makes a repository, commits and packs."""
    script = (
        "set -e; git init -q r; cd r; git config user.email a@b; git config user.name a; echo x > f; git add f; "
        "git commit -qm one; git gc -q; git log --oneline | wc -l"
    )
    result = rooms.run("sh", "-c", script)
    assert (result.stdout.strip(), result.stderr) == ("1", "")


@pytest.mark.parametrize("program", [name for name in ("node",) if shutil.which(name, path="/usr/bin:/bin")])
def test_other_interpreters_work(rooms: Rooms, program: str) -> None:
    """An installed node runs, starts a child, and reaches the gateway."""
    script = (
        "const c = require('child_process').execSync('echo child').toString();"
        "const s = require('net').connect(8080, '127.0.0.1', () => s.write('ping'));"
        "s.on('data', d => { console.log(c.trim(), d.toString()); s.destroy(); });"
    )
    result = rooms.run(program, "-e", script)
    assert result.stdout == "child ping\n", result.stderr


def test_programs_are_built_once_and_are_bpf() -> None:
    """The filter is two BPF programs, built once per process."""
    first = filter_programs()
    assert first is filter_programs()
    assert len(first) == 2
    assert all(program and len(program) % 8 == 0 for program in first)


def test_the_filter_loads_nothing_here() -> None:
    """Building the filter leaves this process as it was."""
    before = Path("/proc/self/status").read_text()
    filter_programs.cache_clear()
    filter_programs()
    assert "Seccomp_filters" in before
    assert _filters(before) == _filters(Path("/proc/self/status").read_text())


def _filters(status: str) -> str:
    return next(line for line in status.splitlines() if line.startswith("Seccomp_filters"))


@pytest.mark.parametrize(
    "name", ["unshare", "setns", "clone", "clone3", "socket", "socketpair", "personality", "ptrace"]
)
def test_calls_judged_by_argument_are_not_in_the_list(name: str) -> None:
    """A call that is refused, or allowed by argument only, is not allowed by name: that would win."""
    assert name not in ALLOWED
