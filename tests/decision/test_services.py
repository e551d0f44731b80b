"""Tests of what `services.yaml` may say."""

from pathlib import Path

import pytest

from tests.decision.configuration import SERVICES, error_of, errors_of, load

CANARY = "user-canary"
_REPORTS = "    upstream: http://127.0.0.1:8401\n"


def _with(line: str) -> str:
    return SERVICES.replace(_REPORTS, f"{_REPORTS}    {line}\n", 1)


def _route(text: str) -> str:
    return SERVICES.replace("      ping:", f"      extra: {text}\n      ping:", 1)


def test_everything_that_a_service_may_say(tmp_path: Path) -> None:
    """Each key of a service reaches the catalogue as it was written."""
    text = _with(
        "allow_loopback: true\n    errors: github\n    hosts: [api.github.com, 'localhost:8080']\n"
        "    request_headers: [x-request-id]\n    response_headers: [etag]\n    ca_file: /etc/ca.pem"
    )
    service = load(tmp_path, services=text).catalogue.services["reports"]
    assert service.allow_loopback
    assert service.errors == "github"
    assert service.hosts == ("api.github.com", "localhost:8080")
    assert service.request_headers == ("x-request-id",)
    assert service.response_headers == ("etag",)
    assert service.ca_file == "/etc/ca.pem"


def test_defaults_are_the_careful_ones(tmp_path: Path) -> None:
    """What a service does not say is closed or small."""
    service = load(tmp_path).catalogue.services["reports"]
    assert not service.allow_loopback
    assert service.credential is None
    assert service.errors == "problem"
    assert service.hosts == service.request_headers == service.response_headers == ()
    assert service.ca_file is None
    assert (service.max_body_bytes, service.timeout_s) == (1_048_576, 30)


@pytest.mark.parametrize(
    ("upstream", "words"),
    [
        ("ftp://x", "must be http://"),
        ("x.example", "must be http://"),
        ("http://", "must be http://"),
        ("http://x:0", "must be http://"),
        ("http://x:99999", "is not a URL"),
        ("http://[::1", "is not a URL"),
        (f"http://user:{CANARY}@x", "must not hold a user or password"),
        ("http://x/?a=b", "query or a fragment"),
        ("http://x/#a", "query or a fragment"),
        ("http://x/../y", "plain segments"),
        ("http://x//y", "plain segments"),
        ("http://x/%2e", "plain segments"),
        ("http://127.1", "in its usual spelling"),
        ("http://0x7f.1", "in its usual spelling"),
        ("http://2130706433", "in its usual spelling"),
        ("http://0177.0.0.1", "in its usual spelling"),
        ("http://127.0.0.1.", "in its usual spelling"),
        ("http://127.0.0.%31", "in its usual spelling"),
        ("http://１２７.0.0.1", "in its usual spelling"),  # noqa: RUF001 - full-width digits are the point
    ],
)
def test_upstream_is_an_address_and_nothing_else(tmp_path: Path, upstream: str, words: str) -> None:
    """An upstream with user, query, fragment, odd path, no host or an oddly spelled one is refused where it stands.

    Without the check of hosts `127.1` and `2130706433` were taken, and dialled as loopback.
    """
    error = error_of(tmp_path, services=SERVICES.replace("http://127.0.0.1:8401", f'"{upstream}"'))
    assert words in error.message
    assert "canary" not in error.message
    assert (error.line, error.column) == (3, 15)


@pytest.mark.parametrize(
    "host", ["my_service", "1password.example", "localhost", "[::1]", "127.0.0.1", "a.example."]
)
def test_names_and_plain_addresses_are_upstreams(tmp_path: Path, host: str) -> None:
    """What only looks a little like a number is a name, and an address in its usual spelling is an address."""
    text = SERVICES.replace("http://127.0.0.1:8401", f"http://{host}:8401")
    assert load(tmp_path, services=text).catalogue.services["reports"].upstream.host == host.strip("[]")


@pytest.mark.parametrize(
    ("line", "column", "words"),
    [
        ("upstraem: x", 5, "unknown key 'upstraem'; did you mean 'upstream'?"),
        ("allow_loopback: 1", 21, "must be true or false, not 1"),
        ("errors: html", 13, "'html' must be one of"),
        ("credential: Key", 17, "must match"),
        ("hosts: [API.github.com]", 13, "in small letters"),
        ("hosts: [a.example, a.example]", 24, "stands here twice"),
        ("request_headers: [authorization]", 22, "the gateway's own business"),
        ("request_headers: [x-forwarded-for]", 22, "the gateway's own business"),
        ("request_headers: [connection]", 22, "the gateway's own business"),
        ("request_headers: [X-Id]", 22, "in small letters"),
        ("request_headers: [x_id]", 22, "without underscores"),
        ("request_headers: [a, a]", 22, "stands here twice"),
        ("response_headers: [set-cookie]", 23, "the gateway's own business"),
        ("ca_file: ca.pem", 14, "must be an absolute path"),
        ("limits: {timeout_s: 0}", 25, "greater than or equal to 1"),
        ("limits: {max_body_bytes: 1.5}", 30, "must be a whole number, not 1.5"),
        ("limits: []", 13, "must be a mapping"),
    ],
)
def test_refuses_in_a_service(tmp_path: Path, line: str, column: int, words: str) -> None:
    """A key of a service that is unknown, ill-typed or unsafe is refused with its place."""
    error = error_of(tmp_path, services=_with(line))
    assert words in error.message
    assert (error.line, error.column) == (4, column)


