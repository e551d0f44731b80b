"""The text of checkpoints against the example of c2sp.org/tlog-checkpoint."""

import pytest

from audit.checkpoint import Checkpoint, CheckpointInvalid, parse_checkpoint

EXAMPLE = "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"


def test_the_example_of_the_specification() -> None:
    """The published text parses and is written again byte for byte; further lines are kept."""
    checkpoint = parse_checkpoint(EXAMPLE)
    assert (checkpoint.origin, checkpoint.size) == ("example.com/behind-the-sofa", 20_852_163)
    assert checkpoint.text() == EXAMPLE
    extended = parse_checkpoint(EXAMPLE + "more\n")
    assert extended.extensions == ("more",)
    assert extended.text() == EXAMPLE + "more\n"


def test_an_empty_log() -> None:
    """Size 0 is written as 0."""
    assert Checkpoint("o", 0, bytes(32)).text().split("\n")[1] == "0"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "o\n1\n",
        EXAMPLE[:-1],
        EXAMPLE + "\n",
        EXAMPLE.replace("20852163", "020852163"),
        EXAMPLE.replace("20852163", "-1"),
        EXAMPLE.replace("20852163", "\u0661"),
        EXAMPLE.replace("20852163", str(2**63)),
        EXAMPLE.replace("20852163", ""),
        EXAMPLE.replace("q2I=", "q2J="),
        EXAMPLE.replace("q2I=", "q2I"),
        "o\n1\nAAAA\n",
        "\n1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n",
    ],
)
def test_what_is_no_checkpoint(text: str) -> None:
    """Another spelling of size or root, a missing line or a half root is refused."""
    with pytest.raises(CheckpointInvalid):
        parse_checkpoint(text)
