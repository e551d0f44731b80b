"""Walls taken down one at a time, in a copy of the product, and the probes that must then cry.

A damage is text exchanged for other text. Where the product has changed so that it no longer fits, the campaign says so.
"""

from dataclasses import dataclass
from typing import Final

ONE_AT_A_TIME: Final = ("proof/frame.py", "AT_ONCE = 4", "AT_ONCE = 1")
Exchange = tuple[str, str, str]


@dataclass(frozen=True)
class Damage:
    """What is exchanged, which groups are tried then, and which probes must leak."""

    name: str
    exchanges: tuple[Exchange, ...]
    groups: tuple[str, ...]
    leaks: frozenset[str]


def _damage(name: str, groups: str, leaks: str, *exchanges: Exchange) -> Damage:
    return Damage(name, exchanges, tuple(groups.split()), frozenset(leaks.split()))


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
_ALL_RIGHTS: Final = (
    (_ROOM, '        *("--cap-drop", "ALL"),\n', '        *("--cap-add", "ALL"),\n'),
    (
        _ROOM,
        "    if uid is None:\n        return ()\n",
        "    return ()\n    if uid is None:\n        return ()\n",
    ),
)
_NO_PROCESSES: Final = (_ROOM, '"--unshare-pid", ', "")
_TMP_SHOWN: Final = (
    _ROOM,
    '    yield from _writable("/tmp", room.limits.tmp_bytes)  # noqa: S108\n',
    '    yield from ("--bind", "/tmp", "/tmp")\n',
)

