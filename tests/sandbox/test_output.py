"""Agent output made harmless."""

from hypothesis import given, strategies as st

from sandbox.output import Transcript, escape


@given(st.text())
def test_only_harmless_characters_remain(text: str) -> None:
    """Whatever an agent prints, only printable characters, newlines and tabs arrive."""
    assert all(character.isprintable() or character in "\n\t" for character in escape(text))


def test_control_characters_are_written_out() -> None:
    """Escapes, carriage return, C1 controls, bidirectional overrides and deletes are shown as text."""
    assert escape("a\x1b[2J\r\n\tb\x9b\u202e\x7f") == "a\\x1b[2J\\r\n\tb\\x9b\\u202e\\x7f"


def test_ordinary_text_is_untouched() -> None:
    """Printable text of any script passes as it is."""
    assert escape("Grüße, 世界 🙂") == "Grüße, 世界 🙂"


@given(st.binary(max_size=200), st.integers(1, 20))
def test_chunks_do_not_matter(content: bytes, size: int) -> None:
    """A stream cut at any place reads like the whole: characters are not torn."""
    whole, cut = Transcript(1000), Transcript(1000)
    chunks = [content[at : at + size] for at in range(0, len(content), size)]
    expected = whole.feed("stdout", content) + (whole.feed("stdout", b"") if content else "")
    assert "".join(cut.feed("stdout", chunk) for chunk in [*chunks, b""]) == expected


def test_invalid_bytes_are_shown() -> None:
    """Bytes that are no UTF-8 are written as escapes."""
    transcript = Transcript(100)
    assert transcript.feed("stderr", b"\xff\xfe ok") == "\\xff\\xfe ok"


def test_the_cap_counts_both_streams_and_is_said_once() -> None:
    """After the cap one notice stands, and nothing more from either stream."""
    transcript = Transcript(5)
    assert transcript.feed("stdout", b"abc") == "abc"
    assert (
        transcript.feed("stderr", b"defg")
        == "de\n[doorless: output capped at 5 bytes; the rest is dropped]\n"
    )
    assert transcript.feed("stdout", b"more") == ""
    assert transcript.feed("stderr", b"more") == ""


def test_exactly_the_cap_is_no_loss() -> None:
    """Output of exactly the cap is shown whole, without a notice."""
    transcript = Transcript(3)
    assert transcript.feed("stdout", b"abc") + transcript.feed("stdout", b"") == "abc"
