"""Flags of the audit writer."""

from pathlib import Path

import pytest

from audit.folder import Places
from audit.settings import Create, Serve, parse


def test_verbs() -> None:
    """Serving is the default verb; creating is said deliberately."""
    beside = Places(Path("a"), Path("a-key"), Path("a-signed"))
    assert parse(["--log", "a", "--socket", "b"]) == Serve(beside, Path("b"))
    assert parse(["create", "--log", "a"]) == Create(beside, None)
    elsewhere = ["--log", "a", "--keys", "k", "--signed", "s", "--name", "example.org/log"]
    assert parse(["create", *elsewhere]) == Create(Places(Path("a"), Path("k"), Path("s")), "example.org/log")


@pytest.mark.parametrize(
    "argv", [[], ["--log", "a"], ["create"], ["mend", "--log", "a"], ["--log", "a", "--create"]]
)
def test_wrong_flags_end_with_2(argv: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """Missing or unknown flags end the process with the usual code and a usage text."""
    with pytest.raises(SystemExit) as ended:
        parse(argv)
    assert ended.value.code == 2
    assert "usage:" in capsys.readouterr().err
