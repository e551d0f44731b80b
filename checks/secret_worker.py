"""The process that looks into blobs for secrets: native code over hostile bytes, so it is kept apart and limited.

Never imported by us: run by the scanners' own Python. Reads frames (length as 8 bytes, blob) from its standard input and
answers each with one JSON line: rules and lines, never what was found.
"""

import json
import resource
import sys
from importlib.metadata import version

from kingfisher_sdk import DetectionPolicy, Rules, Scanner  # type: ignore[import-not-found]  # not in our environment

_ONE_BLOB_S = 20.0


def main(memory_bytes: int) -> None:
    """Answer until the input ends. The first line says which version this is and how many rules it has."""
    resource.setrlimit(resource.RLIMIT_DATA, (memory_bytes, memory_bytes))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    rules = Rules()
    # Neither comments in a blob nor its markup hide anything: whoever wrote the secret wrote them too.
    scanner = Scanner(rules, policy=DetectionPolicy(inline_ignores=False, markup_context=False))
    _say({"version": version("kingfisher-secret-scanner"), "rules": len(rules)})
    while frame := sys.stdin.buffer.read(8):
        size = int.from_bytes(frame, "big")
        blob = sys.stdin.buffer.read(size)
        if len(blob) != size:
            return
        found = scanner.scan(blob, timeout=_ONE_BLOB_S)
        _say({"found": [[each.rule_id, each.location["line"]] for each in found if each.visible]})


def _say(answer: object) -> None:
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(int(sys.argv[1]))