@pytest.mark.parametrize(
    ("route", "words"),
    [
        ("{method: GET, path: /x}", "the key 'action' is missing"),
        ("{method: CONNECT, path: /x, action: read}", "'CONNECT' must be one of"),
        ("{method: get, path: /x, action: read}", "'get' must be one of"),
        ("{method: GET, path: x, action: read}", "must begin with /"),
        ("{method: GET, path: /x//y, action: read}", "an empty segment"),
        ("{method: GET, path: /x/.., action: read}", "none that the gateway would forward"),
        ("{method: GET, path: /x%2Fy, action: read}", "none that the gateway would forward"),
        ("{method: GET, path: '/x y', action: read}", "none that the gateway would forward"),
        ("{method: GET, path: '/x?y', action: read}", "none that the gateway would forward"),
        ("{method: GET, path: '/x-{id}', action: read}", "a parameter is a whole segment"),
        ("{method: GET, path: '/{a}/{a}', action: read}", "names a parameter twice"),
        ("{method: GET, path: '/{a}', action: read, params: {b: {}}}", "has no parameter 'b'"),
        ("{method: GET, path: '/{a}', action: read, params: {a: {slash: true}}}", "unknown key 'slash'"),
        ("{method: GET, path: /x, action: read, irreversible: 'true'}", "must be true or false"),
    ],
)
def test_refuses_in_a_route(tmp_path: Path, route: str, words: str) -> None:
    """A route that is incomplete, or whose path could never be forwarded, is refused on its line."""
    error = error_of(tmp_path, services=_route(route))
    assert words in error.message
    assert error.line == 7


@pytest.mark.parametrize(
    ("path", "example"),
    [("/{other}", "/ping"), ("/reports/{other}", "/reports/x"), ("/{any}/7", "/reports/7")],
)
def test_a_path_that_two_routes_match_is_refused(tmp_path: Path, path: str, example: str) -> None:
    """Overlapping routes are refused unless one is more specific; both are named, with a path as proof."""
    services = _route(f"{{method: DELETE, path: '{path}', action: read}}")
    if path == "/{other}":
        services = services.replace("method: DELETE, path: '/{other}'", "method: GET, path: /ping")
    error = error_of(tmp_path, services=services)
    assert "'extra'" in error.message
    assert "'erase'" in error.message or "'ping'" in error.message
    assert f" {example};" in error.message


def test_a_more_specific_route_is_fine(tmp_path: Path) -> None:
    """A route that is literal wherever two differ is no ambiguity, nor is another method."""
    load(tmp_path, services=_route("{method: DELETE, path: /reports/all, action: erase}"))
    load(tmp_path, services=_route("{method: PUT, path: '/reports/{other}', action: erase}"))


def test_a_host_belongs_to_one_service(tmp_path: Path) -> None:
    """A host name that two services claim is refused at the second."""
    services = _with("hosts: [a.example]").replace(
        "    credential: series-key", "    hosts: [a.example]\n    credential: series-key"
    )
    assert "belongs to the service 'reports' already" in error_of(tmp_path, services=services).message


def test_names_are_plain_words(tmp_path: Path) -> None:
    """A service name that could not stand in a path is refused at its key."""
    error = error_of(tmp_path, services=SERVICES.replace("  series:\n", "  Se/ries:\n"))
    assert "the name 'Se/ries' must match" in error.message
    assert (error.line, error.column) == (8, 3)


def test_all_errors_of_a_file_are_found_together(tmp_path: Path) -> None:
    """Loading names everything that is wrong, not only the first."""
    services = _route("{method: GET, path: x, action: read}").replace("timeout_s: 5", "timeout_s: no")
    lines = [error.line for error in errors_of(tmp_path, services=services.replace(": no", ": five"))]
    assert lines == [7, 12]


@pytest.mark.parametrize(
    ("classes", "line", "words"),
    [
        ("[bodies, points, bodeis]", 1, "unknown data class 'bodeis'"),
        ("[bodies, bodies]", 1, "stands here twice"),
        ("bodies", 1, "must be a list"),
    ],
)
def test_a_sensitive_class_is_one_that_some_route_names(
    tmp_path: Path, classes: str, line: int, words: str
) -> None:
    """A misspelt one would protect nothing and look as if it did: it does not load, and its line is named."""
    found = error_of(tmp_path, services=f"sensitive: {classes}\n{SERVICES.lstrip()}")
    assert (found.line, words in found.message) == (line, True), found


def test_sensitive_classes_are_a_table(tmp_path: Path) -> None:
    """None as shipped; those that are marked reach policy and the catalogue."""
    assert load(tmp_path).compiled["sensitive"] == {}
    configuration = load(tmp_path, services=f"sensitive: [points, bodies]\n{SERVICES.lstrip()}")
    assert configuration.compiled["sensitive"] == {"bodies": True, "points": True}
    assert configuration.catalogue.sensitive == {"bodies", "points"}
