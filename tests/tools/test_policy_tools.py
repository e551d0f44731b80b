import os
from pathlib import Path

import pytest

from tests.tools.conftest import ROOT, WriteProgram
from tools.places import Places, pinned_module
from tools.policy_tools import OPA, REGAL, Tool, link, provide, spoken_version
from tools.report import SetupError

TOOL = Tool("opa", "example.org/opa", version_flag="-ldflags=-X=v={version}")
SPEAK = 'echo "Version: {}"'


@pytest.fixture(autouse=True)
def pinned(places: Places, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A go.mod and go.sum that pin version 1.2.3 of the tool, and no tool of the user's own."""
    module = places.module("opa")
    module.mkdir(parents=True)
    (module / "go.mod").write_text(
        "module x\n\ngo 1.26\n\nrequire example.org/opa v1.2.3\n", encoding="utf-8"
    )
    (module / "go.sum").write_text("sums\n", encoding="utf-8")
    monkeypatch.delenv("DOORLESS_OPA", raising=False)
    return module


@pytest.fixture
def builds(write_program: WriteProgram, tmp_path: Path) -> Path:
    """A `go` on PATH whose builds are tools of version 1.2.3; the file it returns has one line for each build."""
    seen = tmp_path / "builds"
    seen.touch()
    fake_go(write_program, seen, SPEAK.format("1.2.3"))
    return seen


def fake_go(write_program: WriteProgram, seen: Path, body: str) -> None:
    """Write a `go` that answers `version`, records what else it is asked, and builds a script with that body."""
    source = write_program("built", body)
    write_program(
        "go",
        'if [ "$1" = version ]; then echo go version go1.26.8 linux/amd64; exit; fi\n'
        f'echo "$@" >> {seen}\n'
        f'while [ "$1" != -o ]; do shift; done; cp {source} "$2"',
    )


@pytest.mark.parametrize("tool", [OPA, REGAL])
def test_each_tool_has_its_own_module_with_sums(tool: Tool) -> None:
    """The pinned version has a checksum in the same folder, and the module names the tool as its `tool`."""
    module = ROOT / "tools" / tool.name
    go_mod = (module / "go.mod").read_text(encoding="utf-8")
    version = pinned_module(go_mod, tool.package)
    assert f"tool {tool.package}\n" in go_mod
    assert f"{tool.package} v{version} h1:" in (module / "go.sum").read_text(encoding="utf-8")


def test_a_tool_says_its_version() -> None:
    """OPA's and Regal's ways of printing it are both read; other text is no version."""
    assert spoken_version("Version: 1.22.2\nBuild Commit: \n") == "1.22.2"
    assert (
        spoken_version("Version:       0.42.0\nGo Version:    go1.26.8\nOPA Version:   1.18.2\n") == "0.42.0"
    )
    assert spoken_version("OPA Version: 1.18.2\n") == ""


def test_a_missing_tool_is_built_once(places: Places, builds: Path) -> None:
    """The first run builds it with the version flag, the second finds it; .venv/bin leads to it both times."""
    for _ in range(2):
        assert provide(places, TOOL) == f"opa 1.2.3, {places.cache}/opa-1.2.3/opa"
        assert (places.environment / "bin" / "opa").resolve() == places.cache / "opa-1.2.3" / "opa"
    (line,) = builds.read_text(encoding="utf-8").splitlines()
    assert "-trimpath" in line
    assert "-ldflags=-X=v=1.2.3" in line
    assert line.endswith(" example.org/opa")


def test_changed_sums_build_again(places: Places, builds: Path, pinned: Path) -> None:
    """The same version of the tool with another dependency is another tool."""
    provide(places, TOOL)
    (pinned / "go.sum").write_text("other sums\n", encoding="utf-8")
    provide(places, TOOL)
    assert len(builds.read_text(encoding="utf-8").splitlines()) == 2


def test_a_damaged_tool_in_the_cache_is_built_again(places: Places, builds: Path) -> None:
    """A cached file that no longer runs is replaced, not used."""
    provide(places, TOOL)
    (places.cache / "opa-1.2.3" / "opa").write_bytes(b"")
    provide(places, TOOL)
    assert len(builds.read_text(encoding="utf-8").splitlines()) == 2


def test_a_failed_build_leaves_no_tool(places: Places, write_program: WriteProgram) -> None:
    """Go's own words are the reason, and nothing half made stays in the cache or in .venv/bin."""
    write_program(
        "go", '[ "$1" = version ] && echo go version go1.26.8 x && exit; echo checksum mismatch; exit 1'
    )
    with pytest.raises(SetupError) as caught:
        provide(places, TOOL)
    assert "checksum mismatch" in caught.value.why
    assert list(places.cache.iterdir()) == []
    assert list((places.environment / "bin").iterdir()) == []


def test_a_build_of_another_version_is_refused(
    places: Places, write_program: WriteProgram, builds: Path
) -> None:
    """What was built must say the pinned version before it is kept."""
    fake_go(write_program, builds, SPEAK.format("1.2.4"))
    with pytest.raises(SetupError, match=r"does not run as 1\.2\.3"):
        provide(places, TOOL)
    assert list(places.cache.iterdir()) == []


def test_the_right_version_on_path_is_taken(
    places: Places, builds: Path, write_program: WriteProgram
) -> None:
    """A tool on PATH with exactly the pinned version saves the build."""
    own = write_program("opa", SPEAK.format("1.2.3"))
    assert provide(places, TOOL) == f"opa 1.2.3, {own}"
    assert (places.environment / "bin" / "opa").resolve() == own
    assert builds.read_text(encoding="utf-8") == ""


def test_another_version_on_path_is_passed_over(
    places: Places, builds: Path, write_program: WriteProgram
) -> None:
    """A newer tool on PATH is not what the policy was tested with: the pinned one is built."""
    write_program("opa", SPEAK.format("1.2.4"))
    assert str(places.cache) in provide(places, TOOL)
    assert len(builds.read_text(encoding="utf-8").splitlines()) == 1


def test_a_named_tool_is_used(
    places: Places, write_program: WriteProgram, monkeypatch: pytest.MonkeyPatch
) -> None:
    """DOORLESS_OPA comes before everything else."""
    write_program("opa", SPEAK.format("1.2.3"))
    named = write_program("my-opa", SPEAK.format("1.2.3"))
    monkeypatch.setenv("DOORLESS_OPA", str(named))
    assert provide(places, TOOL) == f"opa 1.2.3, {named}"


def test_a_named_tool_of_another_version_is_an_error(
    places: Places, builds: Path, write_program: WriteProgram, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the user names is used or refused, never silently replaced."""
    monkeypatch.setenv("DOORLESS_OPA", str(write_program("my-opa", SPEAK.format("0.68.0"))))
    with pytest.raises(SetupError, match="DOORLESS_OPA") as caught:
        provide(places, TOOL)
    assert "0.68.0" in caught.value.why
    assert builds.read_text(encoding="utf-8") == ""


def test_a_link_is_replaced_in_one_step(places: Places, tmp_path: Path) -> None:
    """A link that leads elsewhere is replaced, a right one is left as it is, and nothing else remains."""
    place = places.environment / "bin" / "opa"
    for target in (tmp_path / "old", tmp_path / "new"):
        link(places, target, "opa")
    before = os.lstat(place).st_ino
    link(places, tmp_path / "new", "opa")
    assert place.readlink() == tmp_path / "new"
    assert os.lstat(place).st_ino == before
    assert [path.name for path in place.parent.iterdir()] == ["opa"]
