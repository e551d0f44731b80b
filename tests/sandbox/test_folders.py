"""Which folders an agent may be given."""

from pathlib import PurePosixPath

import pytest

from sandbox.folders import RoomRefused, check_agent_folder

HOMES = (PurePosixPath("/home/ada"), PurePosixPath("/data/people/bob"), PurePosixPath("/root"))
SECRETS = (PurePosixPath("/srv/doorless"),)
REFUSED = """
/ /home /home/ada /root /data /data/people /tmp /var /var/tmp /usr /opt /srv /srv/doorless /srv/doorless/keys
/etc /etc/app /proc /proc/1 /sys /dev /dev/shm/x /run /run/user/1000/x /var/run/x /boot relative . /opt/../etc
"""
ALLOWED = """
/home/ada/agents/one /data/people/bob/agents /tmp/agent /var/lib/agents /opt/agents /srv/doorless-agents /srv/other /data/agents
/usr/share/agents
"""


@pytest.mark.parametrize("name", REFUSED.split())
def test_refused(name: str) -> None:
    """System trees, shared places, homes, and whatever holds or lies in a secret are refused, by name."""
    with pytest.raises(RoomRefused) as refusal:
        check_agent_folder(PurePosixPath(name), HOMES, SECRETS)
    assert str(PurePosixPath(name)) in str(refusal.value) or name == "/"


@pytest.mark.parametrize("name", ALLOWED.split())
def test_allowed(name: str) -> None:
    """A folder of its own is allowed, also inside a home or beside a secret."""
    check_agent_folder(PurePosixPath(name), HOMES, SECRETS)
