"""A replay as a pull request and a program read it."""

from authoring.replay.report import document, left_out, markdown, summary
from authoring.replay.tally import Group, Replay

FLIP = Group("decision", "allow", "deny", ("request.rules.x",), "a|b", "request", 3, "d-1", ())
LIMIT = Group("obligations", "allow", "allow", (), "reader", "request", 1, "d-2", ("-limit 1", "+limit 2"))


def replayed(**changes: object) -> Replay:
    """A replay in which nothing differs, changed as told."""
    fields: dict[str, object] = {
        "candidate": "cd" * 32,
        "decisions": 10,
        "reproduced": 10,
        "older_form": 0,
        "flips": (),
        "explained_otherwise": (),
        "mismatches": (),
        "apart": {},
        "missing": {},
        "unusable": {},
    }
    return Replay(**fields | changes)  # type: ignore[arg-type]


def test_a_table_row_holds_everything_and_breaks_no_table() -> None:
    """Whatever a role is called, its cell is one cell."""
    text = markdown(replayed(flips=(FLIP, LIMIT)))
    assert "| 3 | allow to deny | `request.rules.x` | a\\|b | `d-1` |" in text
    assert "| 1 | allow, other obligations | `-limit 1; +limit 2` | reader | `d-2` |" in text
    assert "4 of 10 reproduced decisions flip." in text


def test_nothing_to_say_is_said_as_such() -> None:
    """An empty log, and one of which nothing could be asked, are no good news."""
    assert "no decision in the log" in summary(replayed(decisions=0, reproduced=0))
    assert "says nothing of the candidate" in summary(replayed(reproduced=0))


def test_what_was_not_replayed_is_listed_with_its_reason() -> None:
    """By why, then by revision; a bundle that OPA does not take says so."""
    found = replayed(
        apart={"input gone": 2},
        missing={"ab" * 32: 1, "": 3, "ef" * 32: 4},
        unusable={"ef" * 32: "OPA did not become ready"},
    )
    assert left_out(found) == [
        ("input gone", 2),
        ("revision abababababab: its bundle is not kept", 1),
        ("no revision recorded: its bundle is not kept", 3),
        ("revision efefefefefef: OPA did not become ready", 4),
    ]
    assert "- 2: input gone" in markdown(found)


def test_a_mismatch_comes_before_the_verdict_is_trusted() -> None:
    """It is in the sentence, in the table and in the document, and makes the replay unclean."""
    found = replayed(mismatches=(FLIP,), older_form=2)
    assert not found.clean
    assert "3 are not made again" in summary(found)
    assert "2 were recorded before some fact existed" in summary(found)
    assert (document(found)["mismatched"], document(found)["flipped"]) == (3, 0)
