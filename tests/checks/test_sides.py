from pathlib import Path

import pytest

from checks.sides import SideFile, store


@pytest.mark.parametrize(
    "path",
    [
        "../../evil.py",
        "/etc/evil.py",
        "a/../../evil.py",
        ".git/hooks/x.py",
        ".semgrepignore",
        "-rf.py",
        "a/-o.py",
        "new\nline.py",
        "x" * 300 + ".py",
        "/".join(["deep"] * 300) + ".py",
        "blank /a.py",
        "caf\N{LATIN SMALL LETTER E WITH ACUTE}.py",
        "",
        "a//b.py",
    ],
)
def test_a_path_that_means_more_gets_a_neutral_name(tmp_path: Path, path: str) -> None:
    """Ways out, options, ignore files, line ends, endless names: stored inside, with a plain suffix kept, and found again."""
    ((name, file),) = store(tmp_path, [SideFile("head", path, b"x")]).files.items()
    assert file.path == path
    assert (tmp_path / name).resolve().is_relative_to(tmp_path)
    assert (tmp_path / name).read_bytes() == b"x"
    assert name.startswith("head/-renamed-/0")
    assert name.endswith(".py") == path.endswith(".py")


def test_plain_paths_stay_as_they_are_and_sides_apart(tmp_path: Path) -> None:
    """Rules that name paths see those of git."""
    files = [SideFile("base", "src/a.py", b"1"), SideFile("head", "src/a.py", b"2")]
    assert set(store(tmp_path, files).files) == {"base/src/a.py", "head/src/a.py"}


def test_one_name_twice_is_an_error(tmp_path: Path) -> None:
    """A tree with two entries of one name never has one of them overwritten in silence."""
    with pytest.raises(FileExistsError):
        store(tmp_path, [SideFile("head", "a.py", b"1"), SideFile("head", "a.py", b"2")])
