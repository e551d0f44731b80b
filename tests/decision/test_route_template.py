"""Tests of path templates."""

import itertools

from hypothesis import given, strategies as st

from decision.route_template import (
    Literal,
    Parameter,
    Segment,
    common_path,
    one_is_more_specific,
    parse_template,
)

_SEGMENTS: st.SearchStrategy[Segment] = st.one_of(
    st.sampled_from([Literal("a"), Literal("b"), Literal("x")]), st.just(Parameter("p"))
)
_TEMPLATES = st.lists(_SEGMENTS, min_size=1, max_size=4).map(tuple)


def _matches(template: tuple[Segment, ...], path: tuple[str, ...]) -> bool:
    return len(template) == len(path) and all(
        bool(text) if isinstance(segment, Parameter) else segment.text == text
        for segment, text in zip(template, path, strict=True)
    )


def test_parses_literals_and_parameters() -> None:
    """A template is its segments; a slash at the end is an empty last one."""
    assert parse_template("/a/{id}/c%20d") == (Literal("a"), Parameter("id"), Literal("c%20d"))
    assert parse_template("/") == (Literal(""),)
    assert parse_template("/a/") == (Literal("a"), Literal(""))


def test_a_parameter_does_not_match_an_empty_segment() -> None:
    """`/a/` and `/a/{id}` have no path in common."""
    assert common_path(parse_template("/a/"), parse_template("/a/{id}")) is None


@given(one=_TEMPLATES, other=_TEMPLATES)
def test_common_path_is_found_exactly_where_there_is_one(
    one: tuple[Segment, ...], other: tuple[Segment, ...]
) -> None:
    """The path that is named is matched by both; where none is named, no path of the alphabet is."""
    found = common_path(one, other)
    if found is not None:
        path = tuple(found[1:].split("/"))
        assert _matches(one, path)
        assert _matches(other, path)
        return
    for path in itertools.product("abx", repeat=len(one)):
        assert not (_matches(one, path) and _matches(other, path))


@given(one=_TEMPLATES, other=_TEMPLATES)
def test_more_specific_means_a_true_subset(one: tuple[Segment, ...], other: tuple[Segment, ...]) -> None:
    """Of two overlapping templates one is more specific exactly if its paths are some of the other's."""
    if common_path(one, other) is None:
        return
    paths = list(itertools.product("abxz", repeat=len(one)))
    ours = {path for path in paths if _matches(one, path)}
    theirs = {path for path in paths if _matches(other, path)}
    assert one_is_more_specific(one, other) == (ours < theirs or theirs < ours)
