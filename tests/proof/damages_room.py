"""Walls of the sandbox taken down, one at a time, and the probes that must then cry; values."""

from typing import Final

from tests.proof.damage import ONE_AT_A_TIME, damaged

_ROOM: Final = "sandbox/room.py"
_NO_FILTER: Final = (
    "sandbox/seccomp.py",
    "program = _new(library, library.ERRNO(errno.ENOSYS))\n    for name in ALLOWED:",
    "program = _new(library, library.ALLOW)\n    for name in ():",
)
_NO_ARGUMENT_FILTER: Final = (
    (
        "sandbox/seccomp.py",
        '    _allow_sockets(library, program, "socket")\n    _allow_sockets(library, program, "socketpair")\n',
        "",
    ),
    (
        "sandbox/seccomp.py",
        '    program.add_rule(library.ALLOW, "clone", library.Arg(0, library.MASKED_EQ, _NEW_NAMESPACES, 0))\n',
        "",
    ),
    (
        "sandbox/seccomp.py",
        '        program.add_rule(library.ALLOW, "personality", _low(library, 0, value))\n',
        "        pass\n",
    ),
)
_NO_CALL_FILTER: Final = (_NO_FILTER, *_NO_ARGUMENT_FILTER)
ALL_RIGHTS: Final = (
    (_ROOM, '        *("--cap-drop", "ALL"),\n', '        *("--cap-add", "ALL"),\n'),
    (
        _ROOM,
        "    if uid is None:\n        return ()\n",
        "    return ()\n    if uid is None:\n        return ()\n",
    ),
)
_NO_PROCESSES: Final = (_ROOM, '"--unshare-pid", ', "")
TMP_SHOWN: Final = (
    _ROOM,
    '    yield from _writable("/tmp", room.limits.tmp_bytes)  # noqa: S108\n',
    '    yield from ("--bind", "/tmp", "/tmp")\n',
)
ENVIRONMENT_PASSED: Final = (
    ("sandbox/launch.py", "        env={},\n", "        env=dict(os.environ),\n"),
    (_ROOM, '"--clearenv", ', ""),
    (
        "sandbox/inside.py",
        "os.execvpe(command[0], command, environment)",
        "os.execvpe(command[0], command, {**os.environb, **environment})",
    ),
)
OTHERS_SHOWN: Final = (
    _ROOM,
    '    yield from _writable("/dev/shm", _SHARED_MEMORY_BYTES)  # noqa: S108\n',
    (
        '    yield from ("--bind", "/dev/shm", "/dev/shm", "--bind", "/srv", "/srv", "--perms", "0755", "--dir", "/etc")\n'
        '    yield from ("--ro-bind", "/etc/shadow", "/etc/shadow")\n'
    ),
)

