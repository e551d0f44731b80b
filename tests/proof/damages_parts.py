"""Walls of the gateway, the log and policy taken down, one at a time, and the probes that must then cry; values."""

from typing import Final

from tests.proof.damage import damaged

PARTS: Final = (
    damaged(
        "addresses are not judged",
        "network",
        """tcp-metadata tcp-metadata-v6 tcp-metadata-mapped tcp-metadata-other tcp-link-local
        tcp-loopback-granted-elsewhere""",
        ("gateway/addresses.py", "        if why_not is not None:\n", "        if False:\n"),
    ),
    damaged(
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
    damaged(
        "policy that does not answer is what it answered last",
        "fail-closed",
        "policy-stopped",
        (
            "gateway/proxy.py",
            "        call, answer = await self._stops.asking.ask(call, about)\n",
            (
                "        call, answer = await self._stops.asking.ask(call, about)\n"
                "        if isinstance(answer, Deny) and answer.reasons[0].code.startswith('pdp'):\n"
                "            answer = Proxy.last\n"
                "        Proxy.last = answer\n"
            ),
        ),
    ),
    damaged(
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
    damaged(
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
    damaged(
        "an ended workflow still counts",
        "after-end",
        "token-at-services lease kill-switch token-at-gateway renewal",
        (
            "issuer/workflows.py",
            "workflow = self._active.pop(workflow_id, None)",
            "workflow = self._active.get(workflow_id)",
        ),
    ),
    damaged(
        "nothing is recorded, and policy that does not answer is what it answered last",
        "fail-closed",
        "policy-killed issuer-stopped",
        (
            "gateway/proxy.py",
            "        call, answer = await self._stops.asking.ask(call, about)\n",
            (
                "        call, answer = await self._stops.asking.ask(call, about)\n"
                "        if isinstance(answer, Deny) and answer.reasons[0].code.startswith('pdp'):\n"
                "            answer = Proxy.last\n"
                "        Proxy.last = answer\n"
            ),
        ),
        (
            "gateway/proxy.py",
            "        receipt = await self._stops.recorder.decision(call, decision, policy.revision)\n",
            "        import types\n        receipt = types.SimpleNamespace(entry_id=call.id)\n",
        ),
    ),
    damaged(
        "another process takes the gateway's channels over",
        "fail-closed",
        "gateway-killed",
        (
            "gateway/channel.py",
            "        if os.geteuid() == 0:\n            os.chown(self.socket, self.uid, -1)\n",
            (
                "        if os.geteuid() == 0:\n            os.chown(self.socket, self.uid, -1)\n"
                "        import subprocess, sys\n"
                "        listening = self._server.sockets[0].fileno()\n"
                "        words = (sys.executable, '-m', 'gateway.spare', str(listening), '7412')\n"
                "        silent = dict.fromkeys(('stdin', 'stdout', 'stderr'), subprocess.DEVNULL)\n"
                "        subprocess.Popen(words, start_new_session=True, pass_fds=[listening], **silent)\n"
            ),
        ),
        planted="spare",
    ),
    damaged(
        "deadlines are late, and nobody notices who is gone",
        "after-end",
        "expiry orchestrator-killed",
        ("issuer/issue.py", "expires_at=now + wish.ttl_s,", "expires_at=now + wish.ttl_s + 60,"),
        (
            "gateway/admin.py",
            """            if self.channels.close(workflow, "lease_lost"):
                self.issuer.end_later(workflow, "lease_lost")
""",
            "            pass\n",
        ),
    ),
    damaged(
        "a gateway hands its files out",
        "host",
        "scm-taken-gateway",
        (
            "gateway/protocol.py",
            "        self._admitted = True\n",
            (
                "        self._admitted = True\n"
                "        import os, socket\n"
                "        with socket.socket(fileno=os.dup(peer.fileno())) as given:\n"
                "            socket.send_fds(given, [b'.'], [os.open('/dev/shm/canary', os.O_RDONLY)])\n"
            ),
        ),
    ),
    damaged(
        "all workflows share one number of connections",
        "processes",
        "connections",
        (
            "gateway/channel.py",
            "        return connections < MAX_CONNECTIONS and",
            ("        Channel.seen = getattr(Channel, 'seen', 0) + 1\n        return Channel.seen < 40 and"),
        ),
    ),
)
