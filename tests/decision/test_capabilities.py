"""Tests of what policy may call."""

import json
import subprocess
from pathlib import Path

import pytest

from decision import capabilities


def test_the_file_is_current(opa: Path) -> None:
    """The file is the pinned OPA's own list without the banned functions; nothing else is missing or added."""
    expected = capabilities.encode(capabilities.restrict(capabilities.of_binary(opa)))
    assert capabilities.FILE.read_text() == expected


def test_every_banned_function_exists(opa: Path) -> None:
    """A banned name that OPA does not have would be a typo that bans nothing."""
    names = {builtin["name"] for builtin in capabilities.of_binary(opa)["builtins"]}
    assert set(capabilities.BANNED) <= names


def test_what_opa_calls_nondeterministic_is_banned() -> None:
    """Whatever OPA itself says is no function of its input is not allowed."""
    allowed = json.loads(capabilities.FILE.read_text())["builtins"]
    assert not [builtin["name"] for builtin in allowed if builtin.get("nondeterministic")]


@pytest.mark.parametrize(
    "call", ['http.send({"url": "http://x", "method": "GET"})', "opa.runtime()", "time.now_ns()"]
)
def test_opa_refuses_a_banned_function(opa: Path, tmp_path: Path, call: str) -> None:
    """With the file, `opa check` takes a banned function for undefined."""
    (tmp_path / "p.rego").write_text(f"package p\n\nx := {call}\n")
    check = [str(opa), "check", "--capabilities", str(capabilities.FILE), str(tmp_path)]
    done = subprocess.run(check, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "undefined function" in done.stderr
