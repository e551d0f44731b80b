"""What `doorless validate` does: read the document, have it validated, print what was found out.

Without a home the schema alone is checked, here. With one the home's checks do it, and ask the jury that policy wants.
"""

import asyncio
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import msgspec

from checks.outputs import MAX_BYTES, OutputSchemas, Said
from checks.validate import validate_agent_output
from checks.validate_api import results_of
from doorless.child import printable
from doorless.chosen_home import choose_home
from doorless.home import Home
from doorless.problem import ExitCode, Problem

_WITHIN_S = 900.0
"""A jury argues; its own budget ends it sooner."""
_FINE = frozenset({"passed", "absent"})


@dataclass(frozen=True, slots=True)
class Wanted:
    """The command line as it was given."""

    file: Path
    type: str
    as_json: bool
    home: Path | None


def validate_output(wanted: Wanted) -> int:
    """Validate, print, and return the exit code. Raises `Problem`."""
    document = _read(wanted.file)
    home = choose_home(wanted.home) if wanted.home or "DOORLESS_HOME" in os.environ else None
    found = _by_home(document, wanted.type, home) if home else _by_schema(document, wanted.type)
    if wanted.as_json:
        sys.stdout.write(msgspec.json.encode(found).decode() + "\n")
    else:
        sys.stdout.write(_text(found))
    stands = all(each["state"] in _FINE for each in found["results"])
    return ExitCode.OK if stands else ExitCode.FAILED


def _read(file: Path) -> bytes:
    try:
        with sys.stdin.buffer if str(file) == "-" else file.open("rb") as source:
            return source.read(MAX_BYTES + 1)
    except OSError as error:
        raise Problem(
            f"{file} cannot be read.", f"{error.strerror}.", "Name a file that holds one JSON document."
        ) from None


def _by_schema(document: bytes, type_: str) -> dict[str, Any]:
    found = asyncio.run(validate_agent_output(document, Said(type_), OutputSchemas()))
    return {"type": found.type, "digest": found.digest, "results": results_of(found)}


def _by_home(document: bytes, type_: str, home: Home) -> dict[str, Any]:
    try:
        body = document.decode()
    except UnicodeDecodeError:
        return _by_schema(document, type_)  # it fails there, and says why
    transport = httpx.HTTPTransport(uds=str(home.checks_socket), verify=False)
    try:
        with httpx.Client(transport=transport, timeout=_WITHIN_S, trust_env=False) as client:
            answer = client.post("http://checks/validate", json={"type": type_, "body": body})
        found = msgspec.json.decode(answer.content, type=dict[str, Any])
    except (httpx.HTTPError, msgspec.DecodeError) as error:
        raise Problem(
            "The document was not validated.",
            f"The checks of this home gave no answer ({type(error).__name__}).",
            "Is `doorless up` running on this home? Without --home the schema alone is checked.",
            ExitCode.NOT_RUNNING,
        ) from None
    if not answer.is_success:
        raise Problem("The document was not validated.", str(found["message"]), str(found["remedy"]))
    return found


def _text(found: dict[str, Any]) -> str:
    lines = [f"{found['type']}  sha256 {found['digest']}"]
    for each in found["results"]:
        lines.append(
            f"{each['kind']}: {each['state']}" + (f"  {each['message']}" if each.get("message") else "")
        )
        lines += [
            f"  {error['pointer'] or '(the document)'}: {error['message']} {error['remedy']}"
            for error in each.get("errors", ())
        ]
    return "".join(printable(line) + "\n" for line in lines)
