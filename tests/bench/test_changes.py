"""`bench.changes`: the change is made, described and decided on; a figure of each comes out."""

from pathlib import Path

import uvloop

from bench import changes
from bench.settings import Effort

SHORT = Effort(rounds=1, load_s=1, alone_s=1, part_s=0.1, starts=1)


def test_facts_and_decision_are_measured(tmp_path: Path) -> None:
    """A thousand files in one real repository, a real OPA: both rows, with the targets that are promised."""
    section = uvloop.run(changes.measure_changes(tmp_path, SHORT))
    assert [figure.key for figure in section.figures] == ["change_facts_s", "change_decision_ms"]
    assert all(figure.target is not None and len(figure.values) == 5 for figure in section.figures)
