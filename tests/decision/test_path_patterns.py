"""Tests of the language of path patterns."""

import re

import pytest

from decision.path_patterns import check_pattern, covers, expression, fold, needles
from tests.decision.patterns import PATHS, PATTERNS


@pytest.mark.parametrize(
    ("pattern", "covered", "free"),
    [
        ("auth/*", ["auth/x", "auth/x/y.py", "Auth/X"], ["auth", "authx/y", "x/auth/y", "oauth/x"]),
        ("auth", ["auth", "auth/x"], ["authx", "x/auth", "auth.py"]),
        ("*.pem", ["key.pem", "a/b/key.pem", "key.pem/x"], ["key.pem2", "keypem"]),
        (".ci/*", [".ci/run"], ["aci/run", "x/.ci/run"]),
        (
            "**/conftest.py",
            ["conftest.py", "a/b/conftest.py", "a/ConfTest.PY"],
            ["xconftest.py", "conftest.pyc"],
        ),
        ("**/tests/*", ["tests/x", "a/tests/b/c"], ["tests", "atests/x", "testsx/y"]),
        ("café/*", ["café/x", "cafe\u0301/x", "CAFÉ/x"], ["cafe/x"]),
        ("*", ["x", "a/b", "a\nb"], []),
    ],
)
def test_what_a_pattern_covers(pattern: str, covered: list[str], free: list[str]) -> None:
    """Whole paths from the root, what is below them, and what some file system takes for the same; nothing else."""
    assert [path for path in covered if not covers(pattern, path)] == []
    assert [path for path in free if covers(pattern, path)] == []


@pytest.mark.parametrize(
    ("pattern", "words"),
    [
        ("", "relative to the repository"),
        ("/etc/*", "relative to the repository"),
        ("a/../b", "relative to the repository"),
        ("./a", "relative to the repository"),
        ("a\nb", "relative to the repository"),
        ("auth/", "write auth/*"),
        ("auth/[a-z]*", "only * has a meaning"),
        ("!auth/*", "only * has a meaning"),
        ("auth/?", "only * has a meaning"),
        ("a{b,c}", "only * has a meaning"),
        ("a\\b", "only * has a meaning"),
        ("**/", "matches no file"),
    ],
)
def test_a_pattern_that_cannot_be_meant_is_refused(pattern: str, words: str) -> None:
    """What would match nothing, or means something else to whoever knows other patterns, does not load."""
    with pytest.raises(ValueError, match=re.escape(words)):
        check_pattern(pattern)


def test_many_patterns_are_one_expression() -> None:
    """An expression of many patterns matches what any of them covers; of none, nothing."""
    together = re.compile(expression(PATTERNS[:-1]))
    for path in PATHS:
        forms = (path, fold(path))
        expected = any(covers(pattern, path) for pattern in PATTERNS[:-1])
        assert any(together.fullmatch(form) for form in forms) == expected
    assert not any(re.fullmatch(expression(()), path) for path in ("", "a", "a/b", "/"))


def test_what_is_covered_holds_a_needle() -> None:
    """Whatever an expression matches holds one of its needles when it stands between slashes.

    With needles of the patterns as written only, paths that differ by case were passed over.
    """
    for pattern in PATTERNS:
        compiled = re.compile(expression((pattern,)))
        for path in PATHS:
            for form in (path, fold(path)):
                if compiled.fullmatch(form):
                    assert any(needle in f"/{form}/" for needle in needles((pattern,))), (pattern, form)
