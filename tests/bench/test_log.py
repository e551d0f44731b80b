"""The log's rows: both writers run and are measured in one run, and a large log is one that its writer takes up."""

import os
from pathlib import Path

import pytest
import uvloop

from audit.reader import log_size
from audit.sealed import read_checkpoint
from audit.verify import verify
from bench import log, restart
from bench.settings import Effort

SHORT = Effort(rounds=1, load_s=1, alone_s=1, part_s=0.1, starts=1)
CORE = min(os.sched_getaffinity(0))


def test_appends_with_and_without_the_tree(tmp_path: Path) -> None:
    """Each row has its run; one writer seals all that it acknowledged, the other nothing."""
    section = uvloop.run(log.measure_appends(tmp_path, CORE, SHORT))
    figures = {figure.key: figure.median for figure in section.figures}
    assert all(figures[key] > 0 for key in figures.keys() - {"tree_percent", "sync_ms"})
    assert log_size(tmp_path / "sealed") == read_checkpoint(tmp_path / "sealed").size > 0
    assert read_checkpoint(tmp_path / "bare").size == 0


def test_the_start_of_a_large_log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The log that is made for it is sound: its writer starts on it and seals what was left unsealed."""
    monkeypatch.setattr(restart, "SEALED", 70_000)
    monkeypatch.setattr(restart, "UNSEALED", 300)
    section = restart.measure_restart(tmp_path, CORE, SHORT)
    assert section.figures[0].median > 0
    assert read_checkpoint(tmp_path / "million").size == 70_300
    assert verify(tmp_path / "million").records == 70_300
