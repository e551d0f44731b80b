"""The file that says how much of a log was dropped."""

from pathlib import Path

import pytest

from audit.faults import DamagedLog
from audit.retention import PRUNED, Pruned, first_kept, read_pruned, write_pruned

STATE = Pruned(first=512, shipped_to="/mnt/copy", witnessed=True, checkpoint="a note\n")


def test_it_is_there_and_back_and_replaced_whole(tmp_path: Path) -> None:
    """A log without it was never pruned."""
    assert read_pruned(tmp_path) is None
    assert first_kept(tmp_path) == 0
    write_pruned(tmp_path, STATE)
    (tmp_path / f"{PRUNED}.part").write_text("what a crash left")
    write_pruned(tmp_path, STATE)
    assert read_pruned(tmp_path) == STATE
    assert first_kept(tmp_path) == 512
    assert [file.name for file in tmp_path.iterdir()] == [PRUNED]


@pytest.mark.parametrize(
    "content", [b"", b"{}", b"\xff", b'{"first":5,"shipped_to":"","witnessed":true,"checkpoint":""}']
)
def test_another_form_is_damage(tmp_path: Path, content: bytes) -> None:
    """A gap without a reason that can be read is no reason."""
    (tmp_path / PRUNED).write_bytes(content)
    with pytest.raises(DamagedLog, match="what was pruned"):
        first_kept(tmp_path)
