"""Turns a policies folder into one bundle that OPA serves, named by the digest of what went in.

Nothing here talks to a running OPA. The folder is read once: the bundle, its revision and its configuration
are of the same bytes. A folder that is wrong in any way gives no bundle, only errors with file and line.
"""

import hashlib
import json
import os
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import msgspec

from decision.config import Configuration, load_policies
from decision.yaml_source import ConfigError, ConfigErrors

RUNTIME_ROOT = "doorless_runtime"
"""The part of OPA's data that the running process owns; no policy may define it."""

_CAPABILITIES = Path(__file__).with_name("capabilities.json")
_SOURCES = ("roles.yaml", "services.yaml", "protected.yaml", "approvals.yaml")
_LEFT_OUT = frozenset({"conventions", "tests"})
_SERVED = frozenset({"data.json", "data.yaml"})
_BUILD_TIMEOUT_S = 30


@dataclass(frozen=True, slots=True)
class Bundle:
    """One revision of the policy: the archive that OPA loads, and the configuration of the same bytes."""

    revision: str
    path: Path
    configuration: Configuration


class _Location(msgspec.Struct, frozen=True):
    file: str = ""
    row: int = 1
    col: int = 1


class _OpaError(msgspec.Struct, frozen=True):
    message: str
    location: _Location = _Location()


class _OpaErrors(msgspec.Struct, frozen=True):
    errors: tuple[_OpaError, ...]


def build_bundle(policies: Path, bundles: Path, opa: Path) -> Bundle:
    """Build the bundle of `policies` and keep it as `bundles/<revision>.tar.gz`.

    `roles.yaml`, `services.yaml`, `protected.yaml` and `approvals.yaml` are kept beside it, so that every revision can be read again. The
    revision is the hex SHA-256 over the sorted paths and contents of all that went in, the compiled tables
    included.
    Raises `ConfigErrors`.
    """
    try:
        with tempfile.TemporaryDirectory(prefix="doorless-policies-") as temporary:
            return _build(policies, bundles, opa, Path(temporary))
    except OSError as error:
        raise ConfigErrors(
            [ConfigError(str(policies), 1, 1, f"the bundle cannot be built: {error}")]
        ) from error


def _build(policies: Path, bundles: Path, opa: Path, temporary: Path) -> Bundle:
    stage = temporary / "tree"
    files = read_tree(policies)
    for name, content in files.items():
        _write(stage / name, content)
    configuration = _load(stage, policies)
    compiled = json.dumps(configuration.compiled, sort_keys=True, separators=(",", ":")).encode()
    files["compiled/data.json"] = compiled
    _write(stage / "compiled/data.json", compiled)
    revision = digest(files)
    roots = sorted({PurePosixPath(name).parts[0] for name in files if "/" in name})
    _write(stage / ".manifest", json.dumps({"revision": revision, "roots": roots}).encode())
    built = temporary / "built.tar.gz"
    _run_opa(opa, stage, policies, built)
    path = _keep(built, files, bundles, revision)
    return Bundle(revision=revision, path=path, configuration=configuration)


def read_tree(policies: Path) -> dict[str, bytes]:
    """What of a policies folder is served: Rego without tests, `data` files, and the configuration files.

    Raises `ConfigErrors` when it cannot be read, or claims a name that the gateway owns.
    """
    files: dict[str, bytes] = {}
    errors: list[ConfigError] = []
    for path in sorted(policies.rglob("*")):
        name = path.relative_to(policies).as_posix()
        try:
            if _is_served(path, name):
                files[name] = _read(path, name)
        except OSError as error:
            errors.append(ConfigError(str(path), 1, 1, f"cannot be read: {error.strerror or error}"))
    if not errors and not any(name.endswith(".rego") for name in files):
        errors.append(ConfigError(str(policies), 1, 1, "holds no Rego file"))
    if errors:
        raise ConfigErrors(errors)
    return files


