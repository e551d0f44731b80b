"""Which repository a call means: names that are safe in a path, a URL and a folder; pure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from decision.catalogue import Upstream

# What forges allow in names, and nothing that a path, a URL or a command line reads otherwise.
_NAME = re.compile(r"(?!-)[A-Za-z0-9._-]{1,100}(?<!\.lock)")
_SUFFIX = ".git"
_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Repository:
    """One repository behind one service."""

    service: str
    owner: str
    name: str

    @property
    def full_name(self) -> str:
        """As policy and people write it."""
        return f"{self.owner}/{self.name}"

    def url(self, upstream: Upstream) -> str:
        """Where it is at the upstream."""
        return f"{base_url(upstream)}/{self.full_name}{_SUFFIX}"


def repository_of(service: str, params: Mapping[str, str]) -> Repository | None:
    """The repository that a path's parameters name, with or without `.git`; nothing for a name that no forge has."""
    owner, name = params.get("owner", ""), params.get("repo", "").removesuffix(_SUFFIX)
    for part in (owner, name):
        if _NAME.fullmatch(part) is None or not part.strip("."):
            return None
    return Repository(service, owner, name)


def base_url(upstream: Upstream) -> str:
    """The URL of an upstream as people write it, without a slash at its end."""
    host = f"[{upstream.host}]" if ":" in upstream.host else upstream.host
    port = "" if _PORTS[upstream.scheme] == upstream.port else f":{upstream.port}"
    return f"{upstream.scheme}://{host}{port}{upstream.base}"
