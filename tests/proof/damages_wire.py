"""Walls of the wire taken down: requests that are guessed at, headers that pass, answers that are copied; values.

What stands in for a wall that refuses is what servers do that do not refuse: they guess (tests/proof/weak).
"""

from typing import Final

from tests.proof.damage import damaged

WIRE: Final = (
    damaged(
        "headers are not read, and pass",
        "http",
        """two-codings no-host two-hosts foreign-host host-with-path upgrade own-cookie
        underscore hop-by-hop method-override original-url forwarded-for own-authorization own-key trailer""",
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
        (
            "gateway/upstream.py",
            "            if injected is not None:\n",
            "            if injected is not None and injected[0].lower() not in dict(headers):\n",
        ),
        (
            "gateway/protocol.py",
            "        if self._head_done:\n            return\n        self._head_bytes +=",
            "        self._head_bytes +=",
        ),
    ),
    damaged(
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
    damaged(
        "what cannot be read is guessed",
        "http",
        """length-and-chunks two-lengths equal-lengths listed-lengths signed-length unknown-coding bare-line-feed
        folded-line blank-before-colon nul-in-header chunk-of-bad-size absolute-form two-slashes empty-segment dots
        encoded-dots encoded-slash encoded-twice backslash semicolon fragment blank byte-above unknown-method""",
        (
            "gateway/protocol.py",
            "            self.parser.feed_data(data)\n",
            "            from gateway.forgiving import guessed\n            self.parser.feed_data(guessed(data))\n",
        ),
        (
            "gateway/wire.py",
            '    path, mark, query = raw.partition(b"?")\n',
            (
                "    from gateway.forgiving import guessed_target\n"
                "    raw = guessed_target(raw)\n"
                '    path, mark, query = raw.partition(b"?")\n'
            ),
        ),
        planted="forgiving",
    ),
    damaged(
        "the next request is looked for anywhere, tunnels are opened, and routes need no declaring",
        "http",
        "second-in-refused-body second-behind-broken connect undeclared",
        (
            "gateway/protocol.py",
            "            self.parser.feed_data(data)\n",
            (
                "            from gateway.forgiving import unframed\n"
                "            if data.startswith(b'CONNECT '):\n"
                "                self.transport.write(b'HTTP/1.1 200 Connection established\\r\\n\\r\\n')\n"
                "                return\n"
                "            self.parser.feed_data(unframed(data))\n"
            ),
        ),
        (
            "gateway/protocol.py",
            '                self._broken(Flaw("request.framing", "This is not an HTTP/1.1 request that can be read."))\n',
            (
                "                self.parser = httptools.HttpRequestParser(self)\n"
                "                self.data_received(data.partition(b'\\r\\n\\r\\n')[2])\n"
            ),
        ),
        (
            "gateway/call.py",
            "    match catalogue.match(below.service.name, raw.method, segments):\n",
            (
                "    found = catalogue.match(below.service.name, raw.method, segments)\n"
                "    if isinstance(found, NoRoute):\n"
                "        found = catalogue.match(below.service.name, raw.method, ['m', 'x'])\n"
                "    match found:\n"
            ),
        ),
        planted="forgiving",
    ),
    damaged(
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
    damaged(
        "answers are copied as they stand",
        "secrets",
        "static-location-raw static-location-base64 static-trailer-raw static-trailer-base64",
        (
            "gateway/proxy.py",
            "        try:\n            match await self._perform(exchange, call, caller, allow, receipt):\n",
            (
                "        try:\n            from gateway.copying import copied\n"
                "            return await copied(self._stops.upstreams, call, caller, allow, exchange)\n"
                "            match await self._perform(exchange, call, caller, allow, receipt):\n"
            ),
        ),
        planted="copying",
    ),
)
