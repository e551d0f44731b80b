"""OPA and Regal, each of exactly the version that its go.mod pins.

A tool that the user names (DOORLESS_OPA, DOORLESS_REGAL) must have that version; one on PATH is taken if it
has; else it is built from source, once per version, into the cache. No prebuilt release is downloaded.
"""

import os
import re
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from tools.golang import build, find_go, needed
from tools.places import Places, digest, pinned_module
from tools.report import SetupError, answer, begin


@dataclass(frozen=True)
class Tool:
    """One pinned tool: its command's name and the Go package that is both its module and its command."""

    name: str
    package: str
    version_flag: str = (
        ""  # linker flag with {version}, for a tool that does not know its own version otherwise
    )

    @property
    def variable(self) -> str:
        """The environment variable that names a tool of the user's own."""
        return f"DOORLESS_{self.name.upper()}"


OPA = Tool("opa", "github.com/open-policy-agent/opa")
REGAL = Tool(
    "regal",
    "github.com/open-policy-agent/regal",
    version_flag="-ldflags=-X=github.com/open-policy-agent/regal/pkg/version.Version={version}",
)


def spoken_version(text: str) -> str:
    """Return the version in what `opa version` or `regal version` prints, or ""."""
    found = re.search(r"^Version:\s*v?(\S+)$", text, re.MULTILINE)
    return found[1] if found else ""


def provide(places: Places, tool: Tool) -> str:
    """Find or build the tool and link it as .venv/bin/NAME; return its version and place."""
    version = pinned_module((places.module(tool.name) / "go.mod").read_text(encoding="utf-8"), tool.package)
    command = _named(tool, version) or _on_path(tool, version) or _cached(places, tool, version)
    link(places, command, tool.name)
    return f"{tool.name} {version}, {command}"


def link(places: Places, command: Path, name: str) -> None:
    """Let .venv/bin/NAME lead to the command, in one step that no reader can see half done."""
    place = places.environment / "bin" / name
    if place.is_symlink() and place.readlink() == command:
        return
    fresh = place.with_name(f".{name}.{os.getpid()}")
    fresh.symlink_to(command)
    fresh.replace(place)


def _version_of(command: Path) -> str:
    return spoken_version(answer([str(command), "version"], os.environ))


def _named(tool: Tool, version: str) -> Path | None:
    named = os.environ.get(tool.variable)
    if not named:
        return None
    command = Path(named).resolve()
    found = _version_of(command)
    if found != version:
        raise SetupError(
            f"{tool.variable} names a tool that is not {tool.name} {version}",
            f"{command} answers {found or 'nothing that set-up understands'} to `{tool.name} version`",
            f"let {tool.variable} name {tool.name} {version}, or unset it and set-up builds that version itself",
        )
    return command


def _on_path(tool: Tool, version: str) -> Path | None:
    found = shutil.which(tool.name)
    return Path(found).resolve() if found and _version_of(Path(found)) == version else None


def _cached(places: Places, tool: Tool, version: str) -> Path:
    home, module = places.cache / f"{tool.name}-{version}", places.module(tool.name)
    command, source = home / tool.name, home / "source.sha256"
    go_mod = (module / "go.mod").read_bytes()
    pinned = digest(go_mod, (module / "go.sum").read_bytes())
    if not (
        source.is_file() and source.read_text(encoding="ascii") == pinned and _version_of(command) == version
    ):
        go = find_go(places, needed(go_mod.decode()))
        begin(
            f"building {tool.name} {version} from tools/{tool.name}/go.mod with Go {go.version}; this takes minutes"
        )
        flags = (tool.version_flag.format(version=version),) if tool.version_flag else ()
        with tempfile.TemporaryDirectory(prefix=f"{tool.name}-", dir=places.cache) as folder:
            fresh = Path(folder) / tool.name
            build(places, go, module, tool.package, fresh, flags=flags)
            _check_built(tool, version, fresh)
            home.mkdir(exist_ok=True)
            fresh.replace(command)
            source.write_text(pinned, encoding="ascii")  # last: an interrupted run builds again
    return command


def _check_built(tool: Tool, version: str, command: Path) -> None:
    found = _version_of(command)
    if found != version:
        raise SetupError(
            f"{tool.name} was built but does not run as {version}",
            f"`{tool.name} version` answers {found or 'nothing'}",
            f"build it by hand to see more: cd tools/{tool.name} && go build -o /tmp/{tool.name} {tool.package}",
        )
