"""`checks.trees`: raw trees, read whole or as far as they can be read."""

from hypothesis import given, strategies as st

from checks.trees import Entry, irregularities, parse

NAMES = st.binary(min_size=1, max_size=8).map(lambda name: name.replace(b"\0", b"x"))
ENTRIES = st.lists(
    st.builds(
        Entry,
        st.sampled_from([b"100644", b"40000", b"7"]),
        NAMES,
        st.binary(min_size=20, max_size=20).map(bytes.hex),
    )
)


def written(entries: list[Entry]) -> bytes:
    return b"".join(b"%s %s\0%s" % (each.mode, each.name, bytes.fromhex(each.id)) for each in entries)


@given(ENTRIES)
def test_entries_come_out_as_they_went_in(entries: list[Entry]) -> None:
    """Modes, names and ids byte by byte, in their order."""
    tree = parse(written(entries), 20)
    assert (list(tree.entries), tree.rest) == (entries, b"")


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_left_as_rest(content: bytes) -> None:
    """Never an error; what is not understood is kept, and is irregular."""
    tree = parse(content, 20)
    assert written(list(tree.entries)) + tree.rest == content
    assert not tree.rest or "unreadable" in {oddity.kind for oddity in irregularities(tree)}


@given(st.sets(st.sampled_from(["a", "b.txt", "src", "Makefile2", "x-1", "日本", "é"]), max_size=5))
def test_an_ordinary_tree_is_not_irregular(names: set[str]) -> None:
    """Files as git writes them: nothing is found."""
    entries = [Entry(b"100644", name.encode(), "0" * 39 + "1") for name in sorted(names, key=str.encode)]
    assert irregularities(parse(written(entries), 20)) == frozenset()
