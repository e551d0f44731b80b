"""Tests of the generated schemas."""

import json
from pathlib import Path
from typing import Any

import jsonschema
import msgspec
import pytest
import yaml

from decision import schemas
from tests.decision.configuration import ROLES, SERVICES


def test_the_files_are_current() -> None:
    """Every schema file is exactly what the types give; `python -m decision.schemas` writes them."""
    written = {path.name: path.read_text() for path in schemas.FOLDER.iterdir()}
    assert written == {f"{name}.json": schemas.encode(schema) for name, schema in schemas.schemas().items()}


def test_main_writes_them(tmp_path: Path) -> None:
    """The command writes every schema into the folder it is given."""
    schemas.main([str(tmp_path)])
    assert {path.stem for path in tmp_path.iterdir()} == set(schemas.schemas())


@pytest.mark.parametrize("name", sorted(schemas.schemas()))
def test_no_schema_refers_to_anything(name: str) -> None:
    """The schemas are flat and valid, so that every reader of them sees the whole."""
    schema = schemas.schemas()[name]
    assert "$ref" not in json.dumps(schema)
    jsonschema.Draft202012Validator.check_schema(schema)


def _document(**changes: Any) -> dict[str, Any]:
    obligation = {"id": "o", "type": "max_body_bytes", "properties": {"limit": 1}}
    document = {"version": "1", "allow": True, "reasons": [], "obligations": [obligation], "hold": None}
    return {**document, "cacheable_s": 0, **changes}


@pytest.mark.parametrize(
    ("name", "value", "valid"),
    [
        ("roles", yaml.safe_load(ROLES), True),
        ("roles", {"roles": {"reader": {"services": ["x"]}}}, False),
        ("services", yaml.safe_load(SERVICES), True),
        ("services", {"services": {"x": {"upstream": "http://x", "routes": {}}}}, False),
        ("decision", _document(), True),
        ("decision", _document(allow="true"), False),
        ("decision", _document(obligations=[{"id": "o", "type": "dance", "properties": {}}]), False),
        ("decision", _document(extra=1), False),
    ],
)
def test_schemas_say_what_the_types_say(name: str, value: object, valid: bool) -> None:
    """Editors that use the schemas see the same files and documents as good or bad as we do."""
    validator = jsonschema.Draft202012Validator(schemas.schemas()[name])
    assert validator.is_valid(msgspec.to_builtins(value)) == valid
