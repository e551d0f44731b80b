"""The campaign: each wall taken down in turn, and the probes behind it cry. Behind `-m long`; minutes."""

from collections import defaultdict

import pytest

from tests.proof.conftest import Copy
from tests.proof.damages import PARTS, SANDBOX, Damage


@pytest.mark.long
@pytest.mark.timeout(300)
@pytest.mark.parametrize("damage", [*SANDBOX, *PARTS], ids=lambda damage: damage.name.replace(" ", "-"))
def test_a_wall_that_is_down_is_seen(copy: Copy, damage: Damage) -> None:
    """Each probe of the damage's list leaks when its wall is gone. This test is the removal of the guards itself."""
    exchanges: defaultdict[str, list[tuple[str, str]]] = defaultdict(list)
    for file, old, new in damage.exchanges:
        exchanges[file].append((old, new))
    for file, pairs in exchanges.items():
        for old, new in pairs:
            copy.damage(file, old, new)
    copy.keep(*damage.leaks)
    ran = copy.prove(*(word for group in damage.groups for word in ("--group", group)))
    assert {**ran.probes("proven"), **ran.probes("silent"), **ran.probes("absent")} == {}
    assert ran.probes("leak").keys() == damage.leaks
    assert ran.code == 1, ran.stderr
