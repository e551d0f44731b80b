"""Tests of finding the route of a call."""

from pathlib import Path

import pytest
from hypothesis import given, strategies as st

from decision.catalogue import (
    Catalogue,
    Matched,
    MethodNotAllowed,
    NoRoute,
    NoService,
    Upstream,
    build_catalogue,
)
from decision.services import ServicesFile
from tests.decision.configuration import load

_PATHS = {
    "root": "/",
    "all": "/items",
    "slash": "/items/",
    "one": "/items/{id}",
    "best": "/items/best",
    "part": "/items/{id}/part",
    "best-any": "/items/best/{part}",
    "best-part": "/items/best/part",
    "ref": "/refs/{ref}",
    "plain": "/names/{name}",
}


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    routes = {name: {"method": "GET", "path": path, "action": "read"} for name, path in _PATHS.items()}
    routes["ref"]["params"] = {"ref": {"encoded_slash": True}}  # type: ignore[assignment]
    for name, path in {
        "tree": "/trees/{path*}",
        "best-tree": "/trees/best/{path*}",
        "leaf": "/trees/{a}/leaf",
    }.items():
        routes[name] = {"method": "GET", "path": path, "action": "read"}
    routes["drop"] = {"method": "DELETE", "path": "/items/{key}", "action": "drop"}
    text = {"services": {"shop": {"upstream": "http://shop.example/v1/", "routes": routes}}}
    return build_catalogue(ServicesFile.model_validate(text, strict=False))


@pytest.mark.parametrize(
    ("path", "route", "params"),
    [
        ("/", "root", {}),
        ("/items", "all", {}),
        ("/items/", "slash", {}),
        ("/items/7", "one", {"id": "7"}),
        ("/items/best", "best", {}),
        ("/items/worst/part", "part", {"id": "worst"}),
        ("/items/best/other", "best-any", {"part": "other"}),
        ("/items/best/part", "best-part", {}),
        ("/items/a%20b", "one", {"id": "a b"}),
        ("/items/%C3%A4", "one", {"id": "ä"}),
        ("/refs/heads%2Fagent%2Fx", "ref", {"ref": "heads/agent/x"}),
        ("/trees/a/b/c", "tree", {"path": "a/b/c"}),
        ("/trees/a%2Fb/c%20d", "tree", {"path": "a/b/c d"}),
        ("/trees/best/a/b", "best-tree", {"path": "a/b"}),
        ("/trees/other/leaf", "leaf", {"a": "other"}),
        ("/trees/other/leaf/more", "tree", {"path": "other/leaf/more"}),
    ],
)
def test_matches_the_most_specific_route(
    catalogue: Catalogue, path: str, route: str, params: dict[str, str]
) -> None:
    """A path finds the most specific route it matches, and its parameters decoded once."""
    match = catalogue.match("shop", "GET", tuple(path[1:].split("/")))
    assert isinstance(match, Matched)
    assert (match.route.id, match.params) == (route, params)


def test_goes_back_from_a_literal_that_leads_nowhere() -> None:
    """A literal that fits does not hide the parameter route that fits the whole path."""
    routes = {
        "a": {"method": "GET", "path": "/x/{p}/end", "action": "read"},
        "b": {"method": "GET", "path": "/x/y/other", "action": "read"},
    }
    text = {"services": {"s": {"upstream": "http://s", "routes": routes}}}
    match = build_catalogue(ServicesFile.model_validate(text, strict=False)).match(
        "s", "GET", ("x", "y", "end")
    )
    assert isinstance(match, Matched)
    assert (match.route.id, match.params) == ("a", {"p": "y"})


@pytest.mark.parametrize(
    "path",
    [
        "/item",
        "/items/7/8",
        "/items//part",
        "/Items",
        "/names/a%2Fb",
        "/names/%FF",
        "/refs/heads%2F..%2Fx",
        "/refs/%2Fx",
        "/refs/x%2F",
        "/refs/a%2F%2E",
        "/trees",
        "/trees/",
        "/trees/a/",
        "/trees/a//b",
        "/trees/a%2F..%2Fb",
    ],
)
def test_no_route(catalogue: Catalogue, path: str) -> None:
    """A path that no template matches exactly, or that would decode to several segments, is no route."""
    assert catalogue.match("shop", "GET", tuple(path[1:].split("/"))) == NoRoute()


def test_says_which_methods_a_path_has(catalogue: Catalogue) -> None:
    """A path with other methods names them; a method nobody declared is treated alike."""
    assert catalogue.match("shop", "POST", ("items", "7")) == MethodNotAllowed(("DELETE", "GET"))
    assert catalogue.match("shop", "DELETE", ("items",)) == MethodNotAllowed(("GET",))


def test_no_service(catalogue: Catalogue) -> None:
    """A service that nobody declared does not exist."""
    assert catalogue.match("shops", "GET", ("items",)) == NoService()


def test_upstream_is_taken_apart(tmp_path: Path, catalogue: Catalogue) -> None:
    """The address of a service comes with its port, and its base path without a slash at the end."""
    assert catalogue.services["shop"].upstream == Upstream("http", "shop.example", 80, "/v1")
    series = load(tmp_path).catalogue.services["series"].upstream
    assert series == Upstream("https", "series.example", 443, "/api")


def test_scope_words(tmp_path: Path) -> None:
    """A scope word is action and data, or the action alone."""
    routes = load(tmp_path).catalogue.services["reports"].routes
    assert [route.scope_word for route in routes] == ["read:bodies", "erase:bodies", "ping"]


@given(path=st.lists(st.sampled_from(["items", "best", "part", "refs", "", "a"]), min_size=1, max_size=4))
def test_agrees_with_trying_every_template(path: list[str]) -> None:
    """The tree finds a route exactly where some template matches, and it is the one with most literals."""
    routes = {name: {"method": "GET", "path": text, "action": "read"} for name, text in _PATHS.items()}
    text = {"services": {"shop": {"upstream": "http://s", "routes": routes}}}
    match = build_catalogue(ServicesFile.model_validate(text, strict=False)).match("shop", "GET", path)
    fitting = [
        name
        for name, template in _PATHS.items()
        if len(parts := template[1:].split("/")) == len(path)
        and all(bool(had) if part[:1] == "{" else part == had for part, had in zip(parts, path, strict=True))
    ]
    if not fitting:
        assert match == NoRoute()
        return
    assert isinstance(match, Matched)
    assert match.route.id == min(fitting, key=lambda name: _PATHS[name].count("{"))
