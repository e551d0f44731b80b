"""`doorless check` with a home: in the log before it is told, and signed by the home's key."""

import json
from pathlib import Path

from checks.statement import open_sealed, read_signer
from tests.checks.repositories import repository
from tests.doorless.conftest import Place


def test_a_check_with_a_home_is_recorded_and_signed_and_without_its_log_is_none(
    place: Place, tmp_path: Path
) -> None:
    """The decision stands in the log, each statement opens with the home's key; when nothing runs the answer is 2."""
    made = repository(tmp_path / "repository", {"a.py": "x = 1\n"})
    head = made.commit({"a.py": "x = 2\n"})
    words = ("check", "--repo", str(made.folder), "--head", head, "--role", "pr-creator", "--format", "json")
    stack = place.up()
    try:
        done = place.doorless(*words)
        assert done.returncode == 0, done.stdout + done.stderr
        result = json.loads(done.stdout)
        assert result["recorded"] is True
        shown = place.doorless("log", "show", result["decision"])
        assert shown.returncode == 0, shown.stderr
        assert "allow" in shown.stdout.casefold()
    finally:
        stack.end()
    key = read_signer(place.home / "check-key").public_key
    opened = [open_sealed(each, key)["predicate"] for each in result["statements"]]
    assert [each["kind"] for each in opened] == ["change", "semgrep", "tests"]
    assert {each["decision"] for each in opened} == {result["decision"]}
    unrecorded = place.doorless(*words)
    assert (unrecorded.returncode, unrecorded.stdout) == (2, "")
    assert "not_recorded" in unrecorded.stderr
