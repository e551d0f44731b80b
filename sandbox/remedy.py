"""What a failed start means and what a person can do about it.

Pure: from what bubblewrap said and two or three facts about the kernel to a remedy. Nothing is tried here.
"""

from dataclasses import dataclass

_APPARMOR = (
    "this kernel lets only programs with an AppArmor profile make user namespaces (Ubuntu 24.04): as root either "
    "load a profile for bubblewrap (apt-get install apparmor-profiles, then ln -s "
    "/usr/share/apparmor/extra-profiles/bwrap-userns-restrict /etc/apparmor.d/ and systemctl reload apparmor), or run "
    "sysctl -w kernel.apparmor_restrict_unprivileged_userns=0"
)
_CLONE = (
    "user namespaces are off for ordinary users: as root run sysctl -w kernel.unprivileged_userns_clone=1"
)
_NONE_LEFT = "user namespaces are off: as root run sysctl -w user.max_user_namespaces=15000"
_CONTAINER = (
    "root here may not make namespaces, as in most containers: start the container with --cap-add SYS_ADMIN "
    "--security-opt seccomp=unconfined --security-opt apparmor=unconfined --security-opt systempaths=unconfined, or "
    "run on the machine itself"
)
_PERMISSION = (
    "an ordinary user may not make user namespaces here (a container or a hardened kernel): run on the machine "
    "itself, or as root"
)
_UNREADABLE = (
    "the room's uid cannot read Python's own folders: install Doorless and its Python where every user may read them "
    "(umask 022), or fix their permissions"
)
_UNKNOWN = "run bwrap --unshare-all --ro-bind / / true by hand and see what it says"


@dataclass(frozen=True)
class KernelFacts:
    """What the kernel says about user namespaces; None where it has no such switch."""

    is_root: bool
    apparmor_restricts: int | None
    unprivileged_clone: int | None
    max_user_namespaces: int | None


def remedy_for(said: str, facts: KernelFacts) -> str:
    """Return what to do about a room that could not be built; `said` is the text of bubblewrap or of our program."""
    if "inside.py" in said or "Could not find platform" in said or "setpriv: failed to execute" in said:
        return _UNREADABLE
    refused = any(word in said for word in ("Operation not permitted", "Permission denied", "No permissions"))
    if not facts.is_root and facts.max_user_namespaces == 0:
        return _NONE_LEFT
    if not facts.is_root and facts.unprivileged_clone == 0:
        return _CLONE
    if not facts.is_root and facts.apparmor_restricts == 1:
        return _APPARMOR
    if refused:
        return _CONTAINER if facts.is_root else _PERMISSION
    return _UNKNOWN
