"""What agents produce, on the routes that ship: nothing of it takes effect without its validation."""

from pathlib import Path

from checks.outputs import OutputSchemas
from decision.catalogue import Route
from decision.config import load_policies

POLICIES = Path(__file__).resolve().parents[2] / "policies"
WITHOUT_EFFECT = {"read", "infer"}
"""Actions that change nothing at the service: asking, and asking a model."""
BODILESS = {"DELETE"}


def test_every_shipped_route_that_changes_something_names_the_type_of_what_it_takes() -> None:
    """A route without an output forwards any body; one whose type has no schema forwards none."""
    catalogue = load_policies(POLICIES).catalogue
    routes: dict[str, Route] = {
        f"{service.name}/{route.id}": route
        for service in catalogue.services.values()
        for route in service.routes
        if route.action not in WITHOUT_EFFECT and route.method not in BODILESS and not route.git
    }
    assert len(routes) >= 5
    assert {name for name, route in routes.items() if not route.output} == set()
    assert {route.output for route in routes.values()} <= set(OutputSchemas().types)


def test_what_is_deleted_waits_for_a_person() -> None:
    """A call without a body has nothing to validate, so it is marked as what cannot be undone."""
    catalogue = load_policies(POLICIES).catalogue
    bodiless = [
        route
        for service in catalogue.services.values()
        for route in service.routes
        if route.method in BODILESS
    ]
    assert bodiless
    assert all(route.irreversible for route in bodiless)
