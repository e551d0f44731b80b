"""An agent's words on a person's screen: whole where they are plain, and unable to be anything but words."""

import json

import pytest
from hypothesis import given, strategies as st
from rich.cells import cell_len

from doorless.approvals.words import MOST_CHARACTERS, MOST_LINES, broken, escaped, parts_of


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("plain, with ümlauts and 漢字", "plain, with ümlauts and 漢字"),
        ("\x1b[2J\x1b]0;owned\x07", "\\x1b[2J\\x1b]0;owned\\x07"),
        ("\x9b31m", "\\x9b31m"),
        ("nice\u202etxt.exe", "nice\\u202etxt.exe"),
        ("\u2066isolated\u2069 \u200bzero\ufeff", "\\u2066isolated\\u2069 \\u200bzero\\ufeff"),
        ("over\rwritten\x08\x7f", "over\\rwritten\\x08\\x7f"),
        ("next\u2028line\x85", "next\\u2028line\\x85"),
        ("tag \U000e0041", "tag \\U000e0041"),
        ("a\tb", "a    b"),
        ("q" + "\u0301\u0302\u0303\u0304", "q\u0301\u0302\\u0303\\u0304"),
    ],
)
def test_what_steers_a_terminal_is_escaped(written: str, shown: str) -> None:
    """Control characters, both ways to write an escape sequence, bidi, invisible and piled-up marks are seen, not obeyed."""
    assert escaped(written) == shown


@given(st.text())
def test_nothing_that_is_written_is_anything_but_printable(written: str) -> None:
    """Whatever stands in a body: each line is printable, and there is no line break in it."""
    for part in parts_of(json.dumps({"title": written, "body": written}).encode(), "create-pr"):
        assert all(line.isprintable() for line in part.lines)


@given(st.text(max_size=300), st.integers(min_value=2, max_value=90))
def test_no_piece_is_wider_than_it_may_be(written: str, width: int) -> None:
    """Broken by us, and at most as wide as asked: where a terminal broke a line, no mark would stand before its rest."""
    pieces = list(broken(escaped(written), width))
    assert "".join(pieces) == escaped(written)
    assert all(cell_len(piece) <= width for piece in pieces)


def test_a_pull_request_is_told_title_first() -> None:
    """By its fields, each once; the order of the document does not matter."""
    body = json.dumps({"head": "x", "draft": True, "body": "b\nc", "title": "t"}).encode()
    told = [(part.name, part.lines) for part in parts_of(body, "create-pr")]
    assert told == [("title", ("t",)), ("body", ("b", "c")), ("head", ("x",)), ("draft", ("true",))]


@pytest.mark.parametrize(
    "body", ['{"title": "good", "title": "evil"}', '["title"]', "no json", "[" * 100_000, '{"title": NaN']
)
def test_what_could_be_read_in_two_ways_is_shown_as_it_stands(body: str) -> None:
    """A name that stands twice has two values, and which of them the service takes is not for us to guess."""
    (part,) = parts_of(body.encode(), "create-pr")
    assert part.name == ""
    assert body.startswith(part.lines[0])


def test_other_bodies_are_shown_as_they_stand() -> None:
    """Not by fields: only what has a schema of ours is taken apart."""
    (part,) = parts_of(b'{"title": "t"}', "")
    assert (part.name, part.lines) == ("", ('{"title": "t"}',))
    (part,) = parts_of(b"\xff\xfe\x00", "create-pr")
    assert part.lines == ("3 bytes that are no text",)


def test_what_is_left_out_is_counted() -> None:
    """No page is made longer than it may be, and nobody takes what is shown for the whole."""
    (long,) = parts_of(b"x" * (MOST_CHARACTERS + 5), "")
    assert long.left_out == 5
    (many,) = parts_of(b"y\n" * (MOST_LINES + 3), "")
    assert len(many.lines) == MOST_LINES
    assert sum(map(len, many.lines)) + len(many.lines) + many.left_out == 2 * (MOST_LINES + 3) + 1
