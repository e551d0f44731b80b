"""Evaluation of queries: hand-computed answers over four small series."""

import pytest

from tenants.services.telemetry.evaluation import Axis, EvaluationError, evaluate, percentile
from tenants.services.telemetry.language import parse
from tenants.services.telemetry.series import Series

AXIS = Axis(begin=1_000_000, end=1_000_600, step_s=100)
STORED = [
    Series("load", {"service": "a", "region": "eu"}, [1, 2, 3, 4, 5, 6]),
    Series("load", {"service": "a", "region": "us"}, [10, 20, 30, 40, 50, 60]),
    Series("load", {"service": "b", "region": "eu"}, [7, 7, 7, 7, 7, 7]),
    Series("other", {"service": "a", "region": "eu"}, [0, 0, 0, 0, 0, 0]),
]
Answer = dict[tuple[str, ...], list[float]]


def answer(text: str) -> Answer:
    result = evaluate(parse(text), STORED, AXIS)
    return {tuple(line.labels.values()): [value for _, value in line.points] for line in result.series}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('sum(load{service="b"}[600s])', {(): [42]}),
        ('avg(load{service="a",region="eu"}[600s])', {(): [3.5]}),
        ('avg(load{service="a",region="eu"}[200s])', {(): [5.5]}),
        ('min(load{service="a"}[600s]) step 200s', {(): [1, 3, 5]}),
        ('max(load{service="a"}[600s]) step 200s', {(): [20, 40, 60]}),
        ("count(load[600s])", {(): [18]}),
        ("count(load[600s]) by (region) step 300s", {("eu",): [6, 6], ("us",): [3, 3]}),
        ("sum(load[300s]) by (service)", {("a",): [165], ("b",): [21]}),
        ("sum(load[100s]) by (service, region)", {("a", "eu"): [6], ("a", "us"): [60], ("b", "eu"): [7]}),
        ('rate(load{region="us"}[600s]) step 200s', {(): [0.15, 0.35, 0.55]}),
        ('p50(load{region="us"}[600s])', {(): [35]}),
        ('p95(load{region="us"}[600s])', {(): [57.5]}),
        ('p99(load{region="us"}[600s])', {(): [59.5]}),
        ('sum(load{region!="eu"}[100s])', {(): [60]}),
        ('sum(load{region=~"e."}[100s])', {(): [13]}),
        ('sum(load{region!~"e.*"}[100s])', {(): [60]}),
        ('sum(load{region="nowhere"}[100s])', {}),
    ],
)
def test_answers_are_those_computed_by_hand(text: str, expected: Answer) -> None:
    """Every function, matcher, grouping and step gives the number worked out on paper."""
    assert answer(text) == expected


def test_times_are_bucket_starts_up_to_the_end_of_the_axis() -> None:
    """A range ends at the end of the axis, and each point carries the start of its bucket."""
    result = evaluate(parse('sum(load{service="b"}[400s]) step 200s'), STORED, AXIS)
    assert (result.begin, result.end, result.step_s) == (1_000_200, 1_000_600, 200)
    assert result.series[0].points == [(1_000_200, 14), (1_000_400, 14)]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("sum(nothing[600s])", "there are load, other"),
        ('sum(load{zone="x"}[600s])', "it has region, service"),
        ("sum(load[600s]) by (zone)", "it has region, service"),
        ("sum(load[700s])", "longer than the 600 s"),
        ("sum(load[600s]) step 50s", "multiple of the sample interval, 100 s"),
        ("sum(load[150s])", "multiple of the sample interval, 100 s"),
    ],
)
def test_what_the_series_cannot_answer_is_said(text: str, sentence: str) -> None:
    """A well-formed query that these series cannot answer is refused with what they have."""
    with pytest.raises(EvaluationError, match=sentence):
        evaluate(parse(text), STORED, AXIS)


def test_an_answer_has_a_limit() -> None:
    """An answer with more points than the limit is refused before it is computed."""
    samples = 60_000
    long = [Series("load", {"service": "a"}, [1.0] * samples)]
    with pytest.raises(EvaluationError, match="more than 50000 points"):
        evaluate(parse("sum(load[60000s]) step 1s"), long, Axis(0, samples, 1))


def test_percentiles_of_one_sample_are_that_sample() -> None:
    """A single sample is every percentile."""
    assert [percentile([4.0], percent) for percent in (50, 95, 99)] == [4.0, 4.0, 4.0]
