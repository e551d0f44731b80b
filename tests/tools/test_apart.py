from pathlib import Path

import pytest

from tests.tools.conftest import ROOT
from tools.apart import provide
from tools.places import Places


@pytest.fixture
def calls(places: Places, tmp_path: Path) -> Path:
    """Pins, and a stand-in for the environment's Python; the file it returns has one line for each thing asked."""
    pin(places, "1")
    seen = tmp_path / "calls"
    places.python.write_text(
        f'#!/bin/sh\necho "$@" >> {seen}\n'
        'for last; do :; done; case "$*" in *without-pip*) mkdir -p "$last";; esac\n',
        encoding="utf-8",
    )
    places.python.chmod(0o755)
    return seen


def pin(places: Places, version: str) -> None:
    """Pin one package to a version."""
    places.requirements("statistics").parent.mkdir(exist_ok=True)
    places.requirements("statistics").write_text(f"a=={version} \\\n    --hash=sha256:0\n", encoding="utf-8")


def test_an_environment_is_made_once_and_a_link_leads_to_it(places: Places, calls: Path) -> None:
    """Wheels by hash, in the user's cache; the second set-up starts nothing.

    Without the comparison of the stamp every set-up installed everything again.
    """
    folder = Path(provide(places, "statistics"))
    assert folder.parent == places.cache
    assert (places.root / ".cache" / "statistics").resolve() == folder.resolve()
    made, packages = calls.read_text(encoding="utf-8").splitlines()
    assert made.endswith(f"venv --without-pip {folder}")
    assert "--require-hashes --only-binary :all:" in packages
    provide(places, "statistics")
    assert len(calls.read_text(encoding="utf-8").splitlines()) == 2


def test_other_pins_are_another_folder_and_the_link_follows(places: Places, calls: Path) -> None:
    """Two checkouts with other pins do not take turns at one folder."""
    first = provide(places, "statistics")
    pin(places, "2")
    second = provide(places, "statistics")
    assert first != second
    assert (places.root / ".cache" / "statistics").resolve() == Path(second).resolve()
    assert len(calls.read_text(encoding="utf-8").splitlines()) == 4


@pytest.mark.parametrize("name", ["models", "detectors", "scanners", "clients"])
def test_everything_apart_is_pinned_by_hash(name: str) -> None:
    """No requirement of an environment of its own stands without its hashes."""
    text = (ROOT / "requirements" / f"{name}.txt").read_text(encoding="utf-8")
    requirements = text.replace("\\\n", " ").splitlines()
    assert requirements
    assert all("--hash=sha256:" in line for line in requirements)
