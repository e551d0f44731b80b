"""What a person is told when no room can be built."""

import pytest

from sandbox.remedy import KernelFacts, remedy_for

USER = KernelFacts(is_root=False, apparmor_restricts=None, unprivileged_clone=None, max_user_namespaces=None)
REFUSED = "bwrap: setting up uid map: Permission denied"


@pytest.mark.parametrize(
    ("said", "facts", "expected"),
    [
        (REFUSED, KernelFacts(False, 1, None, 100), "kernel.apparmor_restrict_unprivileged_userns=0"),
        (
            "bwrap: loopback: Failed RTM_NEWADDR: Operation not permitted",
            KernelFacts(False, 1, 1, 9),
            "AppArmor profile",
        ),
        (REFUSED, KernelFacts(False, None, 0, 100), "kernel.unprivileged_userns_clone=1"),
        (REFUSED, KernelFacts(False, 0, 1, 0), "user.max_user_namespaces"),
        (
            "bwrap: Creating new namespace failed: Operation not permitted",
            KernelFacts(True, 1, 0, 0),
            "--cap-add SYS_ADMIN",
        ),
        ("bwrap: No permissions to create new namespace", USER, "an ordinary user may not"),
        (
            "setpriv: failed to execute /opt/python: Permission denied",
            KernelFacts(True, None, None, 9),
            "umask 022",
        ),
        (
            "python: can't open file '/run/doorless-inside.py': [Errno 13] Permission denied",
            USER,
            "umask 022",
        ),
        ("something new", USER, "see what it says"),
    ],
)
def test_remedies(said: str, facts: KernelFacts, expected: str) -> None:
    """Each known cause has its own remedy; an unknown one names the way to find out."""
    assert expected in remedy_for(said, facts)
