"""Tests of the lookup tables."""

from pathlib import Path

import msgspec

from decision.compiled import Tables
from tests.decision.configuration import ROLES, error_of, load


def test_grants_are_the_words_that_exist(tmp_path: Path) -> None:
    """A role is granted services times actions times data, as far as routes of the service have them."""
    grants = load(tmp_path).compiled["grants"]
    assert grants == {"reader": {"reports": {"ping": True, "read:bodies": True}, "series": {}}}


def test_services_and_routes(tmp_path: Path) -> None:
    """Each route says what it is, and each service what a call to it takes."""
    compiled = load(tmp_path).compiled
    assert compiled["routes"]["reports"]["erase"] == {
        "action": "erase",
        "data": "bodies",
        "method": "DELETE",
        "irreversible": True,
        "word": "erase:bodies",
        "credential": "",
        "people_credential": "",
        "output": "",
    }
    assert compiled["routes"]["series"]["list"]["credential"] == "series-key"
    assert compiled["services"]["series"] == {"max_body_bytes": 100, "timeout_ms": 5000}


def test_roles_hold_only_the_limits_that_are_set(tmp_path: Path) -> None:
    """A limit that a role does not set is absent, so that a rule finds it undefined."""
    assert load(tmp_path).compiled["roles"] == {
        "reader": {
            "max_requests_per_min": 30,
            "max_body_bytes": 200,
            "agent": True,
            "actions": {"read": True, "ping": True},
            "special_files": {},
            "forbidden": {},
        }
    }


def test_denials_in_a_row_are_a_limit_of_the_role(tmp_path: Path) -> None:
    """Set, it is in the role's table as it was written; it is a number from one on."""
    text = ROLES.replace("max_requests_per_min: 30", "max_requests_per_min: 30, hold_after_denials: 5")
    assert text != ROLES
    assert load(tmp_path, roles=text).compiled["roles"]["reader"]["hold_after_denials"] == 5
    wrong = text.replace("hold_after_denials: 5", "hold_after_denials: 0")
    assert "greater than or equal to 1" in error_of(tmp_path, roles=wrong).message


def test_the_smaller_body_limit_counts(tmp_path: Path) -> None:
    """The body limit of role and service is the smaller one, and the service's where the role has none."""
    limits = load(tmp_path).compiled["body_limits"]["reader"]
    assert limits == {"reports": {"list": 200, "erase": 200, "ping": 200}, "series": {"list": 100}}
    compiled = load(tmp_path, roles=ROLES.replace(", max_body_bytes: 200", "")).compiled
    assert compiled["body_limits"]["reader"]["reports"]["ping"] == 1_048_576
    assert compiled["body_limits"]["reader"]["series"]["list"] == 100


def test_tables_are_of_the_declared_type(tmp_path: Path) -> None:
    """What is compiled fits the type that the schema for Rego is generated from."""
    msgspec.convert(load(tmp_path).compiled, Tables, strict=True)


def test_the_same_files_give_the_same_bytes(tmp_path: Path) -> None:
    """Compiling twice gives equal bytes, so that a revision follows from the content."""
    assert msgspec.json.encode(load(tmp_path).compiled) == msgspec.json.encode(load(tmp_path).compiled)
