"""A result as JSON for programs: the document of `CheckResult`, nothing left out; pure."""

import msgspec

from checks.result import CheckResult


def render(result: CheckResult) -> str:
    """The document, indented, with a newline at its end."""
    return msgspec.json.format(msgspec.json.encode(result), indent=2).decode() + "\n"
