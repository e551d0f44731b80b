"""docs/command-line.md names every command, every option and every exit code that there is, and no other command."""

import re
import subprocess
import sys
from typing import Any

import typer

from doorless.command_list import app
from doorless.problem import ExitCode
from tests.doorless.conftest import ROOT

PAGE = (ROOT / "docs" / "command-line.md").read_text(encoding="utf-8")
SHARED = {"--home", "--help", "-h", "-f", "-n"}


def commands() -> dict[str, set[str]]:
    """Every command by its full name, and its options."""
    found: dict[str, set[str]] = {}

    def walk(prefix: str, command: Any) -> None:
        if hasattr(command, "commands"):
            for name, inner in command.commands.items():
                walk(f"{prefix} {name}", inner)
        else:
            found[prefix] = {each for one in command.params for each in one.opts if each.startswith("-")}

    walk("doorless", typer.main.get_command(app))
    said = subprocess.run(
        [sys.executable, "-m", "doorless", "run", "--help"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return found | {"doorless run": set(re.findall(r"^ +(--[a-z-]+)", said.stdout, re.MULTILINE))}


def section_of(command: str) -> str:
    """The part of the page below the command's heading."""
    heading = re.search(rf"^### `{command}(?: [^`]*)?`$", PAGE, re.MULTILINE)
    assert heading, f"docs/command-line.md has no heading for {command}"
    return PAGE[heading.start() :].split("\n### ", 1)[0]


def test_every_command_has_its_section_with_every_option() -> None:
    """A command or option that `--help` shows and the page does not name fails here."""
    for command, options in commands().items():
        section = section_of(command)
        above = section_of("doorless policy check") if command == "doorless policy test" else ""
        for option in options - SHARED:
            assert option in section + above, f"{command} {option}"


def test_the_page_names_no_command_that_is_not_there() -> None:
    """A heading without a command fails here."""
    headings = re.findall(r"^### `(doorless(?: [a-z][a-z-]*)+)", PAGE, re.MULTILINE)
    assert sorted(headings) == sorted(commands())


def test_the_page_names_every_exit_code() -> None:
    """Each code of the table in `problem` stands in a table of the page."""
    for code in ExitCode:
        assert re.search(rf"^\| {int(code)} \|", PAGE, re.MULTILINE), code
