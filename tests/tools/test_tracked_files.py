import os
import pwd
import re
import shutil
import subprocess
import sys
from pathlib import Path

from tests.tools.conftest import ROOT

STANDARD_FOLDERS = {
    "/",
    "/tmp",
    "/home",
    "/usr",
    "/usr/src",
    "/opt",
    "/srv",
    "/mnt",
    "/var",
    "/var/tmp",
    "/media",
}
CONTAINER_FOLDERS = {
    "/app",
    "/build",
    "/code",
    "/data",
    "/project",
    "/repo",
    "/src",
    "/workspace",
}
HOST = re.compile(r"[a-z0-9-]+(?:\.[a-z0-9-]+)+")
LOCAL = {"localhost", "127.0.0.1"}


def said(*command: str) -> str:
    """Return what a client says of its own settings; a client that is not here says nothing."""
    if shutil.which(command[0]) is None:
        return ""
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60, cwd="/").stdout


def registry_hosts() -> set[str]:
    """Return the hosts from which this machine's clients get packages, as their own settings name them."""
    defaults = "from pip._internal.models.index import PyPI, TestPyPI; print(PyPI.url, PyPI.file_storage_domain, TestPyPI.url)"
    plain = [said(sys.executable, "-c", defaults), said("npm", "config", "get", "registry")]
    plain += [said("go", "env", "GOPROXY", "GOSUMDB")]
    sources = [Path("/etc/apt/sources.list"), *Path("/etc/apt/sources.list.d").glob("*")]
    mixed = [path.read_text(encoding="utf-8", errors="replace") for path in sources if path.is_file()]
    mixed += [said(sys.executable, "-m", "pip", "config", "list")]
    named = HOST.findall("\n".join(plain)) + re.findall(rf"https?://({HOST.pattern})", "\n".join(mixed))
    return set(named) - LOCAL


def machine_paths() -> set[str]:
    """Return the folders that exist only on this machine: root's and our own home, and where this checkout stands."""
    homes = (
        {pwd.getpwuid(0).pw_dir, pwd.getpwuid(os.getuid()).pw_dir}
        if _known_user()
        else {pwd.getpwuid(0).pw_dir}
    )
    return (
        {str(path) for path in (ROOT, ROOT.parent, *map(Path, homes))} - STANDARD_FOLDERS - CONTAINER_FOLDERS
    )


def _known_user() -> bool:
    return any(entry.pw_uid == os.getuid() for entry in pwd.getpwall())


def files_to_commit() -> list[Path]:
    """Return the files that git tracks or would track."""
    command = [
        "git",
        "-c",
        f"safe.directory={ROOT}",
        "-C",
        str(ROOT),
        "ls-files",
        "-z",
        "-co",
        "--exclude-standard",
    ]
    names = subprocess.run(command, capture_output=True, check=True, timeout=60).stdout.decode().split("\0")
    return [ROOT / name for name in names if name and (ROOT / name).is_file()]


def places_of(pattern: re.Pattern[str], files: list[Path], root: Path = ROOT) -> list[str]:
    """Return `file:line` wherever the pattern stands."""
    found = []
    for path in files:
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
        found += [
            f"{path.relative_to(root)}:{number}"
            for number, line in enumerate(lines, 1)
            if pattern.search(line)
        ]
    return found


def host_pattern() -> re.Pattern[str]:
    return re.compile("|".join(re.escape(host) for host in sorted(registry_hosts())))


def path_pattern() -> re.Pattern[str]:
    spelled = "|".join(re.escape(path) for path in sorted(machine_paths()))
    return re.compile(rf"(?:^|[^A-Za-z0-9_.-])(?:{spelled})/")


def test_no_file_names_a_package_registry() -> None:
    """Where packages come from is a setting of each machine: no file of ours names such a host."""
    assert places_of(host_pattern(), files_to_commit()) == []


def test_no_file_names_a_path_of_this_machine() -> None:
    """No file of ours holds the path of a home or of the checkout that it was written in."""
    assert places_of(path_pattern(), files_to_commit()) == []


def test_what_must_not_be_committed_would_be_found(tmp_path: Path) -> None:
    """A file that names a host of the settings or a path of the machine is found, in the line that holds it."""
    file = tmp_path / "file.md"
    for pattern, stray in (
        (host_pattern(), max(registry_hosts())),
        (path_pattern(), f"{min(machine_paths())}/x"),
    ):
        file.write_text(f"fine\nsee {stray} for it\n", encoding="utf-8")
        assert places_of(pattern, [file], tmp_path) == ["file.md:2"]


def test_the_settings_name_the_hosts() -> None:
    """At least pip's own two hosts are known, whatever else this machine has."""
    assert len(registry_hosts()) >= 2
