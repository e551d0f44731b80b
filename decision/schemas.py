"""Writes the JSON Schemas in `decision/schemas/` from our types: `python -m decision.schemas [FOLDER]`.

The types are the truth. The schemas are what `opa check`, editors and other languages read, so they are
flat: no references, and nothing OPA's type checker would silently take for "anything".
"""

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
from pydantic.json_schema import GenerateJsonSchema

from decision.approvals import ApprovalsFile
from decision.compiled import Tables
from decision.document import Document, Obligation
from decision.jury import JuryQuestion
from decision.protected import ProtectedFile
from decision.question import ChangeQuestion, RequestQuestion, TokenQuestion
from decision.roles import RolesFile
from decision.services import ServicesFile

FOLDER = Path(__file__).parent / "schemas"

_DIALECT = GenerateJsonSchema.schema_dialect


def schemas() -> dict[str, dict[str, Any]]:
    """Every schema by its name, which is its file name without `.json`."""
    return {
        "input.request": _of_struct(RequestQuestion),
        "input.token": _of_struct(TokenQuestion),
        "input.change": _of_struct(ChangeQuestion),
        "input.jury": _of_struct(JuryQuestion),
        "decision": _decision(),
        "compiled": _of_struct(Tables),
        "roles": _flat(RolesFile.model_json_schema()),
        "services": _flat(ServicesFile.model_json_schema()),
        "approvals": _flat(ApprovalsFile.model_json_schema()),
        "protected": _flat(ProtectedFile.model_json_schema()),
    }


def encode(schema: Mapping[str, Any]) -> str:
    """The text of a schema file."""
    return json.dumps({"$schema": _DIALECT, **schema}, indent=2) + "\n"


def _of_struct(kind: type[msgspec.Struct]) -> dict[str, Any]:
    return _flat(msgspec.json.schema(kind))


def _decision() -> dict[str, Any]:
    # The reader keeps each obligation raw, to tell an unknown kind from a broken one; a writer must not.
    schema = _of_struct(Document)
    schema["properties"]["obligations"]["items"] = _flat(msgspec.json.schema(Obligation))
    return schema


def _flat(schema: Mapping[str, Any]) -> dict[str, Any]:
    """The schema with every reference replaced by what it refers to."""
    definitions = schema.get("$defs", {})

    def flat(node: Any) -> Any:
        if isinstance(node, list):
            return [flat(one) for one in node]
        if not isinstance(node, dict):
            return node
        if "$ref" in node:
            return flat(definitions[node["$ref"].rsplit("/", 1)[1]])
        plain = {key: flat(value) for key, value in node.items() if key not in {"$defs", "discriminator"}}
        if "enum" in plain and "type" not in plain:
            plain["type"] = "string"
        return plain

    flattened: dict[str, Any] = flat(dict(schema))
    return flattened


def main(arguments: list[str]) -> None:
    """Write all schema files into the folder that is named, or into ours."""
    folder = Path(arguments[0]) if arguments else FOLDER
    for name, schema in schemas().items():
        (folder / f"{name}.json").write_text(encode(schema))


if __name__ == "__main__":
    main(sys.argv[1:])