SANDBOX: Final = (
    _damage(
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
    _damage(
        "the network and the rights of root are shared, and no call is filtered",
        "network host",
        "icmp-echo icmp-echo-v6 raw-ip raw-ip-v6 packet netlink-route",
        (_ROOM, '"--unshare-net", ', ""),
        *_NO_CALL_FILTER,
        *_ALL_RIGHTS,
        ONE_AT_A_TIME,
    ),
    _damage(
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
    _damage(
        "the host's /tmp is shown",
        "host files processes",
        """unix-path unix-datagram scm-taken scm-given unix-link-open read-history read-ssh-key read-cloud read-git
        read-forge read-project read-by-root search write-open-folder disk""",
        _TMP_SHOWN,
    ),
    _damage(
        "the home is open to all, and shown",
        "host files",
        """socket-issuer socket-gateway socket-opa socket-audit socket-other-channel read-static-key
        read-introspection-secret read-keys read-log read-policies""",
        _TMP_SHOWN,
        *_ALL_RIGHTS,
    ),
    _damage(
        "other folders of the host are shown",
        "files",
        "read-system-file read-shared-memory write-outside write-by-link",
        (
            _ROOM,
            '    yield from _writable("/dev/shm", _SHARED_MEMORY_BYTES)  # noqa: S108\n',
            (
                '    yield from ("--bind", "/dev/shm", "/dev/shm", "--bind", "/srv", "/srv", "--perms", "0755", "--dir", "/etc")\n'
                '    yield from ("--ro-bind", "/etc/shadow", "/etc/shadow")\n'
            ),
        ),
    ),
    _damage(
        "what is shown can be written to",
        "host files",
        "write-usr write-agent",
        (_ROOM, '"--ro-bind", str(source), place)', '"--bind", str(source), place)'),
    ),
    _damage(
        "what is shown can be written to, by root",
        "host files",
        "socket-replaced unix-link write-channel",
        (_ROOM, '"--ro-bind", str(source), place)', '"--bind", str(source), place)'),
        *_ALL_RIGHTS,
        _TMP_SHOWN,
    ),
    _damage(
        "the environment is passed on",
        "files",
        "environment environments",
        ("sandbox/launch.py", "        env={},\n", "        env=dict(os.environ),\n"),
        (_ROOM, '"--clearenv", ', ""),
        (
            "sandbox/inside.py",
            "os.execvpe(command[0], command, environment)",
            "os.execvpe(command[0], command, {**os.environb, **environment})",
        ),
    ),
    _damage(
        "the room's command line names folders",
        "files",
        "command-lines",
        (
            "sandbox/launch.py",
            'argv = (host.bwrap, "--args", str(wires.options), "--", *inner_argv(room, host))',
            "from sandbox.room import bwrap_options; argv = (host.bwrap, *bwrap_options(room, host, wires.named), '--', *inner_argv(room, host))",
        ),
    ),
    _damage(
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
    _damage(
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
    _damage(
        "no call is filtered, and the agent is root",
        "processes files",
        """capabilities socket-xdp bpf perf device terminal mount mount-new bind unmount change-root namespace-mounts
        namespace-network host-name core-dumps file-handle""",
        *_NO_CALL_FILTER,
        *_ALL_RIGHTS,
        (
            "sandbox/seccomp.py",
            "    for request in _TERMINAL_REQUESTS.values():\n",
            "    for request in ():\n",
        ),
        (_ROOM, '        "CORE": 0,\n', ""),
    ),
    _damage(
        "the host's processes are shown",
        "processes",
        "kill kill-by-handle memory-file environ-of arguments-of descriptor-of",
        _NO_PROCESSES,
    ),
    _damage(
        "the host's processes are shown, and no call is filtered",
        "processes",
        "trace memory-call descriptor-stolen namespace-of",
        _NO_PROCESSES,
        *_NO_CALL_FILTER,
        *_ALL_RIGHTS,
    ),
    _damage(
        "nothing is bounded",
        "processes",
        "fork-bomb descriptors memory disk file-size deadline output",
        (_ROOM, 'return ",".join(f"{name}={value}" for name, value in values.items())', 'return "CPU=600"'),
        (_ROOM, '"--size", str(size), ', ""),
        ("sandbox/run.py", "await asyncio.sleep(wall_s)", "await asyncio.sleep(3600)"),
        ("sandbox/output.py", "    if text.isprintable():\n        return text\n", "    return text\n"),
    ),
)

PARTS: Final = (
    _damage(
        "addresses are not judged",
        "network",
        """tcp-metadata tcp-metadata-v6 tcp-metadata-mapped tcp-metadata-other tcp-link-local
        tcp-loopback-granted-elsewhere""",
        ("gateway/addresses.py", "        if why_not is not None:\n", "        if False:\n"),
    ),
    _damage(
        "every role is granted everything",
        "network host http fail-closed",
        """tcp-public tcp-public-two tcp-public-v6 tcp-private tcp-router exfiltration-path exfiltration-query
        exfiltration-header exfiltration-json-key loopback-v4 not-granted policy-broken policy-unknown""",
        (
            "proof/catalogue.py",
            "    services: [{own}]\n    actions: [read]\n    data: [words]\n",
            "    services: [{every}]\n    actions: [read, write]\n    data: [words, canaries, others]\n",
        ),
        (
            "proof/catalogue.py",
            "    services: [{every}]\n    actions: [read, write]\n    data: [words, canaries]\n",
            "    services: [{every}]\n    actions: [read, write]\n    data: [words, canaries, others]\n",
        ),
    ),
    _damage(
        "headers are not read, and pass",
        "http",
        """two-codings no-host two-hosts foreign-host host-with-path upgrade own-cookie
        underscore hop-by-hop method-override original-url forwarded-for""",
        (
            "gateway/wire.py",
            "    seen: dict[bytes, bytes] = {}\n",
            "    return None\n    seen: dict[bytes, bytes] = {}\n",
        ),
        (
            "gateway/wire.py",
            '    return tuple(header for header in headers if b"_" not in header[0])\n',
            "    return headers\n",
        ),
        (
            "gateway/headers.py",
            "    allowed -= _hop_by_hop(headers)\n    return tuple(header for header in headers if header[0] in allowed)\n",
            "    return tuple(header for header in headers if header[0] not in {b'host', b'content-length', b'transfer-encoding', b'connection'})\n",
        ),
    ),
    _damage(
        "signatures and headers of tokens are not read",
        "tokens",
        """unsigned unsigned-es256 public-key-as-secret other-key zero-signature flipped-signature changed-claims
        own-jwk own-jku own-x5u own-x5c critical unencoded other-type no-type unknown-header other-algorithm""",
        (
            "issuer/compact.py",
            "    names = header.keys()\n",
            '    return str(header.get("kid"))\n    names = header.keys()\n',
        ),
        ("issuer/compact.py", "    if not segment or base64", "    if base64"),
        (
            "issuer/token.py",
            "    if not _algorithm.verify(token.signing_input, token.signature, key.key):\n",
            "    if False:\n",
        ),
    ),
    _damage(
        "claims and times are not read",
        "tokens",
        """other-issuer other-client unknown-claim claim-twice expired not-yet too-long scope-twice""",
        (
            "issuer/token.py",
            "    _check_claims(claims, issuer, audience)\n    _check_times(claims, now)\n",
            "",
        ),
        ("issuer/compact.py", "    if len(found) != len(pairs):\n", "    if False:\n"),
    ),
    _damage(
        "one token has many spellings",
        "tokens",
        "padded other-spelling",
        (
            "issuer/compact.py",
            '    if not segment or base64.urlsafe_b64encode(decoded).rstrip(b"=") != segment:\n',
            "    if not segment:\n",
        ),
    ),
    _damage(
        "policy that does not answer is what it answered last",
        "fail-closed",
        "policy-stopped",
        (
            "gateway/proxy.py",
            "        answer = await policy.decider.ask(call.question)\n",
            (
                "        answer = await policy.decider.ask(call.question)\n"
                "        if isinstance(answer, Deny) and answer.reasons[0].code.startswith('pdp'):\n"
                "            answer = Proxy.last\n"
                "        Proxy.last = answer\n"
            ),
        ),
    ),
    _damage(
        "what cannot be recorded is done all the same",
        "fail-closed",
        "log-stopped log-killed",
        (
            "gateway/proxy.py",
            "        receipt = await self._stops.recorder.decision(call, decision, policy.revision)\n",
            (
                "        import types\n"
                "        try:\n"
                "            receipt = await asyncio.wait_for(self._stops.recorder.decision(call, decision, policy.revision), 0.1)\n"
                "        except (TimeoutError, LogUnavailable):\n"
                "            receipt = types.SimpleNamespace(entry_id=call.id)\n"
            ),
        ),
    ),
    _damage(
        "policy is never read again, and the issuer never heard",
        "fail-closed after-end",
        "role-removed grant-removed issuer-killed new-connections kept-connection open-stream",
        (
            "decision/pdp.py",
            "            self._watch.mark()\n",
            "            self._watch.mark()\n            if self._served is not None:\n                return Unchanged(self._served.bundle.revision)\n",
        ),
        (
            "gateway/issuer_link.py",
            "        failures = 0\n        while True:\n",
            "        failures = 0\n        while True:\n            await asyncio.sleep(3600)\n",
        ),
    ),
    _damage(
        "an ended workflow still counts",
        "after-end",
        "token-at-services lease kill-switch token-at-gateway renewal",
        (
            "issuer/workflows.py",
            "workflow = self._active.pop(workflow_id, None)",
            "workflow = self._active.get(workflow_id)",
        ),
    ),
    _damage(
        "answers are not searched for secrets",
        "secrets",
        """static-body-raw static-body-hex static-body-hex-capitals static-body-base64 static-body-base64-one-on
        static-body-base64-two-on static-body-base64url static-body-percent static-body-json-escapes
        static-body-entities static-body-reversed static-body-utf-16-le static-body-utf-16-be static-error-raw
        static-error-base64 static-header-raw static-header-base64 static-pieces-raw static-pieces-base64
        token-body-raw token-body-hex token-body-base64 token-body-reversed token-pieces-raw token-header-raw""",
        (
            "gateway/scrub.py",
            "    def _find(self, text: str) -> Hit | None:\n",
            "    def _find(self, text: str) -> Hit | None:\n        return None\n\n    def _found(self, text: str) -> Hit | None:\n",
        ),
    ),
    _damage(
        "heads have no limit, and paths are not read",
        "http",
        "endless-head headers-by-the-hundred old-version encoded-nul",
        (
            "gateway/protocol.py",
            "    def _head_flaw(self, version: str) -> Flaw | None:\n",
            "    def _head_flaw(self, version: str) -> Flaw | None:\n        return None\n\n    def _nothing(self, version: str) -> Flaw | None:\n",
        ),
        ("gateway/wire.py", "    for holds, flaw in _PATH_RULES:\n", "    for holds, flaw in ():\n"),
    ),
)
