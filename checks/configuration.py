"""What a repository asks of its own checks: `.doorless/checks.yaml`, always as its base has it; pure.

A change cannot choose how it is judged, so nobody reads this file from the head of a change. A file that is
missing asks for nothing; one that is wrong asks for an answer: errors come with line and column.
"""

from typing import Annotated

from pydantic import AfterValidator, Field

from decision.validation import Strict, validate
from decision.yaml_source import ConfigError, ConfigErrors, read_yaml

CONFIGURATION_PATH = ".doorless/checks.yaml"
REPORT = "{report}"
"""Stands in the test command for the path at which its JUnit XML report is awaited."""


def _check_folder(folder: str) -> str:
    parts = folder.split("/")
    if folder.startswith("/") or not folder.isprintable() or {"", ".", "..", ".git"} & set(parts):
        raise ValueError(f"{folder!r} must be a folder of the repository, like .doorless/rules")
    return folder


def _check_command(command: tuple[str, ...]) -> tuple[str, ...]:
    if not any(REPORT in word for word in command):
        raise ValueError(f"no word holds {REPORT}: the command must say where it writes its JUnit XML report")
    if not command[0] or any("\0" in word for word in command):
        raise ValueError("the first word must name a program")
    return command


class SuiteEntry(Strict):
    """How this repository's tests are run: in a sandbox, without a network, from a copy of the whole tree."""

    command: Annotated[tuple[str, ...], Field(min_length=1), AfterValidator(_check_command)]
    seconds: Annotated[int, Field(ge=1, le=3600)] = 300
    memory_mb: Annotated[int, Field(ge=64, le=65_536)] = 2048
    """Of each process."""


class SemgrepEntry(Strict):
    """Rules of the repository's own, beside those that ship."""

    rules: Annotated[str, Field(min_length=1), AfterValidator(_check_folder)]


class ChecksFile(Strict):
    """The whole of `.doorless/checks.yaml`; what is left out is not configured."""

    tests: SuiteEntry | None = None
    semgrep: SemgrepEntry | None = None


def read_configuration(content: bytes | None) -> ChecksFile:
    """The configuration in the bytes of the file at base; `None` where base has none. Raises `ConfigErrors`."""
    if content is None:
        return ChecksFile()
    try:
        text = content.decode()
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise ConfigErrors((ConfigError(CONFIGURATION_PATH, line, 1, "not UTF-8 text"),)) from None
    document = read_yaml(CONFIGURATION_PATH, text)
    return ChecksFile() if document.value is None else validate(document, ChecksFile)
