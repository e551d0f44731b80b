"""The environment in which every git of ours runs: nobody's configuration, no prompt, no hook, no helper; pure.

Who starts git starts it with exactly this environment and adds nothing of its own process's. What a repository's own
configuration says about programs, protocols, caches and replaced objects is overruled here.
"""

from collections.abc import Sequence
from typing import Final

PATH: Final = "/usr/local/bin:/usr/bin:/bin"

SAFE_SETTINGS: Final[tuple[tuple[str, str], ...]] = (
    ("advice.graftFileDeprecated", "false"),
    ("core.hooksPath", "/dev/null"),
    ("core.attributesFile", "/dev/null"),
    ("core.excludesFile", "/dev/null"),
    ("core.fsmonitor", "false"),
    # Caches in an object folder can tell of other parents and other places than the objects do.
    ("core.commitGraph", "false"),
    ("core.multiPackIndex", "false"),
    ("pack.useBitmaps", "false"),
    ("pack.threads", "1"),
    ("core.bigFileThreshold", "8m"),
    ("core.logAllRefUpdates", "false"),
    ("credential.helper", ""),
    ("gc.auto", "0"),
    ("maintenance.auto", "false"),
    # Nothing may be fetched unless a setting says how, not even by a partial clone that lacks an object.
    ("protocol.allow", "never"),
    ("protocol.file.allow", "never"),
    ("protocol.ext.allow", "never"),
    ("submodule.recurse", "false"),
)
"""Command scope: it overrules the configuration of a repository (git-config(1), SCOPES)."""


def git_environment(home: str, settings: Sequence[tuple[str, str]] = ()) -> dict[str, str]:
    """The whole environment of one git. home: an empty folder. settings: configuration that overrules `SAFE_SETTINGS`."""
    environment = {
        "HOME": home,
        "PATH": PATH,
        "LC_ALL": "C",
        "TZ": "UTC",
        "GIT_ASKPASS": "false",
        "GIT_ATTR_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": "/dev/null",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_SYSTEM": "/dev/null",
        "GIT_GRAFT_FILE": "/dev/null",
        "GIT_NO_LAZY_FETCH": "1",
        "GIT_NO_REPLACE_OBJECTS": "1",
        "GIT_OPTIONAL_LOCKS": "0",
        "GIT_PAGER": "cat",
        "GIT_SSH_COMMAND": "false",
        "GIT_TERMINAL_PROMPT": "0",
    }
    together = (*SAFE_SETTINGS, *settings)
    environment["GIT_CONFIG_COUNT"] = str(len(together))
    for number, (key, value) in enumerate(together):
        environment[f"GIT_CONFIG_KEY_{number}"] = key
        environment[f"GIT_CONFIG_VALUE_{number}"] = value
    return environment
