"""Tests of what `roles.yaml` may say."""

from pathlib import Path

import pytest

from tests.decision.configuration import ROLES, SERVICES, error_of, errors_of, load


def test_the_shape_of_the_article(tmp_path: Path) -> None:
    """A role says services, actions, data, limits and forbidden paths, and nothing else is needed."""
    roles = load(
        tmp_path,
        roles="""\
roles:
  tiny:
    services: [reports]
    actions: [ping]
    forbidden_paths: [auth/*, .ci/*, security/*]
    limits: { max_diff_lines: 500, max_files_changed: 10 }
""",
    ).roles
    tiny = roles["tiny"]
    assert tiny.data == ()
    assert tiny.forbidden_paths == ("auth/*", ".ci/*", "security/*")
    assert (tiny.limits.max_diff_lines, tiny.limits.max_files_changed) == (500, 10)
    assert tiny.limits.max_requests_per_min is None


@pytest.mark.parametrize(
    ("old", "new", "place", "words"),
    [
        (
            "[reports, series]",
            "[report, series]",
            (3, 16),
            "unknown service 'report'; did you mean 'reports'?",
        ),
        ("[read, ping]", "[read, pong]", (4, 21), "unknown action 'pong'; did you mean 'ping'?"),
        ("[bodies]", "[zebras]", (5, 12), "unknown data class 'zebras' (known: bodies, points)"),
        ("    data:", "    date:", (5, 5), "unknown key 'date'; did you mean 'data'?"),
        ("max_requests_per_min", "max_request_per_min", (6, 14), "did you mean 'max_requests_per_min'?"),
        ("30", "'30'", (6, 36), "must be a whole number, not '30'"),
        ("30", "0", (6, 36), "greater than or equal to 1"),
        ("30", "true", (6, 36), "must be a whole number"),
        ("[bodies]", "bodies", (5, 11), "must be a list, not 'bodies'"),
        ("[bodies]", "[bodies, bodies]", (5, 11), "'bodies' stands here twice"),
        ("[bodies]", "[1]", (5, 12), "must be text, not 1"),
        ("[read, ping]", "[]", (4, 14), "at least 1 item"),
        ("    actions: [read, ping]\n", "", (2, 3), "the key 'actions' is missing"),
        ("  reader:", "  Reader:", (2, 3), "the name 'Reader' must match"),
        ("    services: [reports, series]\n", "", (2, 3), "the key 'services' is missing"),
        ("    limits:", "    agent: false\n    limits:", (3, 5), "is no agent's reaches no service"),
        ("    limits:", "    special_files: [socket]\n    limits:", (6, 21), "must be one of"),
        ("    limits:", "    forbidden_paths: [auth/]\n    limits:", (6, 23), "write auth/*"),
        ("    limits:", "    forbidden_paths: ['a[b]']\n    limits:", (6, 23), "only * has a meaning"),
        ("    limits:", "    forbidden_paths: [/etc/*]\n    limits:", (6, 23), "relative to the repository"),
        ("    limits:", "    forbidden_paths: [a/../b]\n    limits:", (6, 23), "relative to the repository"),
        ("    limits:", "    forbidden_paths: ['']\n    limits:", (6, 23), "relative to the repository"),
    ],
)
def test_refuses(tmp_path: Path, old: str, new: str, place: tuple[int, int], words: str) -> None:
    """A role that names something undeclared, or is ill-typed, is refused with its place and a way on."""
    error = error_of(tmp_path, roles=ROLES.replace(old, new, 1))
    assert words in error.message
    assert (error.line, error.column) == place
    assert error.file.endswith("roles.yaml")


def test_an_empty_role_may_do_nothing(tmp_path: Path) -> None:
    """A role may be named before it is given anything, and one may be no agent's: neither is granted a word."""
    configuration = load(tmp_path, roles="roles:\n  later: {}\n  people: { agent: false }\n")
    assert configuration.compiled["grants"] == {"later": {}, "people": {}}
    assert [role.agent for role in configuration.roles.values()] == [True, False]


@pytest.mark.parametrize("text", ["", "roles: []\n", "- a\n", "role: {}\n"])
def test_a_file_without_roles_is_refused(tmp_path: Path, text: str) -> None:
    """A roles file that holds no mapping of roles is no set of zero roles."""
    assert errors_of(tmp_path, roles=text)


def test_names_are_not_compared_with_a_broken_catalogue(tmp_path: Path) -> None:
    """While services.yaml does not load, roles are not blamed for names that it would declare."""
    errors = errors_of(tmp_path, services=SERVICES.replace("upstream:", "upstraem:", 1))
    assert {Path(error.file).name for error in errors} == {"services.yaml"}
