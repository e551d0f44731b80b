"""The gateway without one free descriptor: it refuses what it cannot do, and does it again when it can."""

import resource
import time
from pathlib import Path

from tests.faults.load import account
from tests.faults.stack import Home
from tests.gateway.rig import until

ENOUGH = 2_000


def test_descriptors_exhausted(own_home: Home) -> None:
    """No descriptor for upstreams or for a new OPA: refusals with a code; with descriptors all of it heals.

    Guard removed (a restart that fails ends the restarts): it stayed `pdp_unavailable` with all descriptors free, 165,833 times.
    """
    home = own_home
    gateway = home.part("gateway")
    soft, hard = resource.prlimit(gateway, resource.RLIMIT_NOFILE)
    with home.load(32) as load:
        home.witness.hangs_up = True
        resource.prlimit(gateway, resource.RLIMIT_NOFILE, (3, hard))
        try:
            # Without a descriptor it cannot ask OPA for its health either, so it takes OPA for hung and ends it.
            load.refused("pdp_unavailable", 1_000)
            began = time.monotonic()
            load.refused("pdp_unavailable", 4_000)
            load.wait(lambda: home.events("policy.refused", load.first), "a look at the policies in vain")
            now = time.monotonic()
        finally:
            resource.prlimit(gateway, resource.RLIMIT_NOFILE, (soft, hard))
            home.witness.hangs_up = False
        free = time.monotonic()
        load.recovered()
        print(f"outage {load.outage(free):.2f} s")
        load.total(ENOUGH)
        _change_is_followed(home)
    counted = account(load)
    print(counted)
    assert load.passed(began, now) == []
    assert set(counted.refused) <= {"upstream.unreachable", "pdp_unavailable", "broken"}
    assert home.part("gateway") == gateway
    assert len(list(Path(f"/proc/{gateway}/fd").iterdir())) < 200


def _change_is_followed(home: Home) -> None:
    """A change of the roles takes effect by itself: whoever watches the folder has survived."""
    revision = home.gateway("GET", "/status").json()["revision"]
    roles = home.root / "policies" / "roles.yaml"
    roles.write_text(roles.read_text().replace("max_requests_per_min: 5", "max_requests_per_min: 6"))
    until(lambda: home.gateway("GET", "/status").json()["revision"] != revision)
