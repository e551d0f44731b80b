from checks.fingerprint import Located, new_findings
from decision.change import FindingFact


def located(path: str, line: int, code: bytes, rule: str = "r") -> Located:
    """A finding."""
    return Located(FindingFact(rule=rule, path=path, line=line, severity="error", message="m"), code)


def lines(base: list[Located], head: list[Located]) -> list[tuple[str, int]]:
    """Path and line of what is new."""
    return [(fact.path, fact.line) for fact in new_findings(base, head)]


def test_what_moves_or_is_indented_anew_is_known() -> None:
    """Lines and blanks may differ; nothing else. With the line in the fingerprint every edit above made it new."""
    assert lines([located("a", 3, b"eval( x)")], [located("a", 90, b"eval(\n   x)")]) == []


def test_another_path_rule_or_code_is_new() -> None:
    """A finding is known in its file, by its rule, for its code."""
    base = [located("a", 1, b"x")]
    assert lines(base, [located("b", 1, b"x")]) == [("b", 1)]
    assert lines(base, [located("a", 1, b"x", "other")]) == [("a", 1)]
    assert lines(base, [located("a", 1, b"y")]) == [("a", 1)]


def test_one_more_of_the_same_is_new_and_the_last_of_them_is_named() -> None:
    """Base has two: of three in the head one is new. Without counting, a copy of known bad code was no finding."""
    base = [located("a", line, b"x") for line in (1, 5)]
    assert lines(base, [located("a", line, b"x") for line in (5, 1, 9)]) == [("a", 9)]
    assert lines(base, base[:1]) == []


def test_parts_cannot_run_into_one_another() -> None:
    """A path that ends as code begins is another finding."""
    assert lines([located("ab", 1, b"c")], [located("a", 1, b"bc")]) == [("a", 1)]
