"""The crash tracker's limits file: two numbers that the service takes, or a clear error."""

from pathlib import Path

import pytest

from tenants.agents.crash_tracker.limits import Limits, LimitsError, load


def test_the_shipped_limits_load() -> None:
    """As they were measured: 400 reports in six calls."""
    assert load() == Limits(page=200, bulk=100)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "page: 200",
        "page: 200\nbulk: 0",
        "page: 201\nbulk: 1",
        "page: true\nbulk: 1",
        "page: '9'\nbulk: 1",
        "page: [",
    ],
)
def test_anything_else_is_an_error_that_names_the_file(tmp_path: Path, text: str) -> None:
    """Missing, out of range, of another type, no YAML, no file."""
    file = tmp_path / "limits.yaml"
    file.write_text(text)
    with pytest.raises(LimitsError, match=r"limits\.yaml"):
        load(file)
    with pytest.raises(LimitsError):
        load(tmp_path / "none.yaml")
