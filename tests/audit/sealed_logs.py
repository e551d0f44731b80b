"""Sealed logs for these tests, made by the writer's own parts without a process."""

from collections.abc import Sequence
from pathlib import Path

from audit.edge import Edge
from audit.folder import Places, create
from audit.keys import Keyring
from audit.publisher import Publisher
from audit.signed import SignedStore
from audit.tree import Tree

ORIGIN = "log.example/tests"


def make_sealed(folder: Path, entries: Sequence[bytes], cuts: Sequence[int] = ()) -> Places:
    """A log with these entries, all under a checkpoint; earlier checkpoints at the sizes in `cuts`."""
    places = create(Places.beside(folder), ORIGIN)
    seal(places, entries, [*cuts, len(entries)])
    return places


def seal(
    places: Places, entries: Sequence[bytes], cuts: Sequence[int], *, after: Sequence[bytes] = ()
) -> None:
    """Add entries to a log that holds the entries `after`, with a checkpoint at each size in `cuts`."""
    tree = Tree(Edge(), [])
    if after:
        tree.grow(after)
        tree.cut()
    everything = [*after, *entries]
    store = SignedStore(places.signed)
    publisher = Publisher(places.log, Keyring(places.keys), store)
    try:
        for cut in cuts:
            if cut > tree.size:
                tree.grow(everything[tree.size : cut])
                publisher.publish(tree.cut())
    finally:
        publisher.close()
        store.close()
