"""Where set-up reads its pins and keeps its results.

Nothing here downloads or builds. A version stands in one file only (a go.mod or a hashed requirement
file); everything else asks for it here.
"""

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Places:
    """The checkout and the cache folder of one user."""

    root: Path
    cache: Path

    @property
    def environment(self) -> Path:
        """The project's own virtual environment."""
        return self.root / ".venv"

    @property
    def python(self) -> Path:
        """The virtual environment's interpreter."""
        return self.environment / "bin" / "python"

    @property
    def stamps(self) -> Path:
        """Digests of what was installed into the environment; they go when the environment goes."""
        return self.environment / ".doorless"

    @property
    def logs(self) -> Path:
        """Full output of the last run of each step."""
        return self.root / ".cache" / "setup"

    def requirements(self, name: str) -> Path:
        """Return the hashed requirement file of that name."""
        return self.root / "requirements" / f"{name}.txt"

    def module(self, tool: str) -> Path:
        """Return the folder of the Go module that pins the tool."""
        return self.root / "tools" / tool


def places_for(root: Path, environment: dict[str, str]) -> Places:
    """Choose the folders; the cache follows the XDG Base Directory Specification (relative values are ignored)."""
    chosen = Path(environment.get("XDG_CACHE_HOME", ""))
    base = chosen if chosen.is_absolute() else Path(environment.get("HOME") or "~").expanduser() / ".cache"
    return Places(root=root, cache=base / "doorless")


def pinned_package(requirements: str, package: str) -> str:
    """Return the version that the text of a requirement file pins; raise ValueError where it pins none."""
    found = re.search(rf"^{re.escape(package)}==([^ \\;\n]+)", requirements, re.MULTILINE)
    if found is None:
        raise ValueError(f"no pinned {package} in the requirement file")
    return found[1]


def pinned_module(go_mod: str, module: str) -> str:
    """Return the version of a module, without its "v", that the text of a go.mod pins; raise ValueError if none."""
    found = re.search(rf"^\s*(?:require )?{re.escape(module)} v(\S+)", go_mod, re.MULTILINE)
    if found is None:
        raise ValueError(f"no pinned {module} in go.mod")
    return found[1]


def digest(*parts: bytes) -> str:
    """Return one SHA-256 over the parts, each with its length, so that no two lists share a digest."""
    whole = hashlib.sha256()
    for part in parts:
        whole.update(len(part).to_bytes(8, "big") + part)
    return whole.hexdigest()
