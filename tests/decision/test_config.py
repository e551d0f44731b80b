"""Tests of loading a policies folder."""

from pathlib import Path

import pytest

from decision.config import load_policies
from decision.yaml_source import ConfigErrors
from tests.decision.configuration import ROLES, SERVICES, errors_of, load


def test_loads_both_files_and_keeps_what_was_read(tmp_path: Path) -> None:
    """A good folder gives roles, catalogue, tables and the very bytes they were read from."""
    configuration = load(tmp_path)
    assert set(configuration.roles) == {"reader"}
    assert set(configuration.catalogue.services) == {"reports", "series"}
    assert configuration.sources == {"roles.yaml": ROLES.encode(), "services.yaml": SERVICES.encode()}


def test_errors_of_both_files_come_together(tmp_path: Path) -> None:
    """Errors in both files are all named at once."""
    errors = errors_of(
        tmp_path, roles=ROLES.replace("30", "many"), services=SERVICES.replace("timeout_s: 5", "timeout_s: 0")
    )
    assert [Path(error.file).name for error in errors] == ["roles.yaml", "services.yaml"]


@pytest.mark.parametrize("name", ["roles.yaml", "services.yaml"])
def test_a_missing_file_is_named(tmp_path: Path, name: str) -> None:
    """A file that is not there is an error about that file."""
    load(tmp_path)
    (tmp_path / name).unlink()
    with pytest.raises(ConfigErrors, match=f"{name}:1:1: cannot be read: No such file"):
        load_policies(tmp_path)


def test_text_that_is_not_utf8_is_refused(tmp_path: Path) -> None:
    """Bytes that are no UTF-8 are an error on their line."""
    load(tmp_path)
    (tmp_path / "roles.yaml").write_bytes(b"roles:\n  \xff: 1\n")
    with pytest.raises(ConfigErrors, match=r"roles\.yaml:2:1: not UTF-8 text"):
        load_policies(tmp_path)
