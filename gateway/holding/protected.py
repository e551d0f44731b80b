"""Which paths of a recorded change are protected, for persons to see; pure. Whether that matters was policy's to say."""

import re
from collections.abc import Mapping
from typing import Any


def protected_paths(facts: Mapping[str, Any], classes: Mapping[str, Any]) -> dict[str, list[str]]:
    """The classes that protect a path of a change, in its final diff or on the way to it; only paths that some class does.

    `facts` is a recorded `ChangeFacts`, `classes` the table `protected` of the policy in force.
    """
    entries = {
        entry["path"]: entry["folded"] for kind in ("files", "touched") for entry in facts.get(kind, ())
    }
    found: dict[str, list[str]] = {}
    for name, of in classes.items():
        matches = re.compile(of["match"]).fullmatch
        for path, folded in entries.items():
            if matches(path) or matches(folded):
                found.setdefault(path, []).append(name)
    return found
