"""`checks.raw_diff`: the forms that git prints, wherever a chunk ends, and nothing else."""

import pytest
from hypothesis import given, strategies as st

from checks.raw_diff import Entry, Pair, UnexpectedForm, counts, records

OLD, NEW, NONE = "a" * 40, "b" * 40, "0" * 40
PATHS = st.binary(min_size=1, max_size=12).map(lambda path: path.replace(b"\0", b":"))
ENTRIES = st.tuples(st.sampled_from(["100644", "120000", "040000"]), PATHS)


def said(mode: str, path: bytes) -> bytes:
    return f":000000 {mode} {NONE} {NEW} A".encode() + b"\0" + path + b"\0"


def chunks(whole: bytes, size: int) -> list[bytes]:
    return [whole[at : at + size] for at in range(0, len(whole), size)]


@given(st.lists(st.lists(ENTRIES, max_size=3), max_size=4), st.integers(1, 50))
def test_pairs_and_entries_come_out_as_they_went_in(
    given_pairs: list[list[tuple[str, bytes]]], size: int
) -> None:
    """Paths with newlines, colons, tabs and blanks, cut anywhere."""
    whole, expected = b"", list[Pair | Entry]()
    for entries in given_pairs:
        whole += f"{OLD} {NEW}\n".encode() + b"".join(said(mode, path) for mode, path in entries)
        expected += [Pair(OLD, NEW), *(Entry("", mode, NONE, NEW, path) for mode, path in entries)]
    assert list(records(chunks(whole, size))) == expected


@pytest.mark.parametrize(
    "whole",
    [
        b":000000 100644 " + NONE.encode(),
        b":000000 100644 A\0path\0",
        said("100644", b"path")[:-3],
        b"one-word\n",
        f"{OLD} {NEW}".encode(),
        f"{OLD} short\n".encode(),
    ],
)
def test_what_is_no_record_is_an_error(whole: bytes) -> None:
    """A form that is not known is never skipped: what was skipped would look like no change."""
    with pytest.raises(UnexpectedForm):
        list(records([whole]))


def test_counts_are_sums_and_binary_is_none() -> None:
    """Paths may hold tabs; a dash for both numbers is how git calls a file binary (git-diff(1), --numstat)."""
    whole = b"1\t2\ta\tb\0-\t-\tc\0" + b"0\t0\td\n\0"
    assert list(counts(chunks(whole, 3))) == [(b"a\tb", 3), (b"c", None), (b"d\n", 0)]
    for wrong in (b"1\t2\0", b"1\t2\tcut off"):
        with pytest.raises(UnexpectedForm):
            list(counts([wrong]))
