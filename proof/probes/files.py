"""Files and environment: what could be read, where could be written, how the tree could be changed."""

from typing import Final

from proof.model import Group
from proof.room_probe import RoomProbe, Witness

_MARK: Final = {"mark": "{mark}"}


def _probe(
    name: str, proves: str, attempt: str, arguments: dict[str, str], witness: Witness = "secret"
) -> RoomProbe:
    return RoomProbe(name, Group.FILES, proves, f"files.{attempt}", arguments, witness)


def _read(name: str, what: str, path: str) -> RoomProbe:
    return _probe(f"read-{name}", f"{what} cannot be read", "read", {"path": path})


def _write(name: str, what: str, folder: str, attempt: str = "write") -> RoomProbe:
    return _probe(
        f"write-{name}", f"nothing can be written {what}", attempt, {"folder": folder, **_MARK}, "file"
    )


_ENVIRONMENT: Final = (
    _probe("environment", "the environment holds nothing of the host's", "environment", {}),
    _probe("environments", "no shown process's environment holds anything of the host's", "environments", {}),
    _probe(
        "command-lines",
        "no command line names a folder of the host",
        "command_lines",
        {"backwards": "{place_backwards}"},
        "word",
    ),
)

_READING: Final = (
    _read("static-key", "the gateway's own credential", "{static_key}"),
    _read("introspection-secret", "the services' secrets", "{jwt_secret}"),
    _probe("read-keys", "the issuer's signing key cannot be read", "read_tree", {"folder": "{keys}"}, "word"),
    _probe("read-log", "the log cannot be read", "read_tree", {"folder": "{log}"}, "word"),
    _probe("read-log-key", "the log's own key cannot be read", "read_tree", {"folder": "{log}-key"}, "word"),
    _probe("read-policies", "the policy cannot be read", "read_tree", {"folder": "{policies}"}, "word"),
    _read("history", "a shell's history", "{user}/.bash_history"),
    _read("ssh-key", "an SSH key", "{user}/.ssh/id_ed25519"),
    _read("cloud", "cloud credentials", "{user}/.aws/credentials"),
    _read("git", "git's credentials", "{user}/.git-credentials"),
    _read("forge", "a forge's token", "{user}/.config/gh/hosts.yml"),
    _read("project", "a project's .env", "{user}/project/.env"),
    _read("system-file", "a system file that only root reads", "{system_file}"),
    _read("shared-memory", "the host's shared memory", "/dev/shm/canary"),  # noqa: S108
    _probe("read-by-root", "no process's root folder leads out", "root_of_process", {"path": "{handed}"}),
    _probe(
        "search",
        "a search of everything that is shown finds nothing planted",
        "search",
        {"places": "{search}", "skipped": "{libraries}"},
    ),
)

_WRITING: Final = (
    _write("open-folder", "to a folder that is open to all", "{open}"),
    _write("usr", "below /usr, not even where everybody may", "{usr}"),
    _write("outside", "in a folder beside /usr", "{outside}"),
    _write("agent", "into the agent's own program", "{agent}"),
    _write("channel", "beside the gateway's socket", "{own_channel}"),
    _write("by-link", "by way of a link", "{outside}", "link_out"),
)

_TREE: Final = (
    _probe("mount", "nothing can be mounted", "mount", {"folder": "/tmp"}, "word"),  # noqa: S108
    _probe("mount-new", "nothing can be mounted by the newer calls", "mount_new", {"kind": "tmpfs"}, "word"),
    _probe(
        "bind",
        "nothing can be shown in another's place",
        "bind",
        {"source": "/usr", "folder": "/tmp"},  # noqa: S108
        "word",
    ),
    _probe("unmount", "nothing can be taken away", "unmount", {"folder": "/tmp", "source": "/usr"}, "word"),  # noqa: S108
    _probe("change-root", "the root folder cannot be changed", "change_root", {"folder": "/usr"}, "word"),
    _probe(
        "namespace-user", "no user namespace can be made", "namespace", {"kind": "user and mounts"}, "word"
    ),
    _probe("namespace-mounts", "no namespace of mounts can be made", "namespace", {"kind": "mounts"}, "word"),
    _probe(
        "namespace-network", "no namespace of networks can be made", "namespace", {"kind": "network"}, "word"
    ),
    _probe("core-dumps", "core dumps stay off", "core_limit", {}, "word"),
    _probe("host-name", "the machine's name cannot be changed", "host_name", {}, "word"),
)

FILES: Final = (*_ENVIRONMENT, *_READING, *_WRITING, *_TREE)
