"""The compact map against a dict."""

import sys

from hypothesis import given, strategies as st

from audit.compact_states import UNKNOWN, CompactStates


@given(st.lists(st.tuples(st.text(max_size=3), st.integers(1, 255)), max_size=300))
def test_it_is_a_map(pairs: list[tuple[str, int]]) -> None:
    """Whatever is set, also again, is got; what was not is unknown; numbers are counted."""
    states, expected = CompactStates(), dict[str, int]()
    for name, state in pairs:
        states.set(name, state)
        expected[name] = state
    assert len(states) == len(expected)
    assert all(states.get(name) == state for name, state in expected.items())
    assert states.get("never set") == UNKNOWN
    for state in {state for _, state in pairs}:
        assert states.count(state) == list(expected.values()).count(state)


def test_it_grows_and_stays_small() -> None:
    """Fifty thousand ids are all found again, in at most 28 bytes each."""
    states = CompactStates()
    for number in range(50_000):
        states.set(f"d-{number:026}", number % 4 + 1)
    assert all(states.get(f"d-{number:026}") == number % 4 + 1 for number in range(50_000))
    assert (sys.getsizeof(states._keys) + sys.getsizeof(states._states)) / 50_000 < 28
