"""What a rig leaves behind is searched for canaries: files, output, answers, and what /proc showed."""

import sys
from pathlib import Path

from tests.canaries import CANARIES


def process_views(*pids: int) -> dict[str, bytes]:
    """What a process of the same user can read of these; nothing of one that has ended."""
    views: dict[str, bytes] = {}
    for pid in pids:
        for name in ("cmdline", "environ"):
            try:
                views[f"/proc/{pid}/{name}"] = Path(f"/proc/{pid}/{name}").read_bytes()
            except OSError:
                continue
    return views


def refuse_leaks(home: Path, secret_files: frozenset[str], shown: dict[str, bytes]) -> None:
    """Fail if a canary stands in `shown` or in a file of `home`, or if the search misses one in its own file."""
    output = home / "output"
    if output.is_file():
        sys.stderr.write(output.read_text())
    seen = dict(shown)
    for file in home.rglob("*"):
        if not file.is_file():
            continue
        if file.name in secret_files:
            assert CANARIES.found_in(file.read_bytes()), f"the search finds nothing in {file}"
        else:
            seen[str(file)] = file.read_bytes()
    leaked = {where: found for where, what in seen.items() if (found := CANARIES.found_in(what))}
    assert not leaked, f"secrets came out: {leaked}"
