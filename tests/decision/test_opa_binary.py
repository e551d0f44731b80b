"""Which OPA is used, and what is said when there is none."""

from pathlib import Path

import pytest

from decision.opa_binary import VERSION, OpaNotFoundError, find_opa


def _fake(path: Path, version: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\necho 'Version: {version}'\necho 'Rego Version: v1'\n")
    path.chmod(0o755)
    return path


def test_the_named_one_is_used(tmp_path: Path) -> None:
    """`DOORLESS_OPA` wins over the cache and `PATH`."""
    named = _fake(tmp_path / "named", VERSION)
    _fake(tmp_path / "cache" / "doorless" / f"opa-{VERSION}" / "opa", VERSION)
    environment = {"DOORLESS_OPA": str(named), "XDG_CACHE_HOME": str(tmp_path / "cache"), "PATH": ""}
    assert find_opa(environment) == named


@pytest.mark.parametrize("variable", ["XDG_CACHE_HOME", "HOME"])
def test_the_cache_comes_before_path(variable: str, tmp_path: Path) -> None:
    """The cache folder is the set one, else `.cache` of the home."""
    cache = tmp_path if variable == "XDG_CACHE_HOME" else tmp_path / ".cache"
    cached = _fake(cache / "doorless" / f"opa-{VERSION}" / "opa", VERSION)
    _fake(tmp_path / "bin" / "opa", VERSION)
    assert find_opa({variable: str(tmp_path), "PATH": str(tmp_path / "bin")}) == cached


def test_path_is_last(tmp_path: Path) -> None:
    """An `opa` on `PATH` serves if its version is right."""
    found = _fake(tmp_path / "bin" / "opa", VERSION)
    assert find_opa({"HOME": str(tmp_path / "empty"), "PATH": str(tmp_path / "bin")}) == found


def test_the_version_must_be_exact(tmp_path: Path) -> None:
    """Another version is not used; the error names it, what is needed, and the remedy."""
    other = _fake(tmp_path / "bin" / "opa", "1.9.0")
    with pytest.raises(OpaNotFoundError) as error:
        find_opa({"HOME": str(tmp_path), "PATH": str(tmp_path / "bin")})
    text = str(error.value)
    assert f"{other}: is version 1.9.0" in text
    assert f"OPA {VERSION} is needed" in text
    assert "make setup" in text
    assert "DOORLESS_OPA" in text


def test_a_wrong_named_one_is_not_worked_around(tmp_path: Path) -> None:
    """If `DOORLESS_OPA` does not fit, no other is taken silently in its place."""
    _fake(tmp_path / "bin" / "opa", VERSION)
    environment = {"DOORLESS_OPA": str(tmp_path / "none"), "PATH": str(tmp_path / "bin")}
    with pytest.raises(OpaNotFoundError, match="not there"):
        find_opa(environment)


def test_nothing_at_all(tmp_path: Path) -> None:
    """No OPA anywhere is one clear error."""
    with pytest.raises(OpaNotFoundError, match="not there"):
        find_opa({"HOME": str(tmp_path), "PATH": str(tmp_path)})


def test_something_that_is_no_opa(tmp_path: Path) -> None:
    """A file that cannot be run, or answers something else, is refused with what it did."""
    text = tmp_path / "opa"
    text.write_text("hello")
    with pytest.raises(OpaNotFoundError, match="cannot be run"):
        find_opa({"DOORLESS_OPA": str(text)})
    with pytest.raises(OpaNotFoundError, match="does not answer"):
        find_opa({"DOORLESS_OPA": "/bin/true"})


def test_the_pinned_one_is_here(opa: Path) -> None:
    """This machine has the OPA that the tests pin."""
    assert opa.is_file()