def digest(files: Mapping[str, bytes]) -> str:
    """The hex SHA-256 over sorted paths and contents, each with its length before it."""
    total = hashlib.sha256()
    for name in sorted(files):
        for part in (name.encode(), files[name]):
            total.update(len(part).to_bytes(8, "big"))
            total.update(part)
    return total.hexdigest()


def _is_served(path: Path, name: str) -> bool:
    parts = PurePosixPath(name).parts
    if parts[0] in _LEFT_OUT or any(part.startswith(".") for part in parts):
        return False
    if path.is_dir():
        if path.is_symlink():
            raise OSError("it is a link to a folder, whose rules would silently be left out")
        return False
    if name in _SOURCES:
        return True
    if path.suffix == ".rego":
        return not path.stem.endswith("_test")
    # OPA's bundle mode reads no other data file, so no other may look as if it were served.
    return path.name in _SERVED


def _read(path: Path, name: str) -> bytes:
    if PurePosixPath(name).parts[0] in {"compiled", RUNTIME_ROOT}:
        raise OSError("this folder name belongs to the gateway; call the folder something else")
    if path.exists() and not path.is_file():
        raise OSError("it is no regular file")
    return path.read_bytes()


def _load(stage: Path, policies: Path) -> Configuration:
    try:
        return load_policies(stage)
    except ConfigErrors as found:
        raise ConfigErrors(
            [
                ConfigError(_shown(error.file, stage, policies), error.line, error.column, error.message)
                for error in found.errors
            ]
        ) from found


def _run_opa(opa: Path, stage: Path, policies: Path, built: Path) -> None:
    restricted = ["--capabilities", str(_CAPABILITIES)] if _CAPABILITIES.is_file() else []
    build = [str(opa), "build", "--bundle", ".", "--output", str(built), *restricted]
    answer = _run(build, stage, policies)
    if answer.returncode == 0:
        return
    # `opa build` prints prose; `opa check` says the same with file, row and column.
    checked = _run([str(opa), "check", "--bundle", "--format", "json", *restricted, "."], stage, policies)
    errors: tuple[_OpaError, ...] = ()
    if checked.returncode != 0:
        try:
            errors = msgspec.json.decode(checked.stderr or checked.stdout, type=_OpaErrors).errors
        except msgspec.DecodeError:
            errors = ()
    if not errors:
        errors = (
            _OpaError(message=(answer.stderr + answer.stdout).strip() or "`opa build` failed without a word"),
        )
    raise ConfigErrors([_config_error(error, stage, policies) for error in errors])


def _run(argv: list[str], stage: Path, policies: Path) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(
            argv, cwd=stage, capture_output=True, text=True, timeout=_BUILD_TIMEOUT_S, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise ConfigErrors([ConfigError(str(policies), 1, 1, f"OPA did not finish: {error}")]) from error


def _config_error(error: _OpaError, stage: Path, policies: Path) -> ConfigError:
    file = _shown(error.location.file, stage, policies)
    return ConfigError(file, error.location.row, error.location.col, error.message)


def _shown(file: str, stage: Path, policies: Path) -> str:
    """The path of the user's own file, for a path in the staged copy."""
    path = Path(file)
    if path.is_absolute():
        return str(policies / path.relative_to(stage)) if path.is_relative_to(stage) else file
    return str(policies / path)


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def _keep(built: Path, files: Mapping[str, bytes], bundles: Path, revision: str) -> Path:
    """Keep sources first and the archive last: whoever finds the archive finds all of it."""
    bundles.mkdir(parents=True, exist_ok=True, mode=0o700)
    for name in _SOURCES:
        if name in files:
            _replace(bundles / f"{revision}.{name}", files[name])
    path = bundles / f"{revision}.tar.gz"
    _replace(path, built.read_bytes())
    return path


def _replace(path: Path, content: bytes) -> None:
    """Write a file so that it is there whole or not at all, a power cut included."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    with temporary.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
