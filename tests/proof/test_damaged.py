"""The campaign: each wall taken down in turn, and the probes behind it cry. Behind `-m long`; minutes.

What is quick stands here too: that every probe has its damage, and that each damage still fits the product.
"""

import ast
from collections import defaultdict

import pytest

from proof.everything import PROBES
from tests.proof.conftest import ROOT, Copy
from tests.proof.damage import Damage
from tests.proof.damages import DAMAGES, NEVER_SEEN

_EACH = pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: damage.name.replace(" ", "-"))


@pytest.mark.long
@pytest.mark.timeout(300)
@_EACH
def test_a_wall_that_is_down_is_seen(copy: Copy, damage: Damage) -> None:
    """Each probe of the damage's list leaks when its wall is gone. This test is the removal of the guards itself."""
    for file, pairs in _by_file(damage).items():
        for old, new in pairs:
            copy.damage(file, old, new)
    copy.plant(*damage.planted)
    copy.keep(*damage.leaks)
    ran = copy.prove(*(word for group in damage.groups for word in ("--group", group)))
    assert {**ran.probes("proven"), **ran.probes("silent"), **ran.probes("absent")} == {}
    assert ran.probes("leak").keys() == damage.leaks
    assert ran.code == 1, ran.stderr


def test_every_probe_has_a_damage_that_makes_it_cry() -> None:
    """A probe that no damage names has never been seen leaking: it may hold for no reason at all. 74 had none once."""
    seen = set[str]().union(*(damage.leaks for damage in DAMAGES))
    probes = {probe.name for probe in PROBES}
    assert probes - seen == NEVER_SEEN.keys()
    assert seen <= probes


@_EACH
def test_a_damage_still_fits_the_product(damage: Damage) -> None:
    """Each text to exchange stands exactly once, and what comes of it can be read. A stale one fell out of the campaign."""
    for file, pairs in _by_file(damage).items():
        text = (ROOT / file).read_text()
        for old, new in pairs:
            assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in {file}"
            text = text.replace(old, new)
        ast.parse(text)


def _by_file(damage: Damage) -> dict[str, list[tuple[str, str]]]:
    exchanges: defaultdict[str, list[tuple[str, str]]] = defaultdict(list)
    for file, old, new in damage.exchanges:
        exchanges[file].append((old, new))
    return exchanges
