"""The query language: what it has, and where it says that a query is wrong."""

import pytest
from hypothesis import given, settings, strategies

from tenants.services.telemetry.language import Query, parse
from tenants.services.telemetry.tokenizer import QueryError


def test_a_full_query_is_read() -> None:
    """Function, metric, four kinds of matchers, range, grouping and step all arrive."""
    query = parse('p95 ( cpu_percent{a="x",b!="y\\"z",c=~"eu-.*",d!~"a|b"} [2d] ) by (a, b) step 15m')
    assert (query.function, query.metric, query.range_s, query.step_s) == ("p95", "cpu_percent", 172_800, 900)
    assert query.by == ("a", "b")
    assert [(one.label, one.operator, one.text) for one in query.matchers] == [
        ("a", "=", "x"),
        ("b", "!=", 'y"z'),
        ("c", "=~", "eu-.*"),
        ("d", "!~", "a|b"),
    ]


def test_what_is_left_out_has_a_meaning() -> None:
    """Without matchers, grouping and step: all series, one group, one bucket."""
    assert parse("sum(errors[90m])") == Query("sum", "errors", (), 5_400, (), 5_400)
    assert parse("sum(errors{}[90m]) by ()") == parse("sum(errors[90m])")


@pytest.mark.parametrize(
    ("pattern", "value", "matches"),
    [
        ("eu-.*", "eu-west", True),
        ("eu", "eu-west", False),
        ("west", "eu-west", False),
        ("eu-west|us-.*", "us-east", True),
        ("eu|us-east", "us-east", True),
        ("eu|us", "us-east", False),
        ("e.-west", "eu-west", True),
        ("", "", True),
        ("a.b", "a\nb", False),
    ],
)
def test_patterns_match_whole_values(pattern: str, value: str, matches: bool) -> None:
    """=~ is a full match of one alternative, and !~ its exact opposite."""
    positive = parse(f'sum(errors{{region=~"{pattern}"}}[1h])').matchers[0]
    negative = parse(f'sum(errors{{region!~"{pattern}"}}[1h])').matchers[0]
    assert positive.accepts(value) is matches
    assert negative.accepts(value) is not matches


@pytest.mark.parametrize(
    ("text", "position", "expected"),
    [
        ("", 0, "a function"),
        ("mean(errors[1h])", 0, "a function: avg, min"),
        ("sum errors[1h]", 4, "`(`"),
        ("sum([1h])", 4, "the name of a metric"),
        ("sum(errors)", 10, "`[`"),
        ("sum(errors[1 h])", 11, "a duration such as"),
        ("sum(errors[1w])", 11, "a duration such as"),
        ("sum(errors[0m])", 11, "a duration above zero"),
        ("sum(errors[1h]", 14, "`)`"),
        ("sum(errors{region}[1h])", 17, "one of = != =~ !~"),
        ("sum(errors{region,}[1h])", 17, "one of = != =~ !~"),
        ("sum(errors{region=x}[1h])", 18, 'a string in "quotes"'),
        ('sum(errors{region="x}[1h])', 18, 'a closing "'),
        ('sum(errors{region="a\\n"}[1h])', 18, 'a closing "'),
        ('sum(errors{region="x" service="y"}[1h])', 22, "`,` or `}`"),
        ('sum(errors{region=~"(a+)+"}[1h])', 20, "letters, digits"),
        ('sum(errors{region=~"a*"}[1h])', 21, "letters, digits"),
        ('sum(errors{region=~"a|.*.*.*.*"}[1h])', 22, "at most 3 wildcards"),
        ("sum(errors[1h]) by region", 19, "`(`"),
        ("sum(errors[1h]) by (region", 26, "`,` or `)`"),
        ("sum(errors[1h]) by (region, region)", 28, "each label once"),
        ("sum(errors[1h]) step", 20, "a duration such as"),
        ("sum(errors[1h]) step 7m", 21, "a step that divides the range"),
        ("sum(errors[1h]) step 2h", 21, "a step that divides the range"),
        ("sum(errors[1h]) step 5m by (region)", 24, "the end of the query"),
        ("sum(errors[1h]) + 1", 16, "a name, a string"),
        ("sum(errors[1h])\x00", 15, "a name, a string"),
        ("x" * 1_001, 1_000, "at most 1000 characters"),
    ],
)
def test_errors_say_where_and_what(text: str, position: int, expected: str) -> None:
    """A wrong query is refused with the offset of the first wrong word and what would have been right."""
    with pytest.raises(QueryError) as caught:
        parse(text)
    assert caught.value.position == position
    assert caught.value.expected.startswith(expected) or expected in caught.value.expected


WORDS = [
    "avg",
    "p95",
    "(",
    ")",
    "{",
    "}",
    "[",
    "]",
    ",",
    "=",
    "!=",
    "=~",
    "!~",
    '"eu-.*"',
    '"(',
    "1h",
    "5m",
    "0d",
    "by",
]
WORDS += ["step", "errors", "region", " ", "\n", "\\", "9999999999999d", "é", "\ud800", "٣m"]


TEXTS = strategies.one_of(
    strategies.text(), strategies.lists(strategies.sampled_from(WORDS), max_size=25).map("".join)
)


def outcome(text: str) -> Query | QueryError:
    try:
        return parse(text)
    except QueryError as error:
        return error


@settings(deadline=None)
@given(TEXTS)
def test_any_text_is_a_query_or_a_query_error(text: str) -> None:
    """The parser never ends in anything but a query or its own error, whose position lies in the text."""
    match outcome(text):
        case QueryError() as error:
            assert 0 <= error.position <= len(text)
            assert error.expected
        case Query() as query:
            assert query.range_s % query.step_s == 0
            assert all(matcher.accepts("eu-west") in (True, False) for matcher in query.matchers)