SANDBOX: Final = (
    damaged(
        "the network is shared",
        "network host",
        """tcp-metadata tcp-metadata-v6 tcp-metadata-mapped tcp-metadata-nat64 tcp-metadata-other tcp-link-local
        tcp-link-local-v6 tcp-public tcp-public-two tcp-public-v6 tcp-private tcp-router tcp-by-shell
        tcp-loopback-granted-elsewhere spelled-decimal spelled-octal spelled-hexadecimal spelled-mixed spelled-short
        udp-public udp-public-v6 udp-private multicast dns-udp dns-udp-v6 dns-tcp dns-loopback dns-over-tls-port
        exfiltration-path exfiltration-query exfiltration-header exfiltration-json-key
        loopback-v4 loopback-v6 loopback-name loopback-any loopback-mapped loopback-far loopback-udp issuer-port
        unix-abstract listening-ports""",
        (_ROOM, '"--unshare-net", ', ""),
        ONE_AT_A_TIME,
    ),
    damaged(
        "the network and the rights of root are shared, and no call is filtered",
        "network host",
        "icmp-echo icmp-echo-v6 raw-ip raw-ip-v6 packet netlink-route",
        (_ROOM, '"--unshare-net", ', ""),
        *_NO_CALL_FILTER,
        *ALL_RIGHTS,
        ONE_AT_A_TIME,
    ),
    damaged(
        "the room resolves names as the host does",
        "network",
        "dns-resolver dns-program",
        (_ROOM, '"--unshare-net", ', ""),
        (_ROOM, '"passwd: files\\ngroup: files\\nhosts: files\\n"', '"hosts: dns\\n"'),
        (
            _ROOM,
            '        "/etc/passwd": f"agent',
            '        "/etc/resolv.conf": "nameserver 8.8.8.8\\n",\n        "/etc/passwd": f"agent',
        ),
        ONE_AT_A_TIME,
    ),
    damaged(
        "the host's /tmp is shown",
        "host files processes",
        """unix-path unix-datagram scm-taken scm-given unix-link-open read-history read-ssh-key read-cloud read-git
        read-forge read-project read-by-root search write-open-folder disk""",
        TMP_SHOWN,
    ),
    damaged(
        "the home is open to all, and shown",
        "host files",
        """socket-issuer socket-gateway socket-opa socket-audit socket-other-channel read-static-key
        read-introspection-secret read-keys read-log read-log-key read-policies""",
        TMP_SHOWN,
        *ALL_RIGHTS,
    ),
    damaged(
        "other folders of the host are shown",
        "files",
        "read-system-file read-shared-memory write-outside write-by-link",
        OTHERS_SHOWN,
    ),
    damaged(
        "a folder above the channel's is shown too",
        "host",
        "unix-dots",
        (
            _ROOM,
            "    yield from _read_only(room.channel_folder, CHANNEL_FOLDER)\n",
            (
                "    yield from _read_only(room.channel_folder, CHANNEL_FOLDER)\n"
                '    yield from _read_only(room.channel_folder.parents[3] / "open", "/open")\n'
            ),
        ),
    ),
    damaged(
        "what is shown can be written to",
        "host files",
        "write-usr write-agent",
        (_ROOM, '"--ro-bind", str(source), place)', '"--bind", str(source), place)'),
    ),
    damaged(
        "what is shown can be written to, by root",
        "host files",
        "socket-replaced unix-link write-channel",
        (_ROOM, '"--ro-bind", str(source), place)', '"--bind", str(source), place)'),
        *ALL_RIGHTS,
        TMP_SHOWN,
    ),
    damaged(
        "the environment is passed on",
        "files",
        "environment environments",
        *ENVIRONMENT_PASSED,
    ),
    damaged(
        "the room's command line names folders",
        "files",
        "command-lines",
        (
            "sandbox/launch.py",
            'argv = (host.bwrap, "--args", str(wires.options), "--", *inner_argv(room, host))',
            "from sandbox.room import bwrap_options; argv = (host.bwrap, *bwrap_options(room, host, wires.named), '--', *inner_argv(room, host))",
        ),
    ),
    damaged(
        "descriptors are inherited",
        "host",
        "inherited",
        (
            "sandbox/launch.py",
            "            *(number for _, number in self.named.files),\n",
            (
                "            *(number for _, number in self.named.files),\n"
                "            *(n for n in range(3, 200) if os.path.exists(f'/proc/self/fd/{n}') and os.get_inheritable(n)),\n"
            ),
        ),
        ("sandbox/inside.py", "    os.closerange(3, 64)\n", ""),
    ),
    damaged(
        "no call is filtered",
        "processes files",
        """socket-vsock socket-vsock-wide socket-mptcp io-uring userfaultfd keyring shared-memory message-queue old-calls
        namespace-user""",
        *_NO_CALL_FILTER,
        (
            "sandbox/seccomp.py",
            "program.set_attr(library.Attr.ACT_BADARCH, library.KILL_PROCESS)",
            "program.set_attr(library.Attr.ACT_BADARCH, library.ALLOW)",
        ),
    ),
    damaged(
        "no call is filtered, and the agent is root",
        "processes files",
        """capabilities socket-xdp bpf perf device terminal mount mount-new bind unmount change-root namespace-mounts
        namespace-network host-name core-dumps file-handle""",
        *_NO_CALL_FILTER,
        *ALL_RIGHTS,
        (
            "sandbox/seccomp.py",
            "    for request in _TERMINAL_REQUESTS.values():\n",
            "    for request in ():\n",
        ),
        (_ROOM, '        "CORE": 0,\n', ""),
    ),
    damaged(
        "the host's processes are shown",
        "processes",
        "kill kill-by-handle memory-file environ-of arguments-of descriptor-of",
        _NO_PROCESSES,
    ),
    damaged(
        "the room's processes are the host's, and its agent alone ends with it",
        "processes",
        "survivor survivor-killed",
        _NO_PROCESSES,
        (
            "sandbox/inside.py",
            "    child = os.fork()\n    if child:\n        return child\n",
            (
                "    child = os.fork()\n    if child:\n        return child\n"
                "    __import__('ctypes').CDLL(None).prctl(1, 9)\n"  # PR_SET_PDEATHSIG, SIGKILL
            ),
        ),
    ),
    damaged(
        "the host's processes are shown, and no call is filtered",
        "processes",
        "trace memory-call descriptor-stolen namespace-of",
        _NO_PROCESSES,
        *_NO_CALL_FILTER,
        *ALL_RIGHTS,
    ),
    damaged(
        "nothing is bounded",
        "processes",
        "fork-bomb descriptors memory disk file-size deadline output",
        (_ROOM, 'return ",".join(f"{name}={value}" for name, value in values.items())', 'return "CPU=600"'),
        (_ROOM, '"--size", str(size), ', ""),
        ("sandbox/run.py", "await asyncio.sleep(wall_s)", "await asyncio.sleep(3600)"),
        ("sandbox/output.py", "    if text.isprintable():\n        return text\n", "    return text\n"),
    ),
)
