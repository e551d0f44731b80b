"""Rego as OPA itself reads it: the syntax tree of exactly these bytes. Nothing of it is evaluated."""

import json
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from decision.opa_binary import OpaNotFoundError, find_opa

TIME_LIMIT_S = 10


def parsed(text: bytes, environment: Mapping[str, str]) -> dict[str, Any] | None:
    """The module that `opa parse` makes of the text; `None` where it makes none, or there is no OPA."""
    try:
        opa = find_opa(environment)
        with tempfile.TemporaryDirectory(prefix="doorless-checks-") as made:
            file = Path(made, "module.rego")
            file.write_bytes(text)
            told = subprocess.run(
                [str(opa), "parse", "--format", "json", str(file)],
                cwd=made,
                env={},
                capture_output=True,
                timeout=TIME_LIMIT_S,
                check=True,
            )
        module = json.loads(told.stdout)
    except (OpaNotFoundError, OSError, subprocess.SubprocessError, ValueError, RecursionError):
        return None
    return module if isinstance(module, dict) else None
