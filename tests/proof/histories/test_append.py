"""A history in a real log: by the real writer, marked first, in order, and told in one line."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from audit.entry import EventEntry, encode
from audit.folder import create
from audit.reader import read_entries
from proof.histories.app import UNWRITTEN, main
from proof.histories.demo import demo_story
from proof.histories.generate import generate
from tests.audit.process import WriterProcess

UNTIL = 1_760_400_000_000


@pytest.fixture
def writer(tmp_path: Path) -> Iterator[WriterProcess]:
    """A running writer on an empty log."""
    create(tmp_path / "log")
    with tempfile.TemporaryDirectory(prefix="dl-") as short:
        process = WriterProcess(tmp_path / "log", Path(short) / "a.sock")
        yield process
        process.end()


def test_a_history_stands_in_the_log_behind_its_mark(
    writer: WriterProcess, capsys: pytest.CaptureFixture[str]
) -> None:
    """The mark, then every entry in its order, with the times that the story gave it."""
    argv = ["--log-socket", str(writer.socket), "--seed", "8", "--until-ms", str(UNTIL)]
    assert main(argv) == 0
    mark, *entries = [stored.entry for stored in read_entries(writer.socket)]
    expected = generate(demo_story(UNTIL, 4, 8))
    assert isinstance(mark, EventEntry)
    assert mark.event == "history.generated"
    assert mark.detail == {
        "seed": 8,
        "days": 4,
        "entries": len(expected),
        "from_ms": UNTIL - 4 * 86_400_000,
        "to_ms": UNTIL,
    }
    assert list(map(encode, entries)) == list(map(encode, expected))
    assert f"{len(expected) + 1} entries, 4 days" in capsys.readouterr().out


def test_without_a_writer_nothing_is_said_to_be_done(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit code 3, and why."""
    assert main(["--log-socket", str(tmp_path / "none.sock")]) == UNWRITTEN
    shown = capsys.readouterr()
    assert "no audit writer" in shown.err
    assert shown.out == ""


def test_too_few_days_are_a_wrong_usage(capsys: pytest.CaptureFixture[str]) -> None:
    """Exit code 2, and the least that is possible."""
    with pytest.raises(SystemExit) as left:
        main(["--log-socket", "x", "--days", "3"])
    assert left.value.code == 2
    assert "at least 4" in capsys.readouterr().err
