"""Where a home is, and which paths it cannot have."""

from pathlib import Path

import pytest

from doorless.chosen_home import choose_home
from doorless.home import Home, check_socket_paths
from doorless.problem import Problem


def test_a_path_as_long_as_linux_takes_is_fine_and_one_more_is_not() -> None:
    """The longest socket of a home may have 107 bytes; the error says how much shorter the home must be."""
    longest = "/run/ch/wf-aaaaaaaaaaaaaaaaaaaa/gw.sock"
    root = "/" + "h" * (107 - len(longest) - 1)
    check_socket_paths(Home(Path(root)))
    with pytest.raises(Problem) as too_long:
        check_socket_paths(Home(Path(root + "hhh")))
    assert "at least 3 bytes shorter" in too_long.value.remedy


def test_bytes_count_and_not_characters() -> None:
    """A path of few characters that takes many bytes is refused."""
    with pytest.raises(Problem):
        check_socket_paths(Home(Path("/" + "é" * 40)))


def test_the_option_wins_over_the_variable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`--home` first, then DOORLESS_HOME."""
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "doorless.yaml").touch()
    monkeypatch.setenv("DOORLESS_HOME", str(tmp_path / "a"))
    assert choose_home(None).root == tmp_path / "a"
    assert choose_home(tmp_path / "b").root == tmp_path / "b"


def test_no_home_named_is_a_clear_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without either, the error says both ways to name one."""
    monkeypatch.delenv("DOORLESS_HOME", raising=False)
    with pytest.raises(Problem) as unnamed:
        choose_home(None)
    assert "--home" in unnamed.value.remedy
    assert "DOORLESS_HOME" in unnamed.value.remedy
