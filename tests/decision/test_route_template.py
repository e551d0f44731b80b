"""Tests of path templates."""

import itertools

import pytest
from hypothesis import given, strategies as st

from decision.route_template import (
    Literal,
    Parameter,
    Segment,
    common_path,
    example,
    one_is_more_specific,
    parse_template,
)

_REST = Parameter("r", rest=True)
_SEGMENTS: st.SearchStrategy[Segment] = st.one_of(
    st.sampled_from([Literal("a"), Literal("b"), Literal("x")]), st.just(Parameter("p"))
)
_PLAIN = st.lists(_SEGMENTS, min_size=1, max_size=3).map(tuple)
_TEMPLATES: st.SearchStrategy[tuple[Segment, ...]] = st.one_of(
    _PLAIN, _PLAIN.map(lambda plain: (*plain, _REST))
)
_PATHS = [path for length in range(1, 6) for path in itertools.product("abxz", repeat=length)]


def _matches(template: tuple[Segment, ...], path: tuple[str, ...]) -> bool:
    if template[-1] == _REST and len(path) >= len(template):
        return _matches(template[:-1], path[: len(template) - 1]) and all(path)
    return len(template) == len(path) and all(
        bool(text) if isinstance(segment, Parameter) else segment.text == text
        for segment, text in zip(template, path, strict=True)
    )


def test_parses_literals_and_parameters() -> None:
    """A template is its segments; a slash at the end is an empty last one."""
    assert parse_template("/a/{id}/c%20d") == (Literal("a"), Parameter("id"), Literal("c%20d"))
    assert parse_template("/") == (Literal(""),)
    assert parse_template("/a/") == (Literal("a"), Literal(""))


def test_only_the_last_parameter_takes_the_rest() -> None:
    """`{path*}` stands for one or more segments; in the middle it would leave open where it ends."""
    assert parse_template("/a/{path*}") == (Literal("a"), Parameter("path", rest=True))
    assert example("/a/{path*}") == "/a/path"
    with pytest.raises(ValueError, match="stands last"):
        parse_template("/a/{path*}/b")


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
    for path in _PATHS:
        assert not (_matches(one, path) and _matches(other, path))


@given(one=_TEMPLATES, other=_TEMPLATES)
def test_more_specific_means_a_true_subset(one: tuple[Segment, ...], other: tuple[Segment, ...]) -> None:
    """Of two overlapping templates one is more specific exactly if its paths are some of the other's."""
    if common_path(one, other) is None:
        return
    ours = {path for path in _PATHS if _matches(one, path)}
    theirs = {path for path in _PATHS if _matches(other, path)}
    assert one_is_more_specific(one, other) == (ours < theirs or theirs < ours)
