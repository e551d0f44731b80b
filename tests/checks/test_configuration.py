import pytest

from checks.configuration import ChecksFile, read_configuration
from decision.yaml_source import ConfigErrors


def test_nothing_is_asked_for_where_nothing_stands() -> None:
    """No file and an empty one configure no test and no rules of one's own."""
    assert read_configuration(None) == read_configuration(b"# nothing yet\n") == ChecksFile()


def test_a_whole_file_is_read() -> None:
    """Command, limits, and the folder of rules."""
    read = read_configuration(
        b"tests:\n  command: [pytest, --junitxml, '{report}']\n  seconds: 60\nsemgrep:\n  rules: .doorless/rules\n"
    )
    assert read.tests is not None
    assert read.tests.command == ("pytest", "--junitxml", "{report}")
    assert (read.tests.seconds, read.tests.memory_mb) == (60, 2048)
    assert read.semgrep is not None
    assert read.semgrep.rules == ".doorless/rules"


@pytest.mark.parametrize(
    ("text", "place"),
    [
        (b"test:\n", ":1:1:"),
        (b"tests:\n  command: pytest\n", ":2:12:"),
        (b"tests:\n  command: [pytest]\n", ":2:12:"),
        (b"tests:\n  command: []\n", ":2:12:"),
        (b"tests:\n  command: [a, '{report}']\n  seconds: 0\n", ":3:12:"),
        (b"tests:\n  command: [a, '{report}']\n  seconds: 1d\n", ":3:12:"),
        (b"semgrep:\n  rules: ../rules\n", ":2:10:"),
        (b"semgrep:\n  rules: /etc\n", ":2:10:"),
        (b"semgrep:\n  rules: a/../b\n", ":2:10:"),
        (b"tests: &a\n  command: [a, '{report}']\n", ":1:8:"),
        (b"a\xff\n", ":1:1:"),
    ],
)
def test_a_mistake_is_named_with_its_place(text: bytes, place: str) -> None:
    """Unknown keys, a command without a report, limits out of range, ways out of the repository, anchors, no text."""
    with pytest.raises(ConfigErrors) as caught:
        read_configuration(text)
    assert place in str(caught.value)
