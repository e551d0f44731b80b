"""`checks.commits`: whom a commit names, however it is written. More of it is in the corpus."""

from hypothesis import given, strategies as st

from checks.commits import parse
from decision.change import Person

TREE, PARENT = "a" * 40, "b" * 40
WHO = "A Name <a@example.org> 1700000000 +0100"
OTHER = Person(name="Other", email="other@example.org")


def whole(message: str, *, author: str = WHO, headers: str = "") -> bytes:
    return f"tree {TREE}\nparent {PARENT}\nauthor {author}\ncommitter {WHO}\n{headers}\n{message}".encode()


def test_an_ordinary_commit_is_read_whole() -> None:
    """Tree, parents, people, signature, and nothing odd."""
    commit = parse("c" * 40, whole("x\n", headers="gpgsig -----BEGIN\n more\n"))
    assert commit is not None
    assert (commit.tree, commit.parents, commit.oddities) == (TREE, (PARENT,), ())
    assert commit.fact.author == commit.fact.committer == Person(name="A Name", email="a@example.org")
    assert (commit.fact.signature, commit.fact.co_authors) == ("present", ())


@given(
    before=st.sampled_from(["", " ", "\t", "> "]),
    key=st.sampled_from(["Co-authored-by", "co-authored-by", "CO-AUTHORED-BY"]),
    colon=st.sampled_from([":", " :", ": "]),
    end=st.sampled_from(["", "\n", "\r\n", "\n\nmore text\n"]),
    start=st.sampled_from(["", "Title\n\n", "Title\r\n\r\n", "text\n"]),
)
def test_a_co_author_is_found_wherever_the_line_stands(
    before: str, key: str, colon: str, end: str, start: str
) -> None:
    """No forge reads trailers as another does: all lines count."""
    commit = parse("c" * 40, whole(f"{start}{before}{key}{colon}Other <other@example.org>{end}"))
    assert commit is not None
    assert commit.fact.co_authors == (OTHER,)


@given(st.binary(max_size=300))
def test_any_bytes_are_a_commit_or_none(content: bytes) -> None:
    """Never an error; what names no tree is none."""
    commit = parse("c" * 40, content)
    assert commit is None or content.startswith(b"tree ")


@given(st.text(max_size=30))
def test_who_wrote_it_is_never_made_up(name: str) -> None:
    """An author line of any form gives what stands in it or is odd; it never reads as somebody ordinary by mistake."""
    if not name.isascii() or any(each in name for each in "\n\r\0"):
        return
    commit = parse("c" * 40, whole("x", author=name))
    assert commit is not None
    assert commit.oddities
