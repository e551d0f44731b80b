"""Making a home: whole or not at all, private, and never over anything."""

import stat
from pathlib import Path

import pytest
import yaml

from doorless import create
from doorless.configuration import load_configuration
from doorless.create import create_home
from doorless.home import Home
from doorless.problem import Problem
from tests.doorless.conftest import Place


def test_a_new_home_is_whole_and_private(place: Place) -> None:
    """Everything is there, its configuration loads, and nobody else can read keys, secrets or log."""
    home = Home(place.home)
    assert load_configuration(home).resource_servers == {
        "crash-reporting": "secrets/introspection-crash-reporting"
    }
    assert (home.log / "journal").is_dir()
    assert (home.policies / "request" / "request.rego").is_file()
    private = [place.home, home.log, home.log_signed]
    private += [
        each for folder in (home.keys, home.secrets, home.log_key) for each in (folder, *folder.iterdir())
    ]
    assert all(stat.S_IMODE(path.stat().st_mode) & 0o077 == 0 for path in private)


def test_two_homes_share_no_secret(place: Place, tmp_path: Path) -> None:
    """Secrets and keys are made anew for each home."""
    create_home(tmp_path / "b")
    for name in ("telemetry-key", "introspection-crash-reporting"):
        assert (place.home / "secrets" / name).read_text() != (tmp_path / "b" / "secrets" / name).read_text()


def test_one_token_opens_a_forge_and_another_merges(place: Place) -> None:
    """Git and the API of a forge take the same secret, each in its way; what only people do takes one of its own."""
    declared = yaml.safe_load((place.home / "credentials.yaml").read_text())["credentials"]
    git, api, people = (declared[f"forge-{name}"] for name in ("git", "api", "people"))
    assert git["file"] == api["file"] != people["file"]
    assert (git["as"], api["as"], api["prefix"]) == ("basic", "header", "Bearer ")
    assert (place.home / people["file"]).read_text() != (place.home / git["file"]).read_text()


def test_a_folder_that_holds_anything_is_refused_and_left_alone(tmp_path: Path) -> None:
    """Not empty: refused, and what stands there is untouched."""
    (tmp_path / "mine").write_text("mine")
    with pytest.raises(Problem, match="is not empty"):
        create_home(tmp_path)
    assert [each.name for each in tmp_path.iterdir()] == ["mine"]


def test_init_twice_is_refused(place: Place) -> None:
    """The second `doorless init` of a home ends with 2 and changes nothing."""
    before = {path: path.stat().st_mtime_ns for path in place.home.rglob("*")}
    again = place.doorless("init", str(place.home))
    assert again.returncode == 2
    assert "is not empty" in again.stderr
    assert {path: path.stat().st_mtime_ns for path in place.home.rglob("*")} == before


def test_an_empty_folder_becomes_a_home(place: Place) -> None:
    """`doorless init` in an empty folder works, says what it made, and names the next command."""
    empty = place.agents / "new"
    empty.mkdir()
    made = place.doorless("init", str(empty))
    assert made.returncode == 0
    assert f"Next: doorless up --home {empty}" in made.stdout
    assert (empty / "doorless.yaml").is_file()


def test_a_failure_half_way_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """If making it fails, neither the home nor its draft is left behind."""
    monkeypatch.setattr(create, "SHIPPED_POLICIES", tmp_path / "absent")
    with pytest.raises(OSError, match="absent"):
        create_home(tmp_path / "home")
    assert list(tmp_path.iterdir()) == []


def test_the_log_service_and_the_policy_tools_have_secrets_of_their_own(place: Place) -> None:
    """Made with the home, taken as a bearer, and in no role's hands."""
    declared = yaml.safe_load((place.home / "credentials.yaml").read_text())["credentials"]
    files = {name: declared[name] for name in ("log-reader", "policy-tools")}
    for name, entry in files.items():
        assert entry == {
            "file": f"secrets/{name}",
            "as": "header",
            "name": "Authorization",
            "prefix": "Bearer ",
        }
    secrets = {(place.home / entry["file"]).read_text() for entry in files.values()}
    assert len(secrets) == 2
